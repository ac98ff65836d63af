package runner

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/duckdb"
)

// renewReplica copies what was published, although something after that has failed; err is
// what the run has ended with.
func (r *run) renewReplica(ctx context.Context, err error) error {
	stale := r.copyReplica(ctx)
	if err == nil || stale == nil {
		return cmp.Or(err, stale)
	}
	for _, d := range diag.From(stale, diag.Database) {
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

// copyTo copies the database. Where it holds candidates, a copy without them is made
// first, so that what readers open never had them.
func (r *run) copyTo(ctx context.Context, target *project.Target) (err error) {
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
	if r.leaves() {
		scratch := filepath.Join(filepath.Dir(target.Replica), "."+filepath.Base(target.Replica)+".clean")
		defer func() { err = errors.Join(err, removeDatabase(scratch)) }()
		if err := removeDatabase(scratch); err != nil {
			return err
		}
		if err := duckdb.CopyFile(ctx, from, scratch); err != nil {
			return err
		}
		if err := os.Chmod(scratch, 0o600); err != nil {
			return err
		}
		if err := dropHidden(ctx, scratch); err != nil {
			return err
		}
		from = scratch
	}
	return duckdb.CopyFile(ctx, from, target.Replica)
}

// leaves reports whether candidates of this run stay in the database.
func (r *run) leaves() bool {
	for _, n := range r.nodes {
		if (n.written.Identifier != "" || n.resumed || n.result.Status == Errored) && !n.result.Published {
			return true
		}
	}
	return false
}

// dropHidden drops the hidden relations of a copy.
func dropHidden(ctx context.Context, path string) error {
	db, err := duckdb.Open(ctx, duckdb.Options{Path: path})
	if err != nil {
		return err
	}
	defer db.Close()
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

// removeDatabase removes a database file and its log.
func removeDatabase(path string) error {
	for _, p := range []string{path, path + ".wal", path + ".wal.checkpoint", path + ".journal"} {
		if err := os.Remove(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
