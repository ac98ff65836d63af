package runner

import (
	"context"

	"elt/runner/engine"
	"elt/runner/state"
)

// records are elt's own tables of a new database in the making. That takes some six
// milliseconds, in which a core has nothing to do: they are made while queries are checked, and
// committed when something is to be done. Until then nothing is in the file.
type records struct {
	session engine.Session
	made    chan struct{} // closed once err is set
	err     error
}

// prepareRecords begins to make the tables.
func (r *run) prepareRecords(ctx context.Context) error {
	session, err := r.db.Session(ctx)
	if err != nil {
		return err
	}
	own := &records{session: session, made: make(chan struct{})}
	now := state.Time(r.now())
	go func() {
		defer close(own.made)
		own.err = state.Prepare(ctx, session, r.database, r.opts.Version, now)
	}()
	r.records = own
	return nil
}

// keep commits the tables with their first rows.
func (o *records) keep(ctx context.Context, rows []string) error {
	<-o.made
	if o.err != nil {
		return o.err
	}
	err := execAll(ctx, o.session, rows)
	if err == nil {
		err = ctx.Err()
	}
	return end(ctx, o.session, err)
}

// close leaves what was not committed. nil has nothing to close.
func (o *records) close() {
	if o != nil {
		<-o.made
		_ = o.session.Close() // nothing in it is wanted
	}
}
