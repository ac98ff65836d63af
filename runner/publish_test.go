package runner_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"elt/compiler/project"
	"elt/runner"
	"elt/runner/duckdb"
)

func TestPublishThatFailsPublishesNothing(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as batch")
	w.build()
	w.table("a", "select 2 as batch")
	w.table("b", "select batch from {a}")
	w.opts.Point = func(name string) {
		if name != "built" {
			return
		}
		db, err := duckdb.Open(context.Background(), duckdb.Options{Path: w.path}) // the same database, in this process
		if err != nil {
			t.Error(err)
			return
		}
		defer db.Close()
		s, err := db.Session(context.Background())
		if err != nil {
			t.Error(err)
			return
		}
		if _, err := s.Exec(context.Background(), "create table b as select 'in the way' as batch"); err != nil {
			t.Error(err)
		}
	}
	s, err := w.run("build")
	if err == nil || !strings.Contains(err.Error(), "nothing was published") {
		t.Fatalf("got %v", err)
	}
	if s == nil || s.Published != 0 || s.OK() {
		t.Fatalf("summary: %+v", s)
	}
	equal(t, "a", w.rows("select * from a"), "1")
	equal(t, "b", w.rows("select * from b"), "in the way")
	equal(t, "history", w.rows("select outcome, published_at is null from _elt.runs order by started_at desc limit 1"), "failed|true")
	w.opts.Point, w.opts.Adopt = nil, true // b is nobody's that elt knows
	if s := w.build(); !s.OK() {
		t.Errorf("the next run: %s", statuses(s))
	}
	equal(t, "a and b", w.rows("select a.batch, b.batch from a, b"), "2|2")
}

func TestInterruptDuringThePublish(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"built", "publish-begun", "publish-swapped", "publish-indexes", "publish-recorded"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			w := newWarehouse(t)
			w.table("a", "select 1 as batch")
			w.view("v", "select batch from {a}")
			w.build()
			w.table("a", "select 2 as batch")
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			w.opts.Point = func(name string) {
				if name == point {
					cancel()
				}
			}
			s, err := w.runAs(ctx, "build", &recorder{})
			if err != runner.ErrInterrupted || s == nil || s.Published != 0 {
				t.Errorf("got %v, %+v", err, s)
			}
			equal(t, "a", w.rows("select * from v"), "1")
			equal(t, "history", w.rows("select outcome from _elt.runs order by started_at desc limit 1"), "interrupted")
		})
	}
}

func TestInterruptBeforeTheReplicaIsRenewed(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.replica = "read.duckdb"
	w.table("a", "select 1 as batch")
	w.build()
	w.table("a", "select 2 as batch")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.opts.Point = func(name string) {
		if name == "closed" {
			cancel()
		}
	}
	seen := &recorder{}
	s, err := w.runAs(ctx, "build", seen)
	if err != runner.ErrInterrupted || s == nil || s.Published != 1 {
		t.Errorf("got %v, %+v", err, s)
	}
	told := slices.ContainsFunc(seen.events, func(e runner.Event) bool {
		n, ok := e.(runner.Noticed)
		return ok && strings.Contains(n.Diagnostic.Message, "still shows the build before")
	})
	if !told {
		t.Errorf("nobody was told that the replica is behind: %v", seen.events)
	}
	equal(t, "a", w.rows("select * from a"), "2")
	w.opts.Point, w.opts.Changed = nil, true
	w.build()
	w.path = filepath.Join(filepath.Dir(w.path), w.replica)
	if err := os.Chmod(w.path, 0o644); err != nil { // for rows, which opens for writing
		t.Fatal(err)
	}
	equal(t, "the replica after the next run", w.rows("select * from a"), "2")
}

func TestTestCommandChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as n")
	w.check("a_ok", "select * from {a} where n > 1")
	w.check("a_bad", "select * from {a}")
	w.build()
	equal(t, "candidate stays", w.rows("select count(*) from _elt.candidates"), "1")
	w.exec("create table a as select 5 as n")
	s, err := w.run("test")
	if err != nil {
		t.Fatal(err)
	}
	equalStatuses(t, s, `
		a_ok fail
		a_bad fail`)
	equal(t, "the candidate still stays", w.rows("select count(*) from _elt.candidates"), "1")
	equal(t, "history", w.rows("select command, outcome from _elt.runs order by started_at desc limit 1"), "test|failed")
}

func TestFileDoesNotGrow(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select i, hash(i) as h, hash(i + 1) as h2 from range(200000) t(i)")
	w.build()
	once := w.size()
	for range 10 {
		w.build()
	}
	const pieces = 8 * 256 << 10 // what small logs have added since they were joined last
	if grown := w.size(); float64(grown) > 2.2*float64(once)+pieces {
		t.Errorf("ten rebuilds made %d bytes out of %d", grown, once)
	}
}

func TestAFileThatAnotherProcessHasFilledIsNotRemoved(t *testing.T) {
	t.Parallel()
	for _, filled := range []bool{false, true} {
		w := newWarehouse(t)
		w.add(project.Model, "a", "select 1 as id", "materialized", "unheard of")
		w.opts.Point = func(name string) {
			if name != "opened" || !filled {
				return
			}
			db, err := duckdb.Open(context.Background(), duckdb.Options{Path: w.path}) // the same database, in this process
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			s, err := db.Session(context.Background())
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := s.Exec(context.Background(), "create table theirs as select 1 as id"); err != nil {
				t.Error(err)
			}
		}
		if _, err := w.run("build"); err == nil {
			t.Fatal("there was no error")
		}
		if _, err := os.Stat(w.path); (err == nil) != filled {
			t.Errorf("filled %t: %v", filled, err)
		}
	}
}
