package runner

import (
	"context"
	"slices"
	"time"

	"elt/compiler/project"
	"elt/runner/check"
	"elt/runner/state"
)

// schedule does the units.
func (r *run) schedule(ctx context.Context) error {
	r.started, r.notedAt = true, time.Now()
	tests, byFirst := r.testGroups()
	workers, err := r.hire(ctx)
	if err != nil {
		return err
	}
	running := map[string]bool{}
	s := &schedule{
		units:    makeUnits(r.net, r.ids(), r.plan.Nodes, tests, !r.stopsAtMistakes()),
		workers:  r.workers,
		failFast: r.opts.FailFast,
		load:     newLoad(),
		do: func(ctx context.Context, number int, u *unit) outcome {
			return workers[number].unit(ctx, u, byFirst[u.ids[0]])
		},
		started: func(u *unit) {
			for _, id := range u.ids {
				running[id] = true
				r.emit(NodeStarted{Node: r.plan.Nodes[id], At: r.now()})
			}
		},
		finished: func(o outcome) {
			for _, res := range o.results {
				delete(running, res.Node.UniqueID)
				r.markOver(res.Node.UniqueID)
				r.unnoted = append(r.unnoted, r.byID[res.Node.UniqueID])
				r.note(ctx)
				r.emit(NodeFinished{Result: res})
			}
			r.relieve(ctx)
		},
		every: noteTime,
		idle:  func() { r.note(ctx) },
		skipped: func(u *unit, root string) {
			for _, id := range u.ids {
				r.skip(r.byID[id], root, "")
			}
		},
		stopped: func(u *unit, root string) {
			for _, id := range u.ids {
				r.stop(r.byID[id], root)
			}
		},
	}
	if !s.run(ctx) {
		r.abandoned = running
		return nil
	}
	for _, w := range workers {
		w.session.Close()
	}
	return nil
}

// testGroups are the tests that share a scan, and each group by its first test.
func (r *run) testGroups() (tests [][]string, byFirst map[string]check.Group) {
	byFirst = map[string]check.Group{}
	for _, g := range r.fuse() {
		ids := make([]string, len(g.Tests))
		for i, t := range g.Tests {
			ids[i] = t.ID
		}
		byFirst[ids[0]] = g
		tests = append(tests, ids)
	}
	return tests, byFirst
}

// hire opens a session for each worker.
func (r *run) hire(ctx context.Context) ([]*worker, error) {
	workers := make([]*worker, r.workers)
	for i := range workers {
		s, err := r.db.Session(ctx)
		if err != nil {
			return nil, err
		}
		workers[i] = &worker{run: r, session: s, number: i}
	}
	return workers, nil
}

// relieve keeps the log short while the run goes on: what is in it is in memory too, and
// is read again by the next to open the database. Where that fails nothing is lost, and
// finish tries again.
func (r *run) relieve(ctx context.Context) {
	if !r.readOnly && !r.logStays {
		r.logStays = r.db.CheckpointIfDue(ctx) != nil
	}
}

// noteTime is how often candidates and results are noted while a run goes on.
const noteTime = time.Second

// note notes what was made, and how tests ended, since the last note, every now and then:
// enough that a run which is killed after hours can be taken up, and so seldom that many
// small nodes do not pay for it. What ends up published is mostly never noted.
func (r *run) note(ctx context.Context) {
	if len(r.unnoted) == 0 || r.readOnly || time.Since(r.notedAt) < noteTime {
		return
	}
	var rows []state.Candidate
	for _, n := range r.unnoted {
		if n.row != nil {
			rows = append(rows, *n.row)
		}
	}
	results, files := r.resultRows(r.unnoted), filesStatements(r.unnoted)
	if !r.noted {
		results = append(results, r.carried...)
	}
	err := r.transact(ctx, func() error {
		return execAll(ctx, r.main, slices.Concat(files, state.InsertCandidates(r.database, rows), r.book.InsertResults(results)))
	})
	if err != nil {
		return // noted again with the outcome
	}
	for _, n := range r.unnoted {
		if n.row != nil && n.intake != nil {
			n.intake.unwritten = nil // it is written
		}
	}
	r.unnoted, r.noted, r.notedAt = nil, true, time.Now()
	r.point("candidate-recorded")
}

// markOver says that a node's outcome may be looked at by templates.
func (r *run) markOver(id string) {
	r.madeMu.Lock()
	defer r.madeMu.Unlock()
	r.over[id] = true
}

// skip ends a node that is not done.
func (r *run) skip(n *nodeRun, root, message string) {
	r.leave(n, &NodeResult{Node: n.node, Status: Skipped, StartedAt: r.now(), Rows: -1, SkippedFor: root, Message: message})
}

// stop ends a node that is not done since another one, with which it has nothing to do,
// has failed.
func (r *run) stop(n *nodeRun, root string) {
	r.leave(n, &NodeResult{
		Node: n.node, Status: Skipped, StartedAt: r.now(), Rows: -1, SkippedFor: root,
		Stopped: true, Message: "stopped after the first failure",
	})
}

func (r *run) leave(n *nodeRun, result *NodeResult) {
	n.result = result
	r.markOver(n.node.UniqueID)
	r.emit(NodeFinished{Result: result})
}

// skipUnfinished ends the nodes that an interrupt, or an error of the run, has left. What
// a worker still works on is the worker's: the rest of the run looks at another nodeRun
// in its place.
func (r *run) skipUnfinished(err error) {
	r.ended = slices.Clone(r.nodes)
	for i, n := range r.nodes {
		if r.abandoned[n.node.UniqueID] {
			n = &nodeRun{node: n.node, rows: -1}
			r.ended[i] = n
		} else if n.result != nil {
			continue
		}
		message := ""
		if r.interrupted {
			message = string(ErrInterrupted)
		} else if err != nil {
			message = "not started: " + err.Error()
		}
		r.skip(n, "", message)
	}
}

// unit does one unit and says whether what is behind it may start.
func (w *worker) unit(ctx context.Context, u *unit, group check.Group) outcome {
	o := outcome{unit: u}
	switch {
	case len(u.ids) > 1:
		tests := make([]*nodeRun, len(u.ids))
		for i, id := range u.ids {
			tests[i] = w.byID[id]
		}
		o.results = w.fused(ctx, tests, group)
		w.point("test-done")
	case w.byID[u.ids[0]].node.Type == project.UnitTest:
		o.results = []*NodeResult{w.unitTest(ctx, w.byID[u.ids[0]])}
	case w.byID[u.ids[0]].node.Type == project.Test:
		o.results = []*NodeResult{w.test(ctx, w.byID[u.ids[0]])}
		w.point("test-done")
	default:
		o.results = []*NodeResult{w.build(ctx, w.byID[u.ids[0]])}
	}
	for _, res := range o.results {
		if o.failed == "" && (res.Status == Failed || res.Status == Errored) && !goesOn(res.Node) {
			o.failed = res.Node.UniqueID
		}
	}
	return o
}

// goesOn reports whether what is behind a model is made also when the model cannot be: then it
// reads what is published of it. That is dbt's on_error: continue.
func goesOn(node *project.Node) bool {
	return node.Type == project.Model && node.Config.String("on_error", "") == "continue"
}
