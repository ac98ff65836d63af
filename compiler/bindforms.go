package compiler

import (
	"errors"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// forms are the two queries of an incremental model: the one that is run now is that of
// the node, the other one is what is_incremental() makes of it otherwise.
type forms struct {
	incremental bool              // the one that is run now
	other       *project.Compiled // nil where it could not be rendered, or is the same
}

// formsOf renders the other form of an incremental model; nil for any other node.
func (b *binder) formsOf(node *project.Node) *forms {
	if node.Type != project.Model || !b.plan.changesRows(node) || node.Template == nil || !b.chosen[node.UniqueID] {
		return nil
	}
	db := b.facts.Database(node)
	host := &compileHost{ctx: b.ctx, plan: b.plan, node: node, pkg: node.Package, db: db, this: node.Relation}
	out := &forms{incremental: host.IsIncremental()}
	flipped := !out.incremental
	host = &compileHost{ctx: b.ctx, plan: b.plan, node: node, pkg: node.Package, db: db, this: node.Relation, form: &flipped}
	compiled, err := b.plan.compiled(host, node)
	if err == nil && compiled.SQL != node.Compiled.SQL {
		out.other = compiled
	}
	return out
}

// defineOwn makes a shell of a model's own relation as it is published, for {{ this }}.
func (b *binder) defineOwn(node *project.Node) {
	columns, err := b.facts.Published(b.ctx, node)
	if err != nil || columns == nil {
		return // a query that reads it will say that it is not there
	}
	catalog, err := b.shells(b.ctx)
	if err == nil {
		err = catalog.Define(b.ctx, node.Relation, columns)
	}
	if err != nil {
		b.report(diag.From(err, diag.Database)...)
	}
}

// bindOther binds the form of an incremental model that is not run now: that of the
// runs to come, in which {{ this }} is what this one makes, or that of a full refresh.
// The latter holds nothing up.
func (b *binder) bindOther(node *project.Node, f *forms) {
	if f.other == nil {
		return
	}
	catalog, err := b.shells(b.ctx)
	if err != nil || !f.incremental && b.define(b.ctx, catalog, []string{node.UniqueID}) != nil {
		return // its first form was bound, so this is no mistake of the node
	}
	then := *node
	then.Compiled = f.other
	_, err = b.columnsOf(&then, b.shellQuery(node, f.other.SQL, b.readers(node)), false)
	var doubt Doubt
	if err == nil || errors.As(err, &doubt) {
		return
	}
	for _, d := range diag.From(err, diag.SQL) {
		d.Compiled = nil // the file holds the other form
		if f.incremental {
			d.Severity = diag.Warning
			d.WithNote(diag.Place{}, "a full refresh would fail: this is the query without is_incremental()")
		} else {
			d.WithNote(diag.Place{}, "the next run would fail: this is the query with is_incremental()")
		}
		b.report(d)
	}
}
