package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
	"elt/runner/materialize"
	"elt/runner/state"
)

// batchRun is what a run does of a microbatch model. Each batch is a query of its own,
// whose rows go into one candidate; one that fails is left out, so that it holds only
// itself.
type batchRun struct {
	plan   []project.Batch
	anew   bool
	known  intervals // as recorded before this run
	adopts bool      // the table is there and nothing is recorded of it

	broken  brokenFiles
	results []batchResult   // of the plan, in its order
	columns []engine.Column // of what is made
	// own is what {{ this }} means while batches build on one another: the table with the
	// batches before. Nil where they do not.
	own *project.Relation
}

// batchResult is the outcome of one batch.
type batchResult struct {
	done       bool
	rows       int64
	why        diag.List // of one that failed
	statements []string
}

// manyBatches is how many batches a run does without saying so first.
const manyBatches = 300

// planBatches settles which batches of a model are to be done.
func (r *run) planBatches(ctx context.Context, s engine.Session, n *nodeRun) error {
	b := &batchRun{}
	if r.stateVersion >= state.LedgersVersion {
		var err error
		if b.known, err = state.Intervals(ctx, s, r.database, n.node.UniqueID); err != nil {
			return err
		}
	}
	if r.opts.retry && slices.ContainsFunc(b.known, func(i state.Interval) bool { return i.RunID == r.retryOf && i.Status == state.IntervalDone }) {
		n.spec.FullRefresh = false // the run that is taken up has refreshed the table
	}
	b.anew = n.spec.Anew(n.state)
	b.adopts = !b.anew && len(b.known) == 0
	known := b.known
	if b.anew {
		known = nil
	}
	b.plan = known.planned(n.spec.Batches, r.begun, window{r.opts.EventTimeStart, r.opts.EventTimeEnd}, b.anew, r.retryOf)
	n.batches = b
	return nil
}

// tellManyBatches says that a model will be done in a great many batches, before it is.
func (n *nodeRun) tellManyBatches() *diag.Diagnostic {
	if n.batches == nil || len(n.batches.plan) <= manyBatches {
		return nil
	}
	plan, size := n.batches.plan, n.spec.Batches.Size
	d := diag.Warn(diag.IncrementalConfig, n.node.Config.Place("batch_size"), "%q is to be done in %s batches, from %s to %s, one for each %s",
		n.node.Name, thousands(int64(len(plan))), size.Label(plan[0].Start), size.Label(plan[len(plan)-1].Start), size)
	d.Node = n.node.UniqueID
	return d.WithHint("every batch is a query of its own: a larger batch_size makes fewer, --event-time-start and --event-time-end do a part")
}

// loadBatches fills the candidate batch by batch.
func (w *worker) loadBatches(ctx context.Context, n *nodeRun) error {
	b, made := n.batches, n.write.Made
	if err := w.statements(ctx, n, n.write.Statements); err != nil {
		return err
	}
	var err error
	if b.columns, err = describe(ctx, w.session, made); err != nil {
		return w.fault(ctx, n, sent{query: -1}, err)
	}
	if err := n.spec.CheckEventTime(b.columns); err != nil {
		return err
	}
	if d := w.plan.EventTimeFault(n.node, n.node, n.spec.EventTimeType(b.columns)); d != nil && d.Severity == diag.Error {
		return d // it could not be told ahead
	}
	if err := w.lateBatches(ctx, n); err != nil {
		return err
	}
	b.results = make([]batchResult, len(b.plan))
	if err := w.doBatches(ctx, n); err != nil {
		return err
	}
	if err := w.auditBatches(ctx, n); err != nil {
		return err
	}
	return w.settleBatches(ctx, n)
}

// doBatches does the first batch, then all others. SQL that is wrong in the first one is
// wrong in all of them.
func (w *worker) doBatches(ctx context.Context, n *nodeRun) error {
	b := n.batches
	if len(b.plan) == 0 {
		return nil
	}
	parallel := n.parallelBatches()
	if n.ancestors == nil { // found out once, since several goroutines will ask
		n.ancestors = w.net.graph.Ancestors([]string{n.node.UniqueID}, -1)
	}
	if !parallel {
		if err := w.showOwn(ctx, n); err != nil {
			return err
		}
	}
	if err := w.doBatch(ctx, n, 0, w.session); err != nil {
		return err
	}
	if why := b.results[0].why; len(why) > 0 && why[0].Code == diag.SQL {
		return why
	}
	if parallel && w.workers > 1 {
		return w.besideEachOther(ctx, n)
	}
	for i := 1; i < len(b.plan); i++ {
		if err := w.showOwn(ctx, n); err != nil {
			return err
		}
		if err := w.doBatch(ctx, n, i, w.session); err != nil {
			return err
		}
	}
	return nil
}

// parallelBatches reports whether batches may be done beside each other: as the config says,
// else, as in dbt, unless the model reads its own table. Whether it does is looked for in the
// template and in what it renders to, macros included.
func (n *nodeRun) parallelBatches() bool {
	if c := n.spec.Batches.Concurrent; c != nil {
		return *c
	}
	if n.node.ReadsThis() || n.spec.FullCopy {
		return false
	}
	for _, chain := range sqltoken.Chains(n.spec.SQL) {
		if strings.EqualFold(chain.Name(), n.node.Relation.Identifier) {
			return false
		}
	}
	return true
}

// besideEachOther does all batches but the first, on as many sessions as the run has
// workers.
func (w *worker) besideEachOther(ctx context.Context, n *nodeRun) error {
	todo := make(chan int)
	errs := make([]error, min(w.workers, len(n.batches.plan)))
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			session, err := w.sessions.get(ctx)
			if err == nil {
				defer w.sessions.put(session)
			}
			for number := range todo {
				if err == nil {
					err = w.doBatch(ctx, n, number, session)
				}
			}
			errs[i] = err
		})
	}
	for i := 1; i < len(n.batches.plan); i++ {
		todo <- i
	}
	close(todo)
	wg.Wait()
	return errors.Join(errs...)
}

// doBatch renders and runs one batch. An error is one that ends the node; that of the batch
// alone is in its result.
func (w *worker) doBatch(ctx context.Context, n *nodeRun, i int, session engine.Session) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b := n.batches
	batch, out := b.plan[i], &b.results[i]
	incremental := !n.spec.FullRefresh && (!b.anew || i > 0) // as dbt, which says no to all batches of a full refresh
	compiled, err := w.compiler.CompileBatch(ctx, w.view(n), n.node, batch, incremental)
	if err != nil {
		out.why = diag.From(err, diag.TemplateError)
		return nil
	}
	one := *n // the batch has a text and places of its own
	node := *n.node
	node.Compiled = compiled
	one.node = &node
	st := n.spec.InsertBatch(n.write.Made, compiled.SQL, batch, b.columns)
	out.statements = []string{n.publicStatement(st.SQL)}
	for {
		if one.around, out.why, err = w.without(ctx, session, n, batch); err != nil || out.why != nil {
			return err
		}
		s, err := w.prepare(ctx, &one, st, b.own)
		if err != nil {
			return err
		}
		done, err := session.Exec(ctx, s.sql)
		if err == nil {
			out.done, out.rows = true, max(done.Rows, 0)
			return nil
		}
		if ctx.Err() != nil {
			return err
		}
		d := w.failed(ctx, session, &one, s, err)
		if d.Code == diag.Database { // a full disk, no memory: no fault of the batch
			return d
		}
		if !w.setAside(ctx, session, n, batch, compiled.SQL, err, d) {
			out.why = diag.List{d}
			return nil
		}
	}
}

// showOwn shows a model that reads its own table what the batches before have made of it.
func (w *worker) showOwn(ctx context.Context, n *nodeRun) error {
	b := n.batches
	if !n.node.ReadsThis() && b.own == nil {
		return nil
	}
	n.spec.Batches.Done = b.doneBatches()
	query, err := w.batchesSoFar(n)
	if err != nil {
		return err
	}
	own := w.names.shadowOf(n.node.Relation)
	if err := w.shadows.put(ctx, n.node.Relation, query); err != nil {
		return w.fault(ctx, n, sent{query: -1}, err)
	}
	b.own = &own
	return nil
}

// batchesSoFar shows the table as the batches that count make it.
func (w *worker) batchesSoFar(n *nodeRun) (string, error) {
	if n.batches.anew || n.spec.FullCopy {
		return n.spec.DoneRows(n.write.Made, n.batches.columns), nil
	}
	finish, err := materialize.End(n.spec, n.state, n.batches.columns)
	return finish.AsView, err
}

// doneBatches are the batches that were done and found good so far.
func (b *batchRun) doneBatches() []project.Batch {
	var out []project.Batch
	for i, res := range b.results {
		if res.done {
			out = append(out, b.plan[i])
		}
	}
	return out
}

// outcome is what became of the batches; nil where none were done.
func (b *batchRun) outcome() *BatchOutcome {
	if b == nil || len(b.results) == 0 {
		return nil
	}
	out := &BatchOutcome{Done: b.doneBatches()}
	for i, res := range b.results {
		if !res.done {
			out.Failed = append(out.Failed, b.plan[i])
		}
	}
	return out
}

// failedBatches counts the others.
func (b *batchRun) failedBatches() int {
	return len(b.results) - len(b.doneBatches())
}

// settleBatches says what the candidate holds. Nothing is made of a model of which every
// batch has failed; nor of one that replaces a table, since the rows of the failed batches
// are in that table and would be gone.
func (w *worker) settleBatches(ctx context.Context, n *nodeRun) error {
	b := n.batches
	n.spec.Batches.Done = b.doneBatches()
	n.rows = 0
	for i, res := range b.results {
		if i < manyBatches {
			n.result.Statements = append(n.result.Statements, res.statements...)
		}
		if res.done {
			n.rows += res.rows
		}
	}
	failed := b.failedBatches()
	if failed == 0 {
		return nil
	}
	if failed == len(b.plan) || b.replacesTable(n) {
		list := n.toldBatches("nothing was published of the model")
		if failed < len(b.plan) {
			list[0].WithHint("a full refresh publishes all batches or none, since the rows of the failed ones are in the table it would replace")
		}
		return list
	}
	if _, err := w.session.Exec(ctx, n.spec.DropBatches(n.write.Made, b.columns)); err != nil {
		return w.fault(ctx, n, sent{query: -1}, err)
	}
	return nil
}

// replacesTable reports whether the candidate takes the place of a table.
func (b *batchRun) replacesTable(n *nodeRun) bool { return b.anew && n.state.IsTable() }

// forgetOwn shows the finished candidate where {{ this }} was shown, so that what reads the
// model sees it.
func (w *worker) forgetOwn(ctx context.Context, n *nodeRun) error {
	if n.batches == nil {
		return nil
	}
	if _, shown := w.names.shadow(n.key); !shown {
		return nil
	}
	return w.shadows.put(ctx, n.node.Relation, n.query)
}

// partialBatches settles the outcome of a microbatch model of which some batches failed.
func (n *nodeRun) partialBatches() {
	if n.batches == nil || n.result.Status != Success || n.batches.failedBatches() == 0 {
		return
	}
	n.result.Status = PartialSuccess
	n.result.Message = fmt.Sprintf("%d of %d batches failed", n.batches.failedBatches(), len(n.batches.plan))
	n.result.Diagnostics = append(n.result.Diagnostics, n.toldBatches("it is tried again by the next build")...)
}

// toldFailures is how many failed batches are told one by one.
const toldFailures = 10

// toldBatches is why batches failed, each with its name and what becomes of it. What is wrong in
// the same way with several is told once.
func (n *nodeRun) toldBatches(becomes string) diag.List {
	var out diag.List
	size, told, beyond := n.spec.Batches.Size, 0, 0
	alike := map[string]*sameFailure{}
	for i, res := range n.batches.results {
		if res.done {
			continue
		}
		label := size.Label(n.batches.plan[i].Start)
		if one := alike[failureKey(res.why)]; one != nil {
			one.more, one.last = one.more+1, label
			continue
		}
		if told++; told > toldFailures {
			beyond++
			continue
		}
		one := &sameFailure{}
		alike[failureKey(res.why)] = one
		for _, d := range res.why {
			c := *d
			c.Notes = append(slices.Clone(d.Notes), diag.Note{Message: fmt.Sprintf("batch %s failed; %s", label, becomes)})
			out, one.told = append(out, &c), &c
		}
	}
	for _, one := range alike {
		if one.more > 0 && one.told != nil {
			one.told.Notes = append(one.told.Notes, diag.Note{Message: fmt.Sprintf("so did %s more, the last %s", batchCount(one.more), one.last)})
		}
	}
	if beyond > 0 && len(out) > 0 {
		last := out[len(out)-1]
		last.Notes = append(last.Notes, diag.Note{Message: fmt.Sprintf("and %s more; elt history --intervals %s shows them", batchCount(beyond), n.node.Name)})
	}
	return out
}

// sameFailure is a failure that several batches have in common.
type sameFailure struct {
	told *diag.Diagnostic
	more int    // batches beside the first
	last string // the last of them
}

// failureKey is the same for what is wrong in the same way, at the same place.
func failureKey(list diag.List) string {
	var b strings.Builder
	for _, d := range list {
		fmt.Fprintf(&b, "%s\x00%v\x00", d.Message, d.Place.Span)
	}
	return b.String()
}

func batchCount(n int) string {
	if n == 1 {
		return "1 batch"
	}
	return fmt.Sprintf("%d batches", n)
}

// intervalStatements write the intervals of microbatch models: those done with the rows that
// are published, those failed in any case.
func (r *run) intervalStatements(published []*nodeRun) []string {
	var out []string
	for _, n := range r.ended {
		if n.batches == nil || n.result == nil || n.result.Status == Skipped {
			continue
		}
		visible := slices.Contains(published, n)
		rows := r.intervalRows(n, visible)
		if !visible && n.batches.replacesTable(n) || len(rows) == 0 && !visible {
			continue // the table, and what is known of it, is as it was
		}
		overlapped, left := n.batches.known.replace(rows)
		out = append(out, state.PutIntervals(r.database, n.node.UniqueID, visible && n.batches.anew, overlapped, append(left, rows...))...)
	}
	return out
}

// intervalRows are what a run has to say of a model's intervals.
func (r *run) intervalRows(n *nodeRun, visible bool) []state.Interval {
	b := n.batches
	var rows []state.Interval
	held := r.heldMessage(n)
	for i, res := range b.results {
		row := state.Interval{BeginsAt: b.plan[i].Start, EndsAt: b.plan[i].End, RunID: r.id, DoneAt: r.begun, Rows: -1}
		switch {
		case res.done && visible:
			row.Status, row.Rows = state.IntervalDone, res.rows
		case res.done && held != "":
			row.Status, row.Message = state.IntervalFailed, held
		case !res.done && len(res.why) > 0:
			row.Status, row.Message = state.IntervalFailed, res.why[0].Message
		default:
			continue
		}
		rows = append(rows, row)
	}
	if b.adopts && visible {
		rows = append(rows, b.before(n)...)
	}
	return rows
}

// before is one interval for what a table held before its intervals were recorded: by
// dbt's rules all that lies before the batches it does.
func (b *batchRun) before(n *nodeRun) []state.Interval {
	begin := n.spec.Batches.Size.Floor(n.spec.Batches.Begin)
	if len(b.plan) == 0 || !begin.Before(b.plan[0].Start) {
		return nil
	}
	return []state.Interval{{BeginsAt: begin, EndsAt: b.plan[0].Start, Status: state.IntervalDone, Rows: -1,
		Message: "the table was there before its intervals were recorded"}}
}

// heldMessage is what a test of a model's own has found, which holds it back; "" where none
// has.
func (r *run) heldMessage(n *nodeRun) string {
	test := r.byID[n.result.HeldFor]
	if test == nil || test.node.Type != project.Test || !slices.Contains(test.node.DependsOn, n.node.UniqueID) || test.result == nil {
		return ""
	}
	return fmt.Sprintf("data test %q found %s", test.node.Name, rowCount(test.result.Failures))
}
