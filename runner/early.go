package runner

import (
	"context"

	"elt/runner/engine"
	"elt/runner/state"
)

// early is what a run will ask the database for sooner or later, asked on a session of its own while
// files are looked at and queries are compiled. Nothing of it changes before the run writes.
type early struct {
	done   chan struct{} // closed once the rest is set
	world  *engine.Table // see worldSQL
	recent *state.Recent
}

// askEarly begins to ask. What goes wrong is left to who asks again.
func (r *run) askEarly(ctx context.Context) {
	s, err := r.db.Session(ctx)
	if err != nil {
		return
	}
	e, seen := &early{done: make(chan struct{})}, r.glance
	r.early = e
	r.closing.Go(func() {
		defer close(e.done)
		defer s.Close()
		if e.world = seen.wide(); e.world == nil {
			e.world = answerOf(ctx, s, worldSQL)
		}
		if r.stateVersion < state.LogVersion {
			return
		}
		if recent, err := state.Noted(ctx, s, r.database, r.filled[state.StatesTable]); err == nil {
			e.recent = &recent
		}
	})
}

// glance is what is asked of a database that is there and the only one as soon as it is open, while it is
// still set up: DuckDB takes three milliseconds to list what a catalog has, most of them for its
// own views, of which nobody wants to know. Of a nil one nothing is known, nor of what went wrong.
type glance struct {
	stock, world *question
	recorded     int // the version of elt's own tables, 0 where that is not known
}

func newGlance(ctx context.Context) *glance {
	g := &glance{}
	g.stock = &question{answered: make(chan struct{}), put: func(s engine.Session) *engine.Table {
		return answerOf(ctx, s, relationsSQL)
	}}
	g.world = &question{answered: make(chan struct{}), put: func(s engine.Session) *engine.Table {
		t := answerOf(ctx, s, worldSQL)
		g.recorded, _ = state.RecordedVersion(ctx, s, "") // who needs it asks again
		return t
	}}
	return g
}

// answerOf is the answer to a query, nil where it fails: whoever needs it asks again and tells.
func answerOf(ctx context.Context, s engine.Session, sql string) *engine.Table {
	t, err := s.Query(ctx, sql)
	if err != nil {
		return nil
	}
	return t
}

// question is asked once, on the session of [question.ask].
type question struct {
	put      func(engine.Session) *engine.Table
	answer   *engine.Table
	answered chan struct{} // closed once answer is set
}

func (q *question) ask(s engine.Session) {
	defer close(q.answered)
	q.answer = q.put(s)
}

func (q *question) get() *engine.Table {
	<-q.answered
	return q.answer
}

// relations is the answer to relationsSQL.
func (g *glance) relations() *engine.Table {
	if g == nil {
		return nil
	}
	return g.stock.get()
}

// wide is the answer to worldSQL.
func (g *glance) wide() *engine.Table {
	if g == nil {
		return nil
	}
	return g.world.get()
}

// version is that of elt's own tables, 0 where it is not known.
func (g *glance) version() int {
	if g == nil {
		return 0
	}
	g.world.get()
	return g.recorded
}

// get waits for what was asked; of a nil one nothing is known.
func (e *early) get() early {
	if e == nil {
		return early{}
	}
	<-e.done
	return *e
}
