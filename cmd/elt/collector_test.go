package main

import "testing"

func TestPercentFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		live uint64
		want int
	}{
		{"nothing is known yet", 0, 400},
		{"a small project", 4 << 20, 400},
		{"just as much as may be", 64 << 20, 400},
		{"a large project is held at the roomy heap", 128 << 20, 200},
		{"a huge project is collected as usual", 400 << 20, 100},
	} {
		if got := percentFor(c.live); got != c.want {
			t.Errorf("%s: %d %%, not %d %%", c.name, got, c.want)
		}
	}
}
