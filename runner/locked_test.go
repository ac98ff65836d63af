//go:build unix

package runner_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"elt/compiler/diag"
	"elt/runner"
)

// TestNoOtherProcessCanWriteDuringARun starts a second build in a process of its own
// while the first one runs: it is told who holds the database.
func TestNoOtherProcessCanWriteDuringARun(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as n")
	tried := false
	w.opts.Point = func(name string) {
		if name != "built" {
			return
		}
		tried = true
		out, err := buildElsewhere(t, w)
		if err == nil || !strings.Contains(out, "is locked by process") {
			t.Errorf("the second build: %v\n%s", err, out)
		}
	}
	if s := w.build(); !s.OK() || !tried {
		t.Fatalf("tried %t\n%s", tried, statuses(s))
	}
}

func TestOpenErrorsAreDiagnostics(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as n")
	w.path = w.path + ".d/none/w.duckdb"
	_, err := w.run("build")
	var d *diag.Diagnostic
	if !errors.As(err, &d) || d.Code != diag.Database || d.Hint == "" {
		t.Errorf("got %v", err)
	}
	_, err = runner.Show(context.Background(), w.plan(), runner.ShowOptions{Inline: "select 1", Compiler: runner.Precompiled(), Wait: time.Millisecond})
	if !errors.As(err, &d) || !strings.Contains(d.Message, "does not exist") {
		t.Errorf("got %v", err)
	}
}
