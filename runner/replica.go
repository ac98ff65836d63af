package runner

import (
	"cmp"
	"context"
	"errors"
	"os"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/duckdb"
	"elt/runner/state"
)

// renewReplica copies what was published, although something after that has failed; err is
// what the run has ended with.
func (r *run) renewReplica(ctx context.Context, err error) error {
	stale := r.copyReplica(ctx)
	if stale != nil && ctx.Err() != nil {
		r.notice(diag.Warn(diag.Database, diag.Place{}, "what was built is published, but the replica %q still shows the build before", r.plan.Project.Target.Replica).
			WithHint("the next run renews it"))
		return cmp.Or(err, error(ErrInterrupted))
	}
	var open *duckdb.OpenError
	taken := errors.As(stale, &open) && open.Kind == duckdb.Locked
	if stale == nil || err == nil && !taken {
		return cmp.Or(err, stale)
	}
	for _, d := range diag.From(stale, diag.Database) {
		if taken { // by a run that has waited for this one, and renews the replica itself
			d.Severity = diag.Warning
		}
		r.notice(d)
	}
	return err
}

// copyReplica renews the target's read-only copy, after the run has closed the database:
// closing the copy's descriptor would drop the lock of a database that is being written.
// Candidates that stay for inspection are not in the copy.
func (r *run) copyReplica(ctx context.Context) error {
	target := r.plan.Project.Target
	if target.Replica == "" || !isFile(target.Path) {
		return nil
	}
	if err := r.copyTo(ctx, target); err != nil {
		return &diag.Diagnostic{Code: diag.Database, Err: err,
			Message: "the replica \"" + target.Replica + "\" could not be renewed: " + err.Error(),
			Hint:    "what was built is published; the replica still shows the build before"}
	}
	r.point("replica-copied")
	return nil
}

var errLogStays = errors.New("the log of the database could not be written into its file")

// copyTo copies the database. Candidates are dropped from the copy before readers see it.
func (r *run) copyTo(ctx context.Context, target *project.Target) error {
	from := target.Path
	// Open for reading, DuckDB keeps other processes from writing until the copy is made;
	// that closing the copy's descriptor then drops this lock does no harm.
	guard, err := duckdb.Open(ctx, duckdb.Options{Path: from, ReadOnly: true, Wait: r.opts.Wait})
	if err != nil {
		return err
	}
	defer guard.Close()
	if info, err := os.Stat(from + ".wal"); err == nil && info.Size() > 0 {
		return errLogStays // the file alone is not what was published
	}
	hidden, err := hiddenIn(ctx, guard)
	if err != nil {
		return err
	}
	if !hidden {
		return duckdb.CopyFile(ctx, from, target.Replica, nil)
	}
	return duckdb.CopyFile(ctx, from, target.Replica, func(path string) error { return dropHidden(ctx, path) })
}

// hiddenIn reports whether a database that is open holds candidates.
func hiddenIn(ctx context.Context, db *duckdb.DB) (bool, error) {
	s, err := db.Session(ctx)
	if err != nil {
		return false, err
	}
	defer s.Close()
	hidden, err := hiddenRelations(ctx, s)
	return len(hidden) > 0, err
}

// catchUp renews the replica where a run has published nothing and an earlier one had no time
// to renew it, or no room.
func (r *run) catchUp(ctx context.Context) error {
	if ctx.Err() != nil || !r.replicaBehind(ctx) {
		return nil
	}
	return r.copyReplica(ctx)
}

// replicaBehind reports whether the replica is missing or of an earlier publish than the last.
func (r *run) replicaBehind(ctx context.Context) bool {
	target := r.plan.Project.Target
	if target.Replica == "" || !isFile(target.Path) {
		return false
	}
	original, err := os.Stat(target.Path)
	if err != nil {
		return false
	}
	replica, err := os.Stat(target.Replica)
	if err == nil && replica.ModTime().Equal(original.ModTime()) {
		return false // nothing was written since, whatever the clock said: there is nothing to open
	}
	last, err := lastPublish(ctx, target.Path)
	if err != nil || last == "" {
		return false // another process has it: that one will renew the replica
	}
	shown, err := lastPublish(ctx, target.Replica)
	return err != nil || shown != last
}

// lastPublish is the run that has published last in a database file.
func lastPublish(ctx context.Context, path string) (string, error) {
	db, err := duckdb.Open(ctx, duckdb.Options{Path: path, ReadOnly: true})
	if err != nil {
		return "", err
	}
	defer db.Close()
	s, err := db.Session(ctx)
	if err != nil {
		return "", err
	}
	return state.LastPublish(ctx, s, db.Database())
}

// dropHidden drops the hidden relations of a copy.
func dropHidden(ctx context.Context, path string) (err error) {
	db, err := duckdb.Open(ctx, duckdb.Options{Path: path})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s, err := db.Session(ctx)
	if err != nil {
		return err
	}
	hidden, err := leftovers(ctx, s)
	if err != nil {
		return err
	}
	for _, rel := range hidden {
		if _, err := s.Exec(ctx, "drop "+rel.Type+" "+rel.String()); err != nil {
			return err
		}
	}
	return checkpoint(ctx, db, []string{db.Database()})
}
