package compiler

import (
	"path"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// addSnapshots makes a node of each snapshot block of a file.
func (p *parser) addSnapshots(proj *project.Project, file project.File) {
	t, err := template.Parse(file.Source)
	if err != nil {
		p.lost.snapshotsOf(file.Source.Text)
		p.reportAll(err, nil)
		return
	}
	for _, block := range t.Blocks() {
		if block.Kind != "snapshot" {
			continue
		}
		named := file
		named.Name = block.Name
		node := p.fileNode(proj, named, project.Snapshot, proj.Patches.Find(project.Snapshot, block.Name))
		node.FQN = proj.FQN(strings.TrimSuffix(file.Path, path.Ext(file.Path))+"/"+block.Name, block.Name)
		node.Template, node.Block = t, block
		node.RawCode = block.RawBody()
		node.Place = diag.Place{Source: file.Source, Span: block.Place.Span}
		p.add(node)
	}
}

// addYAMLSnapshots makes a node of each snapshot that a property file says whole, by
// the relation it takes pictures of.
func (p *parser) addYAMLSnapshots(proj *project.Project) {
	for _, patch := range proj.Patches.Resources {
		relation, ok := patch.Raw["relation"]
		if !ok || patch.Type != project.Snapshot {
			continue
		}
		text, _ := relation.Value.(string)
		if _, _, ok := project.ParseReference(project.Located{Text: text}); !ok {
			p.report(diag.New(diag.WrongType, relation.Place, "%q is no reference", text).
				WithHint("write relation: ref('orders') or relation: source('shop', 'orders')"))
			p.lost.files[patch.Name] = true
			continue
		}
		below := patch.Path
		for _, root := range proj.ModelPaths {
			below = strings.TrimPrefix(below, root+"/")
		}
		for _, root := range proj.SnapshotPaths {
			below = strings.TrimPrefix(below, root+"/")
		}
		raw := "select * from {{ " + text + " }}"
		node := &project.Node{
			UniqueID: "snapshot." + proj.Name + "." + patch.Name,
			Type:     project.Snapshot, Name: patch.Name, Package: proj.Name,
			Path: patch.Name + ".sql", OriginalPath: patch.Path,
			FQN:    proj.FQN(below, patch.Name),
			Source: diag.NewSource("", raw), RawCode: raw, Place: relation.Place,
		}
		patch.Apply(node)
		p.add(node)
	}
}
