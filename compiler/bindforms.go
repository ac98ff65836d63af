package compiler

import (
	"context"
	"errors"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// forms are the queries of an incremental model: the one that is run now is that of the node,
// the other one is what is_incremental() makes of it otherwise. That of a microbatch model is
// run for one batch at a time, which reads a part of its parents.
type forms struct {
	incremental bool              // the one that is run now
	other       *project.Compiled // nil where it could not be rendered, or is the same
	batch       *project.Compiled // for one batch, likewise
}

// formsOf renders the other form of an incremental model; nil for any other node.
func (b *binder) formsOf(node *project.Node) *forms {
	if node.Type != project.Model || !b.plan.changesRows(node) || node.Template == nil || !b.chosen[node.UniqueID] {
		return nil
	}
	db := b.facts.Database(node)
	host := &compileHost{ctx: b.ctx, plan: b.plan, node: node, pkg: node.Package, db: db, this: node.Relation}
	out := &forms{incremental: host.IsIncremental()}
	render := func(incremental bool, batch *project.Batch) *project.Compiled {
		host := &compileHost{ctx: b.ctx, plan: b.plan, node: node, pkg: node.Package, db: db, this: node.Relation, form: &incremental, batch: batch, ahead: true}
		compiled, err := b.plan.compiled(host, node)
		if err != nil || compiled.SQL == node.Compiled.SQL {
			return nil
		}
		return compiled
	}
	out.other = render(!out.incremental, nil)
	if batch := exampleBatch(node); batch != nil {
		out.batch = render(out.incremental, batch)
	}
	return out
}

// ownRelation is a model's own relation as a query finds it that says {{ this }}.
type ownRelation struct {
	columns []Column // nil where it is not there: a query that reads it will say so
	unknown bool     // it is there, and its columns cannot be told
	made    bool     // its shell was made
}

// ownPublished is a model's own relation as it is published.
func (b *binder) ownPublished(node *project.Node) *ownRelation {
	columns, err := b.facts.Published(b.ctx, node)
	return &ownRelation{columns: columns, unknown: err != nil}
}

// defineOwn makes the shell of a node's own relation, if its query may read it. One that was
// made for readers of the node stays.
func (b *Bound) defineOwn(ctx context.Context, catalog ShellCatalog, node *project.Node, own *ownRelation) error {
	if own == nil || own.columns == nil {
		return nil
	}
	b.mu.Lock() // as for every shell that is made
	defer b.mu.Unlock()
	if own.made || b.nodes[node.UniqueID].defined {
		return nil
	}
	if err := catalog.Define(ctx, node.Relation, own.columns); err != nil {
		return Doubt("it reads itself, and has a column of a type that cannot be made here: " + err.Error())
	}
	own.made = true
	return nil
}

// appendTo adds what a query's columns depend on, if it may read the relation.
func (o *ownRelation) appendTo(text []byte) []byte {
	text = append(text, 3)
	for _, c := range o.columns {
		text = append(append(text, 1), c.Name...)
		text = append(append(text, 2), c.Type...)
	}
	return text
}

// bindOther binds the form of an incremental model that is not run now: that of the
// runs to come, in which {{ this }} is what this one makes, or that of a full refresh.
// The latter holds nothing up.
func (b *binder) bindOther(node *project.Node, n *boundNode) {
	f, own := n.forms, n.own
	if f.other == nil {
		return
	}
	if !f.incremental {
		own = &ownRelation{columns: n.readAs()}
	}
	then := *node
	then.Compiled = f.other
	_, err := b.columnsOf(&then, b.shellQuery(node, f.other.SQL, b.readers(node)), own)
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

// bindBatch binds the query of a microbatch model as a batch runs it: what it reads is cut to
// the batch by the event_time of what is read.
func (b *binder) bindBatch(node *project.Node, n *boundNode) {
	f := n.forms
	if !node.IsMicrobatch() {
		return
	}
	if f.batch == nil {
		b.judgeEventTimes(node, n)
		return
	}
	one := *node
	one.Compiled = f.batch
	_, err := b.columnsOf(&one, b.shellQuery(node, f.batch.SQL, b.readers(node)), n.own)
	var doubt Doubt
	if err == nil || errors.As(err, &doubt) {
		b.judgeEventTimes(node, n)
		return
	}
	if d := b.wrongEventTime(node); d != nil {
		b.report(d)
		return
	}
	for _, d := range diag.From(err, diag.SQL) {
		d.Compiled = nil // the file holds the query for all rows
		b.report(d.WithNote(diag.Place{}, "every batch would fail: of what has an event_time it reads the rows of the batch"))
	}
}

// wrongEventTime says which of the relations that a batch reads has an event_time that is no
// column of it; nil where that is not what is wrong.
func (b *binder) wrongEventTime(node *project.Node) *diag.Diagnostic {
	for _, id := range node.DependsOn {
		parent := b.plan.Nodes[id]
		columns, ok := b.Columns(id)
		name := parent.EventTime()
		if !ok || !isWord(name) || slices.ContainsFunc(columns, func(c Column) bool { return strings.EqualFold(c.Name, name) }) {
			continue
		}
		place := parent.Config.Place("event_time")
		if isNowhere(place) {
			place = parent.Place
		}
		d := diag.New(diag.IncrementalConfig, place, "event_time names %q, which is no column of %s %q", name, parent.Type, parent.Name).
			WithNote(node.Place, "%q reads the rows of a batch by it", node.Name)
		d.Node = node.UniqueID
		names := make([]string, len(columns))
		for i, c := range columns {
			names[i] = c.Name
		}
		if meant := diag.Suggest(name, names); meant != "" {
			return d.WithHint("did you mean %q?", meant)
		}
		return d.WithHint("it has %s", quotedNames(names))
	}
	return nil
}
