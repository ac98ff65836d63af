package compiler

import (
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// renderHooks renders the hooks of a node; one that renders to nothing is left out.
func (p *Plan) renderHooks(how pass, scope template.Scope, node *project.Node, key string) ([]project.RenderedHook, error) {
	var out []project.RenderedHook
	for _, hook := range node.Config.Hooks(key) {
		place := hook.Place
		if place.IsZero() {
			place = node.Place
		}
		t, err := p.templates.parse(hook.SQL)
		if err != nil {
			return nil, at(err, place)
		}
		rendered, err := t.Render(how.thread(), scope)
		if err != nil {
			return nil, at(err, place)
		}
		if strings.TrimSpace(rendered.Text) != "" {
			out = append(out, project.RenderedHook{SQL: rendered.Text, Transaction: hook.Transaction, Place: place})
		}
	}
	return out, nil
}

// hookReferences renders the hooks of a node in the parse pass, for what they read.
func (p *parser) hookReferences(how pass, scope template.Scope, node *project.Node) {
	for _, key := range []string{"pre_hook", "post_hook"} {
		if _, err := p.plan.renderHooks(how, scope, node, key); err != nil {
			p.reportAll(err, node)
		}
	}
}

// snapshotBlocks makes a node of each snapshot block of a file.
func (p *parser) addSnapshots(file project.File) {
	t, err := template.Parse(file.Source)
	if err != nil {
		p.reportAll(err, nil)
		return
	}
	for _, block := range t.Blocks() {
		if block.Kind != "snapshot" {
			continue
		}
		named := file
		named.Name = block.Name
		node := p.fileNode(named, project.Snapshot)
		node.Template, node.Block = t, block
		node.RawCode = file.Source.Text[block.Body.Start:block.Body.End]
		node.Place = diag.Place{Source: file.Source, Span: block.Place.Span}
		p.add(node)
	}
}
