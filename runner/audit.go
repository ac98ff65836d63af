package runner

import (
	"context"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/check"
	"elt/runner/duckdb"
	"elt/runner/state"
)

// onlyLooks reports whether a run changes nothing: tests of what is published, none of
// which stores its failures, in a project without hooks. The database is then opened
// for reading, so that others can go on reading it.
func (r *run) onlyLooks(ids []string) bool {
	if r.opts.Command != "test" || r.opts.retry || !isFile(r.plan.Project.Target.Path) {
		return false
	}
	opts := check.Options{StoreFailures: r.opts.StoreFailures}
	for _, id := range ids {
		if _, stores := check.StoredRelation(r.plan.Nodes[id], opts); stores {
			return false
		}
	}
	for _, node := range r.plan.Nodes {
		if node.Type == project.Operation {
			return false
		}
	}
	return true
}

// rememberAudit records a run that has only looked: the database is opened for writing
// once more, briefly. Where that cannot be done, the run is not in the history, and
// says so.
func (r *run) rememberAudit(ctx context.Context) {
	ctx, cancel := toRemember(ctx)
	defer cancel()
	if err := r.writeAudit(ctx); err != nil {
		r.notice(diag.Warn(diag.Database, diag.Place{}, "this run is not in the history: %v", diagnostics(err)))
	}
}

func (r *run) writeAudit(ctx context.Context) error {
	db, err := duckdb.Open(ctx, duckdb.Options{Path: r.plan.Project.Target.Path})
	if err != nil {
		return openFault(err)
	}
	defer db.Close()
	if r.main, err = db.Session(ctx); err != nil {
		return err
	}
	if err := state.Ensure(ctx, r.main, db.Database(), r.opts.Version, state.Time(r.now())); err != nil {
		return err
	}
	rows, err := state.LogRows(ctx, r.main, r.database)
	if err != nil {
		return err
	}
	return r.transact(ctx, func() error {
		if err := execAll(ctx, r.main, r.auditRows(rows)); err != nil {
			return err
		}
		return r.recordOutcome(ctx, nil, r.now())
	})
}

// auditRows are the statements that note the run, in a log that has some rows.
func (r *run) auditRows(logged int64) []string {
	r.book = state.BookFor(r.database, len(r.nodes))
	var out []string
	if logged > state.LongLog || r.book.Direct && logged > 0 {
		out = state.EmptyLog(r.database)
	}
	return append(out, r.book.InsertRun(r.row()))
}
