package runner

import (
	"context"

	"elt/runner/engine"
	"elt/runner/state"
)

// ahead is what a run will ask the database for sooner or later, asked on sessions of their own while
// other work is done: while the database is set up, where it is there and the only one, else while files
// are looked at and queries are compiled. Nothing of it changes before the run writes. Of a nil one, and of what
// went wrong, nothing is known: whoever needs it asks again, and tells.
type ahead struct {
	stock   later[*engine.Table] // see relationsSQL
	version later[int]           // of elt's own tables
	recent  later[*state.Recent]
	world   later[*engine.Table] // see worldSQL
}

// later is an answer that is still to come.
type later[T any] struct {
	value T
	done  chan struct{} // closed once it is there; nil where nothing was asked
}

func (l *later[T]) set(value T) {
	l.value = value
	close(l.done)
}

// get waits for the answer.
func (l *later[T]) get() T {
	if l.done != nil {
		<-l.done
	}
	return l.value
}

// askWhileOpening returns what asks a database that was just opened; both are to be called. DuckDB takes
// three milliseconds to list what a catalog has, most of them for its own views, of which nobody
// wants to know.
func (a *ahead) askWhileOpening(ctx context.Context) (list, rest func(engine.Session)) {
	a.stock.done, a.version.done = make(chan struct{}), make(chan struct{})
	a.recent.done, a.world.done = make(chan struct{}), make(chan struct{})
	list = func(s engine.Session) { a.stock.set(answerOf(ctx, s, relationsSQL)) }
	rest = func(s engine.Session) {
		const itsOwn = "" // the database that was opened
		version, err := state.RecordedVersion(ctx, s, itsOwn)
		if err != nil {
			version = 0 // mostly there are no such tables
		}
		a.version.set(version)
		a.ask(ctx, s, itsOwn, version, true)
	}
	return list, rest
}

// askEarly begins to ask for what was not asked before.
func (r *run) askEarly(ctx context.Context) {
	if r.ahead != nil {
		return
	}
	s, err := r.db.Session(ctx)
	if err != nil {
		return
	}
	a := &ahead{}
	a.recent.done, a.world.done = make(chan struct{}), make(chan struct{})
	r.ahead = a
	r.closing.Go(func() {
		defer s.Close()
		a.ask(ctx, s, r.database, r.stateVersion, r.filled[state.StatesTable])
	})
}

// ask asks for all but the stock; see [state.Noted] for filled.
func (a *ahead) ask(ctx context.Context, s engine.Session, database string, version int, filled bool) {
	var known *state.Recent
	if version >= state.LogVersion {
		if recent, err := state.Noted(ctx, s, database, filled); err == nil {
			known = &recent
		}
	}
	a.recent.set(known)
	a.world.set(answerOf(ctx, s, worldSQL))
}

// answerOf is the answer to a query, nil where it fails.
func answerOf(ctx context.Context, s engine.Session, sql string) *engine.Table {
	t, err := s.Query(ctx, sql)
	if err != nil {
		return nil
	}
	return t
}

// asked is what is known of elt's notes.
func (r *run) asked() *state.Recent {
	if r.ahead == nil {
		return nil
	}
	return r.ahead.recent.get()
}

// wait waits for all that was asked.
func (a *ahead) wait() {
	if a != nil {
		a.stock.get()
		a.world.get() // the last
	}
}
