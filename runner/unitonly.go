package runner

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"elt/compiler"
	"elt/compiler/project"
	"elt/runner/check"
	"elt/runner/duckdb"
)

// onlyUnitTests reports whether a run is nothing but unit tests. Then it needs no
// database: none is made, opened or waited for, and no hook runs.
func (r *run) onlyUnitTests(ids []string) bool {
	return len(ids) > 0 && !r.opts.retry && !slices.ContainsFunc(ids, func(id string) bool {
		return r.plan.Nodes[id].Type != project.UnitTest
	})
}

// unitTests is a run of nothing but unit tests.
func (r *run) unitTests(ctx context.Context, ids []string) (*Summary, error) {
	if err := r.openNowhere(ctx, ids); err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.bindForUnitTests(ctx); err != nil {
		return nil, diagnostics(err)
	}
	r.workers = r.workerCount()
	r.emit(RunStarted{RunID: r.id, Command: r.opts.Command, Target: r.plan.Project.Target.Name, Nodes: r.projectNodes(), Workers: r.workers})
	r.doUnitTests(ctx)
	r.interrupted = ctx.Err() != nil
	r.skipUnfinished(nil)
	summary := r.summary()
	summary.Elapsed = time.Since(r.clock)
	r.emit(RunFinished{Summary: *summary})
	if r.interrupted {
		return summary, ErrInterrupted
	}
	return summary, nil
}

// doUnitTests does the units of a run of unit tests.
func (r *run) doUnitTests(ctx context.Context) {
	running := map[string]bool{}
	var units []*unit
	for i, n := range r.nodes {
		units = append(units, &unit{ids: []string{n.node.UniqueID}, order: i, tests: true})
	}
	s := &schedule{
		units: units, workers: r.workers, failFast: r.opts.FailFast, load: newLoad(),
		do: func(ctx context.Context, number int, u *unit) outcome {
			return (&worker{run: r, number: number}).unit(ctx, u, check.Group{})
		},
		started: func(u *unit) {
			running[u.ids[0]] = true
			r.emit(NodeStarted{Node: r.plan.Nodes[u.ids[0]], At: r.now()})
		},
		finished: func(o outcome) {
			for _, res := range o.results {
				delete(running, res.Node.UniqueID)
				r.emit(NodeFinished{Result: res})
			}
		},
		skipped: func(u *unit, root string) { r.skip(r.byID[u.ids[0]], root, "") },
	}
	if !s.run(ctx) {
		r.abandoned = running
	}
}

// openNowhere opens a database in memory in the place of the target's, with nothing of
// what that attaches: unit tests say themselves what there is.
func (r *run) openNowhere(ctx context.Context, ids []string) error {
	r.readOnly = true
	options := openOptions(r.plan.Project.Target)
	options.Path, options.Attach, options.Shadow, options.Threads = "", nil, true, 1
	db, err := duckdb.Open(ctx, options)
	if err != nil {
		return targetFault(r.plan.Project.Target, err)
	}
	if err := r.use(ctx, db); err != nil {
		return err
	}
	if r.published, err = readPublished(ctx, r.main, r.names); err != nil {
		return errors.Join(diagnostics(err), r.close())
	}
	r.lake = unpinnedLake(r.plan)
	r.assemble(ids)
	r.lab.lend(db)
	return nil
}

// bindForUnitTests learns the columns of what the models of unit tests read, and of the
// models themselves, as the project would make them: it does not matter what is
// published, and nothing needs to be. What is wrong with those nodes is not asked here.
func (r *run) bindForUnitTests(ctx context.Context) error {
	wanted := map[string]bool{}
	var models []string
	for _, n := range r.nodes {
		if n.node.Type != project.UnitTest {
			continue
		}
		model := r.plan.UnitModel(n.node).UniqueID
		models = append(models, model)
		asked := slices.ContainsFunc(n.node.Unit.Given, func(i project.UnitInput) bool { return i.IsThis() })
		if asked || r.byID[model] != nil { // that of a build was bound before: it costs nothing
			wanted[model] = true
		}
	}
	if len(models) == 0 {
		return nil
	}
	for id := range r.plan.Graph.Ancestors(models, -1) {
		wanted[id] = true
	}
	var ids, late []string
	for _, id := range r.plan.Order {
		if !wanted[id] {
			continue
		}
		ids = append(ids, id)
		if node := r.plan.Nodes[id]; node.Compiled == nil && r.byID[id] == nil {
			late = append(late, id)
		}
	}
	_ = r.compiler.Compile(ctx, r.view(nil), late)
	own := r.lake // has only what the nodes of the run read
	r.lake = unpinnedLake(r.plan)
	maps.Copy(r.lake.sources, own.sources)
	r.openLakeToDescribe(ctx, ids)
	bound, _, err := r.bind(ctx, ids, compiler.BindOptions{IDs: ids})
	if r.lake = own; err != nil {
		return err
	}
	for _, id := range late { // nobody asked for these, and an empty world is not theirs
		r.plan.Nodes[id].Compiled = nil
	}
	r.lab.shells = bound
	return bound.Close()
}
