package process

import (
	"testing"
	"time"
)

func TestBusyTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, stat string
		want       time.Duration
		ok         bool
	}{
		{"all but idle, waiting and guests", "cpu  100 20 30 5000 400 1 2 3 90 10\ncpu0 1 1 1 1\n", 1560 * time.Millisecond, true},
		{"an old kernel", "cpu 1 2 3 4", 60 * time.Millisecond, true},
		{"something else", "intr 1 2 3 4 5", 0, false},
		{"no number", "cpu 1 2 x 4 5", 0, false},
		{"nothing", "", 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got, ok := busyTime(c.stat); got != c.want || ok != c.ok {
				t.Errorf("%v %v, want %v %v", got, ok, c.want, c.ok)
			}
		})
	}
}
