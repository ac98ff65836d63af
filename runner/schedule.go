package runner

import (
	"container/heap"
	"context"
	"runtime"
	"slices"
	"time"
)

// unit is work that one worker does in one go: a node, or several tests of one
// relation that share a scan.
type unit struct {
	ids    []string
	next   []*unit // units that wait for this one
	then   []*unit // units that wait for this one to be over, however it ends
	waits  int     // units this one waits for
	height int     // length of the longest chain of units behind this one
	order  int     // place in the plan, for ties
	root   string  // why it is skipped, or ""
	tests  bool    // it is made of tests
	after  bool    // it has been started, or skipped
}

// before makes u wait for no unit twice.
func (u *unit) before(v *unit) {
	if u == v {
		return
	}
	u.next = append(u.next, v)
	v.waits++
}

// outcome is how a unit ended.
type outcome struct {
	unit   *unit
	worker int // set by the schedule
	// failed is the id of what failed in a way that stops everything behind it, or "".
	failed string
	// results are handed on to the schedule's observer.
	results []*NodeResult
}

// schedule runs units as soon as what they wait for is over, the longest chain first.
// do is called on worker goroutines; the other functions on the caller's.
type schedule struct {
	units    []*unit
	workers  int
	failFast bool
	load     *load

	do       func(ctx context.Context, worker int, u *unit) outcome
	started  func(u *unit)
	finished func(o outcome)
	skipped  func(u *unit, root string)
	stopped  func(u *unit, root string) // of a unit that fail-fast leaves undone
	idle     func()                     // called every so often while units run
	every    time.Duration              // how often; never where it is 0

	patience <-chan time.Time // set when ctx has ended
	tick     <-chan time.Time // of every
}

// stopTime is how long units may take to end once ctx has ended. DuckDB looks for an
// interrupt between chunks of rows: a call that computes for hours over one value does
// not stop.
const stopTime = 700 * time.Millisecond

// run returns when every unit has ended, was skipped, or was left because ctx ended. It
// reports false where units still run that do not stop.
func (s *schedule) run(ctx context.Context) bool {
	setHeights(s.units)
	done := make(chan outcome, s.workers)
	crew := s.hire(ctx, done)
	defer crew.dismiss()

	if s.every > 0 {
		ticker := time.NewTicker(s.every)
		defer ticker.Stop()
		s.tick = ticker.C
	}
	ready := &readyUnits{}
	for _, u := range s.units {
		if u.waits == 0 {
			heap.Push(ready, u)
		}
	}
	running, stopFor := 0, ""
	for {
		for running < s.workers && ready.Len() > 0 && ctx.Err() == nil && stopFor == "" && s.load.spare(ready.first()) {
			crew.give(s.start(heap.Pop(ready).(*unit)))
			running++
		}
		if running == 0 {
			break
		}
		var again <-chan time.Time
		if running < s.workers && ready.Len() > 0 && stopFor == "" {
			again = time.After(look)
		}
		o, ended, ok := s.await(ctx, done, again)
		if !ok {
			return false
		}
		if !ended {
			continue
		}
		running--
		crew.free[o.worker] = true
		s.load.end(o.unit)
		s.finished(o)
		if o.failed != "" && s.failFast && stopFor == "" {
			stopFor = o.failed
		}
		s.release(o, ready)
	}
	if stopFor != "" {
		s.skipRest(stopFor)
	}
	return true
}

// start notes that a unit is on its way.
func (s *schedule) start(u *unit) *unit {
	u.after = true
	s.load.start(u)
	s.started(u)
	return u
}

// await waits for a unit to end or until again, but not for long once ctx has ended: then
// it is not ok.
func (s *schedule) await(ctx context.Context, done <-chan outcome, again <-chan time.Time) (o outcome, ended, ok bool) {
	for ctx.Err() == nil {
		select {
		case o = <-done:
			return o, true, true
		case <-again:
			return outcome{}, false, true
		case <-s.tick:
			s.idle()
		case <-ctx.Done():
		}
	}
	if s.patience == nil {
		s.patience = time.After(stopTime)
	}
	select {
	case o = <-done:
		return o, true, true
	case <-s.patience:
		return outcome{}, false, false
	}
}

// crew are the workers of a schedule. Each keeps a thread of the system to itself, and a unit is
// given to the first who is free: DuckDB's allocator keeps what was freed for the thread that
// had it, so that large nodes, done by whatever thread the Go runtime has at hand, left memory
// behind on several of them.
type crew struct {
	work []chan *unit // of each worker
	free []bool
}

// hire starts the workers.
func (s *schedule) hire(ctx context.Context, done chan<- outcome) *crew {
	c := &crew{}
	for number := range s.workers {
		work := make(chan *unit)
		c.work, c.free = append(c.work, work), append(c.free, true)
		go func() {
			runtime.LockOSThread() // until it ends, and the thread with it
			for u := range work {
				o := s.do(ctx, number, u)
				o.worker = number
				done <- o
			}
		}()
	}
	return c
}

// give gives a unit to the first worker who is free. There must be one.
func (c *crew) give(u *unit) {
	number := slices.Index(c.free, true)
	c.free[number] = false
	c.work[number] <- u
}

// dismiss lets the workers go.
func (c *crew) dismiss() {
	for _, work := range c.work {
		close(work)
	}
}

// release lets go what has waited for a unit, or skips it where the unit failed.
func (s *schedule) release(o outcome, ready *readyUnits) {
	for _, then := range o.unit.then {
		if then.waits--; then.waits == 0 && then.root == "" {
			heap.Push(ready, then)
		}
	}
	for _, next := range o.unit.next {
		next.waits--
		if o.failed != "" && next.root == "" {
			next.root = o.failed // also of one that still waits for others
		}
		if next.waits > 0 {
			continue
		}
		if next.root == "" {
			heap.Push(ready, next)
			continue
		}
		next.after = true
		s.skipped(next, next.root)
		s.release(outcome{unit: next, failed: next.root}, ready)
	}
}

// skipRest ends what has not been started, in plan order: what is behind something
// that failed is skipped for it, everything else is left since the run stops.
func (s *schedule) skipRest(root string) {
	var behind []*unit
	for _, u := range s.units {
		if !u.after && u.root != "" {
			behind = append(behind, u)
		}
	}
	for ; len(behind) > 0; behind = behind[1:] {
		for _, next := range behind[0].next {
			if next.root == "" {
				next.root = behind[0].root
				behind = append(behind, next)
			}
		}
	}
	for _, u := range s.units {
		switch {
		case u.after:
			continue
		case u.root != "":
			s.skipped(u, u.root)
		default:
			s.stopped(u, root)
		}
		u.after = true
	}
}

// setHeights finds the longest chain behind each unit. Units are few and their
// edges have no cycle, since the graph has none.
func setHeights(units []*unit) {
	waits := make(map[*unit]int, len(units))
	var order []*unit
	for _, u := range units {
		waits[u] = u.waits
		if u.waits == 0 {
			order = append(order, u)
		}
	}
	for i := 0; i < len(order); i++ {
		for _, next := range slices.Concat(order[i].next, order[i].then) {
			if waits[next]--; waits[next] == 0 {
				order = append(order, next)
			}
		}
	}
	for i := len(order) - 1; i >= 0; i-- {
		for _, next := range slices.Concat(order[i].next, order[i].then) {
			order[i].height = max(order[i].height, next.height+1)
		}
	}
}

// readyUnits is a heap: the highest unit first, then plan order.
type readyUnits []*unit

func (r readyUnits) Len() int { return len(r) }
func (r readyUnits) Less(i, j int) bool {
	if r[i].height != r[j].height {
		return r[i].height > r[j].height
	}
	return r[i].order < r[j].order
}
func (r readyUnits) Swap(i, j int) { r[i], r[j] = r[j], r[i] }

// first is the unit that comes next.
func (r readyUnits) first() *unit { return r[0] }

// Push adds a unit.
func (r *readyUnits) Push(x any) { *r = append(*r, x.(*unit)) }

// Pop removes the last unit.
func (r *readyUnits) Pop() any {
	old := *r
	u := old[len(old)-1]
	*r = old[:len(old)-1]
	return u
}
