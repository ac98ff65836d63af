package runner

import (
	"runtime"
	"time"
)

// load decides whether a further unit may begin beside those that run, so that nodes and
// DuckDB's threads share one budget. DuckDB spreads one large query over all cores by
// itself: a second large one beside it wins no time and takes memory of its own. Many
// small ones leave the cores idle while they bind, commit and wait for the disk, and so
// does a query that one thread does, or that waits for a network.
type load struct {
	cores float64
	now   func() time.Time
	cpu   func() (time.Duration, bool) // this process's time on the cores so far

	began  map[*unit]time.Time
	recent map[bool][]time.Duration // how long the last units took, of tests and of others

	seenAt  time.Time // since when the cores are watched
	seenCPU time.Duration
}

const (
	// smallUnit is the longest time that a unit takes which may run beside any other.
	smallUnit = 50 * time.Millisecond
	// look is the shortest time that the cores are watched before they are believed, and
	// longestLook the longest.
	look        = 20 * time.Millisecond
	longestLook = time.Second
	// looks is the part of a unit's time for which the cores are watched. A large query has
	// moments, above all at its start, in which one thread prepares what all will do.
	looks = 4
	// unknownUnit stands for the time of units as long as none has ended.
	unknownUnit = 400 * time.Millisecond
	// recentUnits is how many of the last units tell what the next will be like.
	recentUnits = 4
	// idleCore is the part of a core that must be idle for a further unit.
	idleCore = 0.5
)

func newLoad() *load {
	return &load{
		cores: float64(runtime.GOMAXPROCS(0)), now: time.Now, cpu: processTime,
		began: map[*unit]time.Time{}, recent: map[bool][]time.Duration{},
	}
}

// start notes that a unit begins.
func (l *load) start(u *unit) {
	l.began[u] = l.now()
	l.watch()
}

// end notes that a unit has ended.
func (l *load) end(u *unit) {
	took := l.now().Sub(l.began[u])
	delete(l.began, u)
	last := append(l.recent[u.tests], took)
	l.recent[u.tests] = last[max(0, len(last)-recentUnits):]
	l.watch()
}

// watch begins to watch the cores anew: what they did while other units ran says nothing.
func (l *load) watch() {
	l.seenAt = l.now()
	l.seenCPU, _ = l.cpu()
}

// spare reports whether a unit may begin now.
func (l *load) spare(u *unit) bool {
	return len(l.began) == 0 || l.small(u) || l.idle(u)
}

// small reports whether all that runs, and the unit too as far as one can tell, is small.
func (l *load) small(u *unit) bool {
	typical, known := l.typical(u)
	return known && typical <= smallUnit && l.longest() <= smallUnit
}

// typical is how long the last units of a kind took.
func (l *load) typical(u *unit) (mean time.Duration, known bool) {
	last := l.recent[u.tests]
	for _, took := range last {
		mean += took / time.Duration(len(last))
	}
	return mean, len(last) > 0
}

// longest is how long the oldest of the units that run has run.
func (l *load) longest() time.Duration {
	var longest time.Duration
	for _, began := range l.began {
		longest = max(longest, l.now().Sub(began))
	}
	return longest
}

// idle reports whether a part of a core was idle for a while, which is the longer the larger
// the units are.
func (l *load) idle(u *unit) bool {
	used, watched := l.cpu()
	if !watched {
		return true
	}
	typical, known := l.typical(u)
	if !known {
		typical = unknownUnit
	}
	elapsed := l.now().Sub(l.seenAt)
	if elapsed < min(max(typical, l.longest())/looks, longestLook) || elapsed < look {
		return false
	}
	busy := float64(used-l.seenCPU) / float64(elapsed)
	l.watch()
	return busy < l.cores-idleCore
}
