package compiler

import (
	"elt/compiler/diag"
	"elt/compiler/project"
)

// foreignKeys are the foreign keys of a model that name another node, those of the whole
// table first, as in dbt.
func foreignKeys(node *project.Node) []*project.Constraint {
	var out []*project.Constraint
	add := func(list []project.Constraint) {
		for i := range list {
			if list[i].Type == "foreign_key" && list[i].To != "" {
				out = append(out, &list[i])
			}
		}
	}
	add(node.Constraints)
	for _, column := range node.Columns {
		add(column.Constraints)
	}
	return out
}

// keyReferences makes what the foreign keys of a model point to references of the model: it is
// built before it.
func (p *parser) keyReferences(node *project.Node) {
	if node.Type != project.Model {
		return
	}
	for _, key := range foreignKeys(node) {
		ref, source, ok := project.ParseReference(project.Located{Text: key.To, Place: key.Place})
		switch {
		case !ok:
			d := diag.New(diag.WrongType, key.Place, "%q is no reference", key.To).WithHint("write to: ref('orders')")
			d.Node = node.UniqueID
			p.report(d)
		case source.Table != "":
			node.Sources = append(node.Sources, source)
		default:
			node.Refs = append(node.Refs, ref)
		}
	}
}

// keyTargets finds the relations that the foreign keys of a node point to. Mistakes are those
// of its references.
func (p *parser) keyTargets(node *project.Node) {
	if node.Type != project.Model {
		return
	}
	for _, key := range foreignKeys(node) {
		ref, source, ok := project.ParseReference(project.Located{Text: key.To})
		if !ok {
			continue
		}
		parent, d := p.plan.names.ref(ref, node.Package)
		if source.Table != "" {
			parent, d = p.plan.names.source(source, node.Package)
		}
		if d == nil {
			key.Target = parent.Relation.String()
		}
	}
}
