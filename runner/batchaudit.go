package runner

import (
	"context"
	"fmt"
	"slices"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/check"
	"elt/runner/materialize"
)

// auditBatches looks for the batches because of which a test of the model would fail, so
// that they hold only themselves. It happens before anything else reads the model; the
// tests are run again afterwards on what is left, and have the last word.
//
// Each test first sees the new rows alone, which costs what they cost: nearly all tests
// that pass there pass on the table too. One that fails sees the table as it will be; if it
// fails there as well, and not on the table without any of the batches, the batches are
// halved until those are found with each of which alone it fails. That needs to know nothing
// about the test. Where the rest does not pass either, no batch is to blame.
func (w *worker) auditBatches(ctx context.Context, n *nodeRun) error {
	b := n.batches
	if len(b.doneBatches()) < 2 || b.replacesTable(n) || n.spec.FullCopy {
		return nil
	}
	for _, test := range w.testsOf(n) {
		a := &batchAudit{worker: w, n: n, test: test, left: maxAttempts}
		if err := a.look(ctx); err != nil {
			return err
		}
	}
	return nil
}

// testsOf are the data tests of the run that can be run as soon as a model is made: all
// that they read is made before it, or is not made by the run.
func (w *worker) testsOf(n *nodeRun) []*nodeRun {
	var out []*nodeRun
	for _, t := range w.nodes {
		if t.node.Type != project.Test || t.node.Compiled == nil || t.node.Compiled.Deferred || !slices.Contains(t.node.DependsOn, n.node.UniqueID) {
			continue
		}
		if !slices.ContainsFunc(w.net.workParents(t.node.UniqueID), func(id string) bool {
			return id != n.node.UniqueID && !w.isAncestor(id, n)
		}) {
			out = append(out, t)
		}
	}
	return out
}

// batchAudit is one test that looks at batches.
type batchAudit struct {
	*worker
	n, test *nodeRun
	left    int // attempts
}

// look finds the batches that a test fails with, and marks them.
func (a *batchAudit) look(ctx context.Context) error {
	good := a.n.batches.doneBatches()
	a.n.spec.Batches.Done = good
	if ok, _, err := a.passes(ctx, a.n.spec.DoneRows(a.n.write.Made, a.n.batches.columns)); ok || err != nil {
		return err
	}
	for _, with := range [][]project.Batch{good, nil} {
		ok, _, err := a.passesWith(ctx, with)
		if err != nil || ok == (len(with) > 0) {
			return err // it passes on the table, or fails whatever the batches are
		}
	}
	bad, err := a.halve(ctx, good)
	if err != nil || len(bad) == 0 || len(bad) == len(good) {
		return err
	}
	rest := slices.DeleteFunc(slices.Clone(good), func(b project.Batch) bool {
		return slices.ContainsFunc(bad, func(x badBatch) bool { return x.batch.Start.Equal(b.Start) })
	})
	if ok, _, err := a.passesWith(ctx, rest); !ok || err != nil {
		return err
	}
	a.blame(bad)
	return nil
}

// badBatch is a batch that a test fails with, and how many rows it found.
type badBatch struct {
	batch    project.Batch
	failures int64
}

// halve finds the batches with each of which alone the test fails; it fails with all of the
// given ones.
func (a *batchAudit) halve(ctx context.Context, batches []project.Batch) ([]badBatch, error) {
	var bad []badBatch
	halves := [][]project.Batch{batches[:len(batches)/2], batches[len(batches)/2:]}
	for _, half := range halves {
		if a.left--; a.left < 0 || len(half) == 0 {
			continue
		}
		ok, failures, err := a.passesWith(ctx, half)
		switch {
		case err != nil:
			return nil, err
		case ok:
		case len(half) == 1:
			bad = append(bad, badBatch{half[0], failures})
		default:
			more, err := a.halve(ctx, half)
			if err != nil {
				return nil, err
			}
			bad = append(bad, more...)
		}
	}
	return bad, nil
}

// passesWith runs the test on the table as it will be with some batches only.
func (a *batchAudit) passesWith(ctx context.Context, batches []project.Batch) (bool, int64, error) {
	a.n.spec.Batches.Done = batches
	query, err := a.batchesSoFar(a.n)
	if err != nil {
		return false, 0, err
	}
	return a.passes(ctx, query)
}

// passes runs the test on a query in the place of the model, and reports whether it does not
// fail. A test that cannot be run says so itself, later.
func (a *batchAudit) passes(ctx context.Context, query string) (ok bool, failures int64, err error) {
	if err := a.shadows.put(ctx, a.n.node.Relation, query); err != nil {
		return false, 0, a.fault(ctx, a.n, sent{query: -1}, err)
	}
	c, problems := check.Inline(a.test.node)
	if problems.HasErrors() {
		return true, 0, nil
	}
	s, err := a.prepare(ctx, a.test, materialize.Statement{SQL: c.SQL, Query: -1}, nil)
	if err != nil {
		return false, 0, err
	}
	t, err := a.session.Query(ctx, s.sql)
	if err != nil {
		return true, 0, ctx.Err()
	}
	row, err := check.ReadRow(t)
	if err != nil {
		return true, 0, nil
	}
	return c.Outcome(row, a.opts.Warnings.Errors(diag.DataTest, testEvent)).Status != check.Fail, row.Failures, nil
}

// blame marks batches as failed.
func (a *batchAudit) blame(bad []badBatch) {
	for _, x := range bad {
		for i, planned := range a.n.batches.plan {
			if !planned.Start.Equal(x.batch.Start) {
				continue
			}
			d := diag.New(diag.DataTest, a.test.node.Place, "data test %q found %s", a.test.node.Name, rowCount(x.failures))
			d.Node = a.n.node.UniqueID
			d.WithNote(diag.Place{}, "%s", fmt.Sprintf("of model %q", a.n.node.Name))
			a.n.batches.results[i].done, a.n.batches.results[i].why = false, diag.List{d}
		}
	}
}
