package compiler

import (
	"elt/compiler/diag"
	"elt/compiler/project"
)

// publishedDatabase is what the database of a run can say besides: whether a relation was
// published before it, whatever the run has made.
type publishedDatabase interface {
	Published(rel project.Relation) bool
}

// TestedRelation is the relation that a data test is declared on, and whether it is published.
func (h *compileHost) TestedRelation() (project.Relation, bool, error) {
	if h.node == nil || h.node.Test == nil {
		return project.Relation{}, false, nil
	}
	tested := h.plan.Nodes[h.node.Test.Attached]
	if tested == nil || tested.Type == project.Source {
		return project.Relation{}, false, diag.New(diag.DataTest, h.node.Place, "max_change compares with the previous build, and a source is not built").
			WithHint("test the model that reads it")
	}
	db := h.db
	if plain, ok := db.(plainDatabase); ok {
		db = plain.Database
	}
	known, ok := db.(publishedDatabase)
	return tested.Relation, ok && known.Published(tested.Relation), nil
}
