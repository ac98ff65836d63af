package runner_test

import (
	"testing"
	"time"

	"elt/compiler/project"
)

// TestChangedRunsATestWhateverTheClockSaid sets the clock back between a test that passed and what was
// published after it: by their times the test is the later one.
func TestChangedRunsATestWhateverTheClockSaid(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	at := time.Date(2026, 1, 1, 10, 0, 0, 0, time.UTC)
	w.opts.Now = func() time.Time { at = at.Add(time.Second); return at }
	must := func(command string, names ...string) {
		t.Helper()
		if summary, err := w.run(command, names...); err != nil || !summary.OK() {
			t.Fatalf("%s: %v", command, err)
		}
	}
	w.add(project.Model, "orders", "select 1 as v", "materialized", "table")
	w.check("positive", "select * from {orders} where v < 0")
	must("build")
	at = at.Add(2 * time.Hour)
	must("test")
	at = at.Add(-time.Hour)
	w.add(project.Model, "orders", "select -1 as v", "materialized", "table")
	must("run", "orders")
	w.opts.Changed = true
	summary, err := w.run("build")
	if err != nil {
		t.Fatal(err)
	}
	if summary.OK() {
		t.Errorf("the test is left out, though it has not seen what is published:\n%s", statuses(summary))
	}
}
