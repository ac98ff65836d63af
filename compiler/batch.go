package compiler

import (
	"context"

	"elt/compiler/dbtcontext"
	"elt/compiler/project"
)

// CompileBatch renders a microbatch model for one of its intervals: model.batch says which,
// and what it reads shows the rows of the interval, where that has an event_time. Nothing is
// kept with the node, so several goroutines may render intervals of one node. incremental is
// what is_incremental() answers: all batches but the first of a table that is made anew see
// the table. A template that asks what only a parent's build can answer is an error.
func (p *Plan) CompileBatch(ctx context.Context, db dbtcontext.Database, node *project.Node, batch project.Batch, incremental bool) (*project.Compiled, error) {
	host := &compileHost{
		ctx: ctx, plan: p, node: node, pkg: node.Package, db: db, this: node.Relation,
		form: &incremental, batch: &batch,
	}
	compiled, err := p.compiled(host, node)
	if err != nil {
		return nil, named(err, node)
	}
	return compiled, nil
}

// CompileForm renders an incremental model as if is_incremental() answered what is asked for. Nothing
// is kept with the node. A template that asks what only a parent's build can answer is
// [dbtcontext.ErrDeferred].
func (p *Plan) CompileForm(ctx context.Context, db dbtcontext.Database, node *project.Node, incremental bool) (*project.Compiled, error) {
	host := &compileHost{ctx: ctx, plan: p, node: node, pkg: node.Package, db: db, this: node.Relation, form: &incremental}
	return p.compiled(host, node)
}

// Batch is the interval that is rendered, or nil.
func (h *compileHost) Batch() *project.Batch { return h.batch }

// RefTimes says which rows of a node are read.
func (h *compileHost) RefTimes(call project.RefCall) dbtcontext.EventTimeFilter {
	if !h.cuts() {
		return dbtcontext.EventTimeFilter{}
	}
	parent, d := h.plan.names.ref(call, h.pkg)
	if d != nil {
		return dbtcontext.EventTimeFilter{}
	}
	return h.times(parent)
}

// IsFunction reports whether what ref() names is a table function.
func (h *compileHost) IsFunction(call project.RefCall) bool {
	node, d := h.plan.names.ref(call, h.pkg)
	return d == nil && node.IsFunction()
}

// SourceTimes says which rows of a source are read.
func (h *compileHost) SourceTimes(call project.SourceCall) dbtcontext.EventTimeFilter {
	if !h.cuts() {
		return dbtcontext.EventTimeFilter{}
	}
	table, d := h.plan.names.source(call, h.pkg)
	if d != nil {
		return dbtcontext.EventTimeFilter{}
	}
	return h.times(table)
}

// cuts reports whether anything that is read may be cut: for the interval of a batch, or for
// --sample, which as in dbt is for models and snapshots only.
func (h *compileHost) cuts() bool {
	return h.batch != nil && !h.whole || h.samples()
}

func (h *compileHost) samples() bool {
	return !h.plan.options.SampleStart.IsZero() && h.unit == nil && h.node != nil &&
		(h.node.Type == project.Model || h.node.Type == project.Snapshot)
}

// times is dbt's rule: what has an event_time is read for the interval, and of that what
// lies in the sample; all else whole.
func (h *compileHost) times(parent *project.Node) dbtcontext.EventTimeFilter {
	f := dbtcontext.EventTimeFilter{Field: parent.EventTime()}
	if f.Field == "" {
		return f
	}
	if h.batch != nil && !h.whole {
		f.Start, f.End = h.batch.Start, h.batch.End
	}
	if h.samples() {
		if sample := h.plan.options; f.End.IsZero() || sample.SampleEnd.Before(f.End) {
			f.End = sample.SampleEnd
		}
		if start := h.plan.options.SampleStart; start.After(f.Start) {
			f.Start = start
		}
	}
	return f
}

// exampleBatch is the interval for which a microbatch model is rendered where it is not run:
// by `elt compile` and for what is checked ahead. It is the first one, so that the text
// does not change from day to day; what the model reads is not cut to it. dbt has no
// model.batch there, and does not compile a model that uses it.
func exampleBatch(node *project.Node) *project.Batch {
	size := node.BatchSize()
	begin, ok := node.Begin()
	if !node.IsMicrobatch() || size == "" || !ok {
		return nil
	}
	start := size.Floor(begin)
	batch := size.Batch(start, size.Add(start, 1))
	return &batch
}
