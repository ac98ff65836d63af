//go:build unix

package runner_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"elt/compiler/diag"
	"elt/runner"
	"elt/runner/duckdb"
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

// TestReplicaWhileAnotherRunHasTheDatabase lets another process take the database as soon as a
// run has closed it: that run's work is done, and the other one renews the replica.
func TestReplicaWhileAnotherRunHasTheDatabase(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.replica = "read.duckdb"
	w.table("a", "select 1 as n")
	release := func() {}
	w.opts.Point = func(name string) {
		if name == "closed" {
			release = holdElsewhere(t, w.path)
		}
	}
	seen := &recorder{}
	s, err := w.runAs(context.Background(), "build", seen)
	release()
	if err != nil || !s.OK() || s.Published != 1 {
		t.Errorf("got %v\n%s", err, statuses(s))
	}
	told := slices.ContainsFunc(seen.events, func(e runner.Event) bool {
		n, ok := e.(runner.Noticed)
		return ok && n.Diagnostic.Severity == diag.Warning && strings.Contains(n.Diagnostic.Message, "could not be renewed")
	})
	if !told {
		t.Errorf("nobody was told that the replica is behind: %v", seen.events)
	}
	replica := filepath.Join(filepath.Dir(w.path), w.replica)
	if _, err := os.Stat(replica); err == nil {
		t.Fatal("the replica was renewed all the same")
	}
	w.opts.Point, w.opts.Changed = nil, true
	w.build()
	if _, err := os.Stat(replica); err != nil {
		t.Error(err)
	}
}

// holdElsewhere has a process of its own open a database for writing until it is released.
func holdElsewhere(t *testing.T, path string) (release func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestHoldingProcess$")
	cmd.Env = append(os.Environ(), holdPath+"="+path)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "held\n" {
		t.Errorf("the other process says %q, %v", line, err)
	}
	return func() {
		stdin.Close()
		_ = cmd.Wait()
	}
}

// holdPath is the variable of the process that holds a database.
const holdPath = "ELT_TEST_HOLD"

// TestHoldingProcess is no test: it is the process that holds a database.
func TestHoldingProcess(t *testing.T) {
	path := os.Getenv(holdPath)
	if path == "" {
		t.Skip("only run by other tests")
	}
	db, err := duckdb.Open(context.Background(), duckdb.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	fmt.Println("held")
	_, _ = io.Copy(io.Discard, os.Stdin)
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
