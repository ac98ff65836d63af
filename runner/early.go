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
	states map[string]state.NodeState
	last   *state.Run
}

// askEarly begins to ask. What goes wrong is left to who asks again.
func (r *run) askEarly(ctx context.Context) {
	s, err := r.db.Session(ctx)
	if err != nil {
		return
	}
	e := &early{done: make(chan struct{})}
	r.early = e
	r.closing.Go(func() {
		defer close(e.done)
		defer s.Close()
		if e.world, err = s.Query(ctx, worldSQL); err != nil {
			e.world = nil
		}
		if r.stateVersion < state.LogVersion {
			return
		}
		if states, last, err := state.Noted(ctx, s, r.database, r.filled[state.StatesTable]); err == nil {
			e.states, e.last = states, &last
		}
	})
}

// get waits for what was asked; of a nil one nothing is known.
func (e *early) get() early {
	if e == nil {
		return early{}
	}
	<-e.done
	return *e
}
