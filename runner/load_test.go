package runner

import (
	"testing"
	"time"
)

// machine is a clock and the time spent on two cores, set by hand.
type machine struct {
	at, used time.Duration
}

func (m *machine) load() *load {
	l := newLoad()
	l.cores = 2
	l.now = func() time.Time { return time.Unix(1000, 0).Add(m.at) }
	l.cpu = func() (time.Duration, bool) { return m.used, true }
	return l
}

// pass lets time go by with so many cores at work.
func (m *machine) pass(d time.Duration, cores float64) {
	m.at += d
	m.used += time.Duration(cores * float64(d))
}

// done lets a unit take so long.
func (m *machine) done(l *load, u *unit, took time.Duration, cores float64) {
	l.start(u)
	m.pass(took, cores)
	l.end(u)
}

func TestLoadSpare(t *testing.T) {
	t.Parallel()
	model, test := &unit{}, &unit{tests: true}
	for _, c := range []struct {
		name  string
		setUp func(m *machine, l *load)
		next  *unit
		want  bool
	}{
		{"nothing runs", func(*machine, *load) {}, model, true},
		{"the first one runs and nothing is known", func(m *machine, l *load) {
			l.start(&unit{})
		}, model, false},
		{"the first one keeps both cores busy", func(m *machine, l *load) {
			l.start(&unit{})
			m.pass(300*time.Millisecond, 2)
		}, model, false},
		{"the first one uses one core", func(m *machine, l *load) {
			l.start(&unit{})
			m.pass(300*time.Millisecond, 1)
		}, model, true},
		{"the first one uses one core, watched too shortly", func(m *machine, l *load) {
			l.start(&unit{})
			m.pass(50*time.Millisecond, 1)
		}, model, false},
		{"a large one begins with one thread and goes on with all", func(m *machine, l *load) {
			m.done(l, &unit{}, 2*time.Second, 2)
			l.start(&unit{})
			m.pass(100*time.Millisecond, 1)
			l.spare(model)
			m.pass(500*time.Millisecond, 2)
		}, model, false},
		{"a large one ends with one thread", func(m *machine, l *load) {
			m.done(l, &unit{}, 2*time.Second, 2)
			l.start(&unit{})
			m.pass(5*time.Second, 2)
			l.spare(model)
			m.pass(1100*time.Millisecond, 1)
		}, model, true},
		{"a unit of middling size uses one core", func(m *machine, l *load) {
			m.done(l, &unit{}, 120*time.Millisecond, 1)
			l.start(&unit{})
			m.pass(35*time.Millisecond, 1)
		}, model, true},
		{"the cores were idle before the last one began", func(m *machine, l *load) {
			l.start(&unit{})
			m.pass(10*time.Second, 0.1)
			l.start(&unit{})
		}, model, false},
		{"models were small", func(m *machine, l *load) {
			m.done(l, &unit{}, 3*time.Millisecond, 2)
			l.start(&unit{})
		}, model, true},
		{"models were small, and one runs that is not", func(m *machine, l *load) {
			m.done(l, &unit{}, 3*time.Millisecond, 2)
			l.start(&unit{})
			m.pass(60*time.Millisecond, 2)
		}, model, false},
		{"models were large and cores are busy", func(m *machine, l *load) {
			m.done(l, &unit{}, 3*time.Millisecond, 2)
			m.done(l, &unit{}, time.Second, 2)
			l.start(&unit{})
			m.pass(300*time.Millisecond, 2)
		}, model, false},
		{"models were large long ago", func(m *machine, l *load) {
			m.done(l, &unit{}, time.Second, 2)
			for range recentUnits {
				m.done(l, &unit{}, 3*time.Millisecond, 2)
			}
			l.start(&unit{})
		}, model, true},
		{"tests were small, of models nothing is known", func(m *machine, l *load) {
			m.done(l, &unit{tests: true}, 3*time.Millisecond, 2)
			l.start(&unit{tests: true})
		}, model, false},
		{"tests were small", func(m *machine, l *load) {
			m.done(l, &unit{tests: true}, 3*time.Millisecond, 2)
			l.start(&unit{})
		}, test, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := &machine{}
			l := m.load()
			c.setUp(m, l)
			if got := l.spare(c.next); got != c.want {
				t.Errorf("spare is %v, want %v", got, c.want)
			}
		})
	}
}

func TestLoadWhereTheCoresCannotBeWatched(t *testing.T) {
	t.Parallel()
	l := newLoad()
	l.cpu = func() (time.Duration, bool) { return 0, false }
	l.start(&unit{})
	if !l.spare(&unit{}) {
		t.Error("units would run one after the other")
	}
}
