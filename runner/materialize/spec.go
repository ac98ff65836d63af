package materialize

import (
	"elt/compiler/diag"
	"elt/compiler/project"
)

// SpecOf reads a node's config into a specification. Whatever is wrong with the
// config is reported at the place of the key, for all keys at once.
func SpecOf(node *project.Node, candidate project.Relation, fullRefresh bool) (*Spec, diag.List) {
	spec := &Spec{
		Node: node.UniqueID, Place: node.Place, Materialized: node.Materialized(),
		Published: node.Relation, Candidate: candidate, FullRefresh: fullRefresh,
		places: map[string]diag.Place{},
	}
	if node.Compiled != nil {
		spec.SQL = node.Compiled.SQL
	}
	return spec, nil
}
