package runner_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"elt/runner"
)

// TestClockSetBack sets the clock back by a day between two builds. The second one is the newest all
// the same: the replica is behind until it is renewed, retry takes up that run, and the history tells it first.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.replica = "read.duckdb"
	at := time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC)
	w.opts.Now = func() time.Time { at = at.Add(time.Second); return at }
	define := func(batch string) {
		w.table("a", "select "+batch+" as batch")
		w.table("b", "select batch from {a}")
	}
	define("1")
	w.build()
	at = at.Add(-24 * time.Hour)
	define("2")
	w.replica = "" // as if it had been killed before the copy
	w.build()
	w.replica = "read.duckdb"
	shown := &warehouse{t: t, path: filepath.Join(filepath.Dir(w.path), w.replica)}
	define("2")
	w.check("fine", "select * from {b} where batch < 0")
	if err := os.Chtimes(shown.path, time.Time{}, time.Now().Add(24*time.Hour)); err != nil { // when it was made, by the clock of then
		t.Fatal(err)
	}
	w.opts.Changed = true
	if s, err := w.run("build"); err != nil || !s.OK() {
		t.Fatalf("build --changed: %v", err)
	}
	equal(t, "the replica", shown.rows("select batch from b"), "2")
	w.opts.Changed = false

	at = at.Add(-24 * time.Hour)
	w.check("never", "select * from {b}")
	if s, err := w.run("build"); err != nil || s.OK() {
		t.Fatalf("a build that must fail: %v", err)
	}
	history, err := runner.History(context.Background(), w.plan(), runner.HistoryOptions{Runs: 1})
	if err != nil || len(history.Runs) != 1 || history.Runs[0].Outcome != "failed" {
		t.Errorf("the newest run: %+v, %v", history, err)
	}
	opts := w.opts
	opts.Compiler = runner.Precompiled()
	if _, err := runner.Retry(context.Background(), w.plan(), opts, &recorder{}); err != nil {
		t.Errorf("retry: %v", err)
	}
}
