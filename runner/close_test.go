//go:build unix

package runner_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"elt/compiler/project"
	"elt/runner"
)

// TestLogThatCannotBeWrittenOnClosing builds in a process of its own, whose disk is full when it
// closes the database: an on-run-end hook has put something into the log by then, which stays
// there. The run has come out well, since nothing is lost; but no replica may be made of the
// file alone.
func TestLogThatCannotBeWrittenOnClosing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, replica string
	}{
		{"the run is green and warns", ""},
		{"the replica is said not to be renewed", "read.duckdb"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWarehouse(t)
			defineClosing(w)
			w.build()
			if runAndKill(t, filepath.Dir(w.path), 1, "", time.Minute, crashClose+"=yes", crashReplica+"="+c.replica, crashFull+"=closing") {
				t.Fatal("it was killed")
			}
			equal(t, "what both builds have made", w.rows("select (select n from a), (select count(*) from ends)"), "1|2")
			equal(t, "how they came out", w.rows("select outcome from _elt.runs"), "success\nsuccess")
		})
	}
}

// defineClosing is a project that writes at the end of a run, after its checkpoint.
func defineClosing(w *warehouse) {
	w.table("a", "select 1 as n")
	for i, sql := range []string{"create table if not exists ends (moment timestamp)", "insert into ends values (now()::timestamp)"} {
		node := w.add(project.Operation, "end"+string(rune('0'+i)), sql)
		node.Relation, node.Hook = project.Relation{}, &project.HookInfo{When: "on-run-end", Index: i}
	}
}

// checkUnwritten looks at what a build says whose log could not be written into the file when
// the database was closed.
func checkUnwritten(t *testing.T, s *runner.Summary, err error, seen *recorder, replica string) {
	t.Helper()
	if s.OK() != (replica == "") || s.Published != 1 {
		t.Errorf("the build is OK: %v\n%s", s.OK(), statuses(s))
	}
	if replica == "" && err != nil {
		t.Errorf("the run fails, though nothing is lost: %v", err)
	}
	if replica != "" && (err == nil || !strings.Contains(err.Error(), `read.duckdb" could not be renewed: the log of the database could not be written`)) {
		t.Errorf("of the replica the run says: %v", err)
	}
	told := 0
	for _, e := range seen.events {
		if n, ok := e.(runner.Noticed); ok && strings.Contains(n.Diagnostic.Message, "the log could not be written into the database file: ") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("that the log stays is said %d times", told)
	}
}
