package compiler

import (
	"elt/compiler/project"
	"elt/compiler/template"
)

// docs are the {% docs %} blocks of the project, by name.
type docs map[string]*template.Block

// find returns the text of a block; pkg is not looked at while a project has no
// packages of its own.
func (d docs) find(_, name string) (string, bool) {
	block, ok := d[name]
	if !ok {
		return "", false
	}
	return block.RawBody(), true
}

// readDocs makes the docs blocks of all .md files known.
func (p *parser) readDocs() {
	p.docs = docs{}
	for _, file := range p.plan.Project.FilesOf(project.DocsFile) {
		t, err := template.Parse(file.Source)
		if err != nil {
			p.reportAll(err, nil)
			continue
		}
		for _, block := range t.Blocks() {
			if block.Kind == "docs" {
				p.docs[block.Name] = block
			}
		}
	}
}
