package runner

import (
	"context"
	"errors"
	"os"

	"elt/runner/duckdb"
)

// openFor opens the database for what a run is about to do.
func (r *run) openFor(ctx context.Context, ids []string) error {
	if !r.onlyLooks(ids) {
		if err := r.makeTargetFolder(); err != nil {
			return err
		}
		return r.open(ctx)
	}
	r.readOnly = true
	db, err := openReadOnly(ctx, r.plan.Project.Target, r.opts.Wait)
	if err != nil {
		return err
	}
	r.point("opened")
	return r.use(ctx, db)
}

// opening is a database that is opened beside other work. A nil one is none.
type opening struct {
	give func()
	done chan struct{} // closed once db and err are set
	db   *duckdb.DB
	err  error
}

// openAhead begins to open the database of a run that will write, if it is there and the only one:
// an error that comes out meanwhile must not leave a new file.
func (r *run) openAhead(ctx context.Context, ids []string) {
	target := r.plan.Project.Target
	if r.onlyLooks(ids) || !isFile(target.Path) || !r.isAlone() {
		return
	}
	if _, err := os.Stat(target.Path); err != nil {
		return
	}
	r.ahead = &ahead{}
	list, rest := r.ahead.askWhileOpening(ctx)
	ctx, giveUp := context.WithCancel(ctx)
	o := &opening{give: giveUp, done: make(chan struct{})}
	go func() {
		defer close(o.done)
		o.db, o.err = openReadWrite(ctx, target, r.opts.Wait, list, rest)
	}()
	r.opening = o
}

// take returns the database once it is open. It is the caller's then.
func (o *opening) take() (*duckdb.DB, error) {
	if o == nil {
		return nil, nil
	}
	<-o.done
	o.give()
	return o.db, o.err
}

// close gives up.
func (o *opening) close() {
	if o == nil {
		return
	}
	o.give()
	if db, err := o.take(); err == nil {
		_ = db.Close() // nothing was written
	}
}

// open opens the database and what goes with it.
func (r *run) open(ctx context.Context) error {
	target := r.plan.Project.Target
	if d := r.mistypedAttachment(); d != nil && r.plan.Project.IsElt {
		return d
	}
	if isFile(target.Path) {
		_, err := os.Stat(target.Path)
		r.made = errors.Is(err, os.ErrNotExist)
	}
	db, err := r.opening.take()
	if db == nil && err == nil {
		db, err = openReadWrite(ctx, target, r.opts.Wait)
	}
	if err != nil {
		return err
	}
	r.point("opened")
	if target.Replica != "" { // what cannot be removed is told when the replica is renewed
		r.halfReplicas, _ = duckdb.RemoveAbandoned(target.Replica)
	}
	if err := r.use(ctx, db); err != nil {
		return err
	}
	// Another process may have made the file, and filled it, while this one waited for it.
	r.made = r.made && duckdb.IsBlank(target.Path)
	if r.made {
		return nil
	}
	if err := r.rollForward(ctx); err != nil {
		return errors.Join(err, r.close())
	}
	return nil
}

// isNew reports whether there is nothing at all in any database of the run.
func (r *run) isNew() bool { return (r.made || r.standsIn) && len(r.plan.Project.Target.Attach) == 0 }

// use sets up what the steps need of an open database.
func (r *run) use(ctx context.Context, db *duckdb.DB) error {
	r.db, r.database = db, db.Database()
	r.sessions = &sessionPool{engine: db}
	var err error
	if r.main, err = db.Session(ctx); err != nil {
		return errors.Join(err, db.Close())
	}
	shadow, err := db.Session(ctx)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	short := false
	for _, node := range r.plan.Nodes {
		short = short || node.Relation.Identifier != "" && node.Relation.Database == ""
	}
	r.names = newNames(r.database, short)
	r.shadows = &shadows{session: shadow, names: r.names, schemas: map[string]bool{}, views: map[string]bool{}}
	return nil
}

// close closes the database. What a run made and did not use goes with it. The error says that
// a log could not be written into its file; see [run.tellLogStays].
func (r *run) close() error { return r.closeWith((*duckdb.DB).Close) }

// letGo is close where nobody looks at the database in this process any more: it has no replica
// to renew, and no file to take away again.
func (r *run) letGo(ctx context.Context) error {
	if !r.opts.Ending || r.readOnly || !r.recorded || r.plan.Project.Target.Replica != "" {
		return r.close()
	}
	return r.closeWith(func(db *duckdb.DB) error { return db.Leave(context.WithoutCancel(ctx)) })
}

func (r *run) closeWith(close func(*duckdb.DB) error) error {
	if r.db == nil || r.abandoned != nil {
		return nil // closing would wait for what does not stop
	}
	db := r.db
	r.db = nil
	_ = r.lab.close() // nothing is in it that anybody wants
	r.records.close()
	r.closing.Wait()
	if r.published != nil {
		r.published.parser.Close()
	}
	return close(db)
}

// unmake removes a database file that this run created and did not come to use.
func (r *run) unmake() {
	path := r.plan.Project.Target.Path
	_ = removeDatabase(path)
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
