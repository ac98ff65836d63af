package runner

import (
	"context"
	"maps"
	"slices"
	"sync"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
)

// checkUnitTests looks at the unit tests of models, for elt compile. found is what is wrong
// with these and their parents.
func checkUnitTests(ctx context.Context, plan *compiler.Plan, bound *compiler.Bound, ids []string, found diag.List) diag.List {
	var tests []*project.Node
	chosen := make(map[string]bool, len(ids))
	for _, id := range ids {
		chosen[id] = true
	}
	for _, id := range plan.Order {
		if node := plan.Nodes[id]; node.Type == project.UnitTest && chosen[node.DependsOn[0]] {
			tests = append(tests, node)
		}
	}
	if len(tests) == 0 {
		return nil
	}
	r := newRun(plan, Options{Command: "compile"}, nil)
	r.lab = newLab(plan)
	r.lab.shells, r.lab.lenient = bound, true
	defer r.lab.close()
	wrong := wrongNodes(found)
	for _, id := range ids {
		if node := plan.Nodes[id]; node.Type == project.Model && node.Compiled == nil {
			wrong[id] = true
		}
	}
	return r.lookAtTests(ctx, tests, wrong)
}

// checkUnitRows looks at the unit tests of a build before anything is written, as elt
// compile does. Where the build goes on whatever is wrong, each says so in its turn.
func (r *run) checkUnitRows(ctx context.Context, found diag.List) diag.List {
	if r.opts.Command != "build" || !r.stopsAtMistakes() {
		return nil
	}
	wrong := wrongNodes(found)
	var tests []*project.Node
	for _, n := range r.nodes {
		if n.unrendered {
			wrong[n.node.UniqueID] = true
		}
		if n.node.Type == project.UnitTest {
			tests = append(tests, n.node)
		}
	}
	return r.lookAtTests(ctx, tests, wrong).Errors() // warnings are told when they run
}

// wrongNodes are the nodes that errors are about.
func wrongNodes(found diag.List) map[string]bool {
	wrong := map[string]bool{}
	for _, d := range found.Errors() {
		wrong[d.Node] = true
	}
	return wrong
}

// lookAtTests looks at unit tests without asking whether they pass: their rows are made,
// the model's query is bound to them, and what is expected is read. Those of a model with
// a mistake in or above it, which is told, are left out.
func (r *run) lookAtTests(ctx context.Context, tests []*project.Node, wrong map[string]bool) diag.List {
	below := r.planGraph().Descendants(slices.Sorted(maps.Keys(wrong)), -1)
	var mu sync.Mutex
	var problems diag.List
	var wg sync.WaitGroup
	next := make(chan *project.Node)
	for range compileWorkers {
		wg.Go(func() {
			for node := range next {
				n := &nodeRun{node: node, rows: -1, result: &NodeResult{Node: node}}
				err := (&worker{run: r}).lookAt(ctx, n)
				mu.Lock()
				problems = append(append(problems, n.result.Diagnostics...), diag.From(err, diag.Database)...)
				mu.Unlock()
				node.Compiled = nil // it is rendered for its test only
			}
		})
	}
	for _, node := range tests {
		if ctx.Err() != nil {
			break
		}
		model := r.plan.UnitModel(node).UniqueID
		if !wrong[model] && !below.Has(model) {
			next <- node
		}
	}
	close(next)
	wg.Wait()
	return problems.Sorted()
}

// lookAt prepares a unit test on a bench.
func (w *worker) lookAt(ctx context.Context, n *nodeRun) error {
	b, err := w.lab.take(ctx)
	if err != nil {
		return err
	}
	defer w.lab.give(b)
	u := &unitRun{worker: w, bench: b, n: n, unit: n.node.Unit, model: w.plan.UnitModel(n.node)}
	if len(w.lab.db.Absent()) > 0 && w.lab.shells.Doubt(u.model.UniqueID) != "" {
		return nil // it may need what is not here
	}
	if err := u.setUp(ctx); err != nil {
		return err
	}
	q, err := u.query(ctx)
	if err != nil {
		return u.withExpected(ctx, err)
	}
	if err := u.header(ctx, q); err != nil {
		return err
	}
	columns, err := u.describe(ctx, q)
	if err != nil {
		return u.inTest(u.modelFault(q, err))
	}
	_, _, err = u.expected(ctx, columns)
	return err
}
