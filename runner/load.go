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

	seenAt  time.Time // when the cores were looked at last
	seenCPU time.Duration
}

const (
	// smallUnit is the longest time that a unit takes which may run beside any other.
	smallUnit = 50 * time.Millisecond
	// look is how long the cores are watched before they are believed.
	look = 20 * time.Millisecond
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
func (l *load) start(u *unit) { l.began[u] = l.now() }

// end notes that a unit has ended.
func (l *load) end(u *unit) {
	took := l.now().Sub(l.began[u])
	delete(l.began, u)
	last := append(l.recent[u.tests], took)
	l.recent[u.tests] = last[max(0, len(last)-recentUnits):]
}

// spare reports whether a unit may begin now.
func (l *load) spare(u *unit) bool {
	return len(l.began) == 0 || l.small(u) || l.idle()
}

// small reports whether all that runs, and the unit too as far as one can tell, is small.
func (l *load) small(u *unit) bool {
	for _, began := range l.began {
		if l.now().Sub(began) > smallUnit {
			return false
		}
	}
	var sum time.Duration
	last := l.recent[u.tests]
	for _, took := range last {
		sum += took
	}
	return len(last) > 0 && sum <= time.Duration(len(last))*smallUnit
}

// idle reports whether a part of a core was idle since the last look.
func (l *load) idle() bool {
	used, known := l.cpu()
	if !known {
		return true
	}
	now := l.now()
	elapsed := now.Sub(l.seenAt)
	if elapsed < look {
		return false
	}
	busy := float64(used-l.seenCPU) / float64(elapsed)
	first := l.seenAt.IsZero() || elapsed > 10*look // too long ago to tell what is now
	l.seenAt, l.seenCPU = now, used
	return !first && busy < l.cores-idleCore
}
