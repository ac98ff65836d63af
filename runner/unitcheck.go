package runner

import (
	"context"
	"slices"
	"sync"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
)

// checkUnitTests looks at the unit tests of nodes without asking whether they pass: their
// rows are made, the model's query is bound to them, and what is expected is read.
func checkUnitTests(ctx context.Context, plan *compiler.Plan, bound *compiler.Bound, ids []string) diag.List {
	r := newRun(plan, Options{Command: "compile"}, nil)
	r.lab = newLab(plan)
	r.lab.shells, r.lab.lenient = bound, true
	defer r.lab.close()
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
	for _, id := range plan.Order {
		node := plan.Nodes[id]
		if ctx.Err() == nil && node.Type == project.UnitTest && slices.Contains(ids, node.DependsOn[0]) {
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
	if len(w.lab.db.Absent()) > 0 && !isKnown(w.lab.shells, u.model) {
		return nil // it may need what is not here
	}
	if err := u.setUp(ctx); err != nil {
		return err
	}
	q, err := u.query(ctx)
	if err != nil {
		return err
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

// isKnown reports whether the columns of a node are known.
func isKnown(shells shellColumns, node *project.Node) bool {
	_, ok := shells.Columns(node.UniqueID)
	return ok
}
