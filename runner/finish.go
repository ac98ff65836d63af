package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"elt/compiler/diag"
	"elt/runner/state"
)

// finish decides what is held back, publishes the rest and tidies up.
func (r *run) finish(ctx context.Context) error {
	r.point("built")
	r.lookAtLakeAgain()
	r.tellRejects()
	r.hold()
	if r.readOnly {
		return nil
	}
	if err := r.release(ctx); err != nil {
		return err
	}
	told := r.tellSettled()
	r.tellLogStays(checkpoint(ctx, r.db, r.databases()))
	told.Wait()
	r.point("checkpointed")
	return r.after(ctx)
}

// tellSettled begins to say what came of the nodes, where no hook is to come that may be one.
func (r *run) tellSettled() *sync.WaitGroup {
	var told sync.WaitGroup
	if r.opts.Settled != nil && len(r.hooks("on-run-end")) == 0 {
		results := r.summary().Results
		told.Go(func() { r.opts.Settled(results) })
	}
	return &told
}

// tellLogStays says once that a log could not be written into its file. Nothing is lost by it,
// so the run is as good as it was: the next command that opens the database reads the log. nil
// is no error.
func (r *run) tellLogStays(err error) {
	if err == nil || r.toldLogStays {
		return
	}
	r.toldLogStays = true
	r.notice(logStays(err, diag.Warning))
}

// logStays is what to say when a log could not be written into its file.
func logStays(err error, severity diag.Severity) *diag.Diagnostic {
	return &diag.Diagnostic{Severity: severity, Code: diag.Database, Err: err,
		Message: "the log could not be written into the database file: " + err.Error(),
		Hint:    "nothing is lost: the next command that opens the database reads the log beside the file"}
}

// release publishes what is not held, or records the run where nothing is.
func (r *run) release(ctx context.Context) error {
	var ready []*nodeRun
	for _, n := range r.nodes {
		if n.made && n.result.HeldFor == "" && !r.opts.NoPublish {
			n.result.Published = true
			ready = append(ready, n)
		}
	}
	if len(ready) == 0 {
		return r.remember(ctx)
	}
	started := time.Now()
	r.emit(Publishing{Nodes: len(ready)})
	var err error
	if r.prints, err = r.fingerprints(ctx, ready); err != nil {
		r.prints = nil // what is published is made anew by the next run that looks
	}
	left, err := r.publish(ctx, ready)
	for _, n := range left {
		n.result.Published = false
	}
	r.unpublished = err != nil
	if err != nil && len(r.promised) == 0 { // nothing is decided
		r.interrupted = ctx.Err() != nil
		return errors.Join(err, r.reopen(ctx), r.remember(ctx))
	}
	r.point("published")
	event := Published{Elapsed: time.Since(started)}
	for _, n := range ready {
		if n.result.Published {
			event.Nodes = append(event.Nodes, n.node)
		}
	}
	if len(event.Nodes) > 0 {
		r.emit(event)
	}
	if err == nil {
		return nil
	}
	if again := r.reopen(ctx); again != nil {
		return errors.Join(err, again)
	}
	if amended := r.amend(ctx); amended != nil { // its outcome stays open
		r.notice(diag.Warn(diag.Database, diag.Place{}, "the history does not say how the run came out: %v", amended))
	}
	return err
}

// amend says in the history that a run has failed after its publish was recorded, and which of
// the nodes it had promised are published all the same.
func (r *run) amend(ctx context.Context) error {
	ctx, cancel := toRemember(ctx)
	defer cancel()
	now := r.now()
	var kept []string
	for _, n := range r.ended {
		if n.shown() && r.promised[n.node.UniqueID] {
			kept = append(kept, n.node.UniqueID)
		}
	}
	var published time.Time
	if slices.ContainsFunc(r.ended, (*nodeRun).shown) {
		published = now
	}
	statements := []string{r.book.FinishRun(r.id, state.OutcomeFailed, now, published)}
	if len(kept) > 0 {
		statements = append(statements, state.MarkPublished(r.database, state.Version, r.id, kept)...)
	}
	return r.transact(ctx, func() error { return execAll(ctx, r.main, statements) })
}

// reopen opens the database again after a failed commit, which DuckDB does not always
// get over.
func (r *run) reopen(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	_ = r.close() // what is in the log is read from there
	db, err := openReadWrite(ctx, r.plan.Project.Target, r.opts.Wait)
	if err != nil {
		return err
	}
	r.db = db
	r.main, err = db.Session(ctx)
	return err
}

// remember records a run that publishes nothing.
func (r *run) remember(ctx context.Context) error {
	if r.readOnly {
		return nil
	}
	ctx, cancel := toRemember(ctx)
	defer cancel()
	return r.transact(ctx, func() error { return r.recordOutcome(ctx, nil, r.now()) })
}

// How long the record of a run may take that publishes nothing: somebody who has
// interrupted it waits, otherwise only a busy machine is in the way.
const (
	rememberTime  = time.Second
	unhurriedTime = time.Minute
)

// toRemember is a context for the record of a run, which is written even when the run was
// interrupted, but then not for long.
func toRemember(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := unhurriedTime
	if ctx.Err() != nil {
		limit = rememberTime
	}
	return context.WithTimeout(context.WithoutCancel(ctx), limit)
}

// after runs what comes after the publish: views of stored failures and the project's
// on-run-end hooks, which see what is published and what they have done themselves, in a
// transaction of their own.
func (r *run) after(ctx context.Context) error {
	err := r.afterwards(ctx)
	if err == nil || !r.toldLogStays || !strings.Contains(err.Error(), "database has been invalidated") {
		return err
	}
	return &diag.Diagnostic{Code: diag.Database, Err: err,
		Message: "what comes after the publish was not done, on-run-end hooks for example: DuckDB takes no statement after its log could not be written into the file",
		Hint:    "make room on the disk and run again; what was built is published"}
}

func (r *run) afterwards(ctx context.Context) error {
	for _, n := range r.nodes {
		for _, sql := range n.after {
			if _, err := r.main.Exec(ctx, sql); err != nil {
				return r.fault(ctx, n, sent{query: -1}, err)
			}
		}
	}
	return r.endHooks(ctx)
}

// databases are the databases this run may have written.
func (r *run) databases() []string {
	out := []string{r.database}
	for _, n := range r.nodes {
		if db := r.names.full(n.node.Relation).Database; n.made && !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, db) }) {
			out = append(out, db)
		}
	}
	return out
}

// summary counts what the run came to.
func (r *run) summary() *Summary {
	s := &Summary{RunID: r.id, Command: r.opts.Command, Counts: map[Status]int{}, Interrupted: r.interrupted, FailFast: r.opts.FailFast, Unpublished: r.unpublished}
	for _, sieved := range r.sievedInRun() {
		s.Rejected += sieved.counts().rejected
	}
	for _, left := range r.leftOut() {
		s.Results = append(s.Results, left)
		s.Counts[left.Status]++
	}
	for _, n := range r.ended {
		s.Results = append(s.Results, n.result)
		s.Counts[n.result.Status]++
		if n.made {
			s.Built++
		}
		if n.result.Published {
			s.Published++
		}
		if n.result.HeldFor != "" {
			s.Held++
		}
	}
	r.inPlanOrder(s.Results)
	s.Idle, s.Hooks = r.idleResults(), r.hookResults
	return s
}

// sampleJSON is a sample for the history; "" for none.
func sampleJSON(s *Sample) string {
	if s == nil {
		return ""
	}
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Sprintf("%q", err.Error())
	}
	return string(b)
}
