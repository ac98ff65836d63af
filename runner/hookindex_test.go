package runner_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"elt/runner"
)

func TestIndexesOfHooksAreMadeAtThePublish(t *testing.T) {
	t.Parallel()
	const ids = "select index_name, is_unique, table_name from duckdb_indexes() order by 1"
	w := newWarehouse(t)
	for i := range 3 {
		hook(w.table("a", "select 1 as id"),
			"create index if not exists ix on {this} (id); insert into {this} values (7)", `create unique index "Ix Two" on {this} (id)`)
		hook(w.incremental("inc", "select 2 as id", "unique_key", "id"), "create index if not exists ix_inc on {this} (id)")
		s := w.build()
		if !s.OK() {
			t.Fatalf("run %d: %s: %v", i+1, statuses(s), s.Results[0].Diagnostics)
		}
		equal(t, "indexes", w.rows(ids), "Ix Two|true|a\nix|false|a\nix_inc|false|inc")
		equal(t, "a", w.rows("select id from a order by 1"), "1\n7")
		equal(t, "inc", w.rows("select id from inc"), "2")
	}
}

func TestAnIndexOfAHookThatRowsBreakFailsItsNode(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	hook(w.table("a", "select 1 as id"), "create unique index ix on {this} (id)")
	w.table("b", "select 1 as id")
	w.build()
	hook(w.table("a", "select 2 as id union all select 2"), "create unique index ix on {this} (id)")
	w.table("b", "select 2 as id")
	s := w.build()
	equalStatuses(t, s, `
		a error
		b success published`)
	equal(t, "a", w.rows("select * from a"), "1")
	equal(t, "b", w.rows("select * from b"), "2")
	equal(t, "indexes", w.rows("select index_name from duckdb_indexes()"), "ix")
}

func TestIndexesOfHooksAreMadeByARetry(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	hook(w.table("a", "select 1 as id"), "create index ix on {this} (id)")
	w.table("c", "select n from {a}, mended")
	w.check("c_a", "select * from {c} join {a} on false")
	w.build()
	equal(t, "indexes", w.rows("select index_name from duckdb_indexes()"), "")
	w.exec("create table mended as select 1 as n")
	s, err := runner.Retry(context.Background(), w.plan(), runner.Options{Compiler: runner.Precompiled()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	equalStatuses(t, s, `
		a success published
		c success published
		c_a pass`)
	if !s.Results[0].Resumed {
		t.Error("a was made again")
	}
	equal(t, "indexes", w.rows("select index_name from duckdb_indexes()"), "ix")
}

func TestTheCommentOfAViewIsPublished(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	for range 2 {
		hook(w.view("v", "select 1 as id"), "comment on view {this} is 'all that is'")
		w.build()
		equal(t, "comment", w.rows("select comment from duckdb_views() where view_name = 'v'"), "all that is")
	}
}

func TestAHookThatChangesWhatIsPublishedIsRefused(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{
		"delete from a", "DELETE FROM main.a where a.id = 1", "update a set id = 3", `insert into "A" values (9)`,
		"truncate a", "drop table if exists a", "create index ix on a (id)", "alter table main.a add column x int",
	} {
		w := newWarehouse(t)
		w.table("a", "select 1 as id")
		w.build()
		hook(w.table("a", "select 2 as id"), sql)
		if _, err := w.run("build"); err == nil || !strings.Contains(err.Error(), "before it is tested") {
			t.Errorf("%s: %v", sql, err)
		}
		equal(t, sql, w.rows("select * from a"), "1")
	}
	w := newWarehouse(t)
	w.exec("create table log (a int)")
	hook(w.table("a", "select 1 as id"), "insert into log select a.id from {this} as a", "insert into log select id from {this} where exists (from log as a)")
	equalStatuses(t, w.build(), "a success published")
	equal(t, "log", w.rows("select * from log"), "1\n1")
}

// TestAnIndexThatIsThereNeedsNoCopy: the delta goes into the published table.
func TestAnIndexThatIsThereNeedsNoCopy(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		hook  string
		stays bool // the table is changed, not replaced
	}{
		{"create index if not exists ix on {this} (k)", true},
		{"CREATE INDEX IF NOT EXISTS Ix ON {this} (k);", true},
		{"create unique index if not exists ix on {this} (k)", false},
		{"create index if not exists ix on {this} (k); delete from {this} where k = 9", false},
	} {
		w := newWarehouse(t)
		define := func(day int) {
			hook(w.incremental("a", fmt.Sprintf("select %d as k, %d as day", day, day), "unique_key", "k"), test.hook)
		}
		define(1)
		w.build()
		define(2)
		s := w.build()
		if !s.OK() {
			t.Fatalf("%s: %s", test.hook, statuses(s))
		}
		// A copy is made before the delta, and the delta is put into it at once.
		if stays := len(s.Results[0].Statements) == 1; stays != test.stays {
			t.Errorf("%s: the table stays: %v\n%s", test.hook, stays, strings.Join(s.Results[0].Statements, "\n"))
		}
		equal(t, test.hook, w.rows("select string_agg(k, ' ' order by k) from a"), "1 2")
		equal(t, test.hook+", indexes", strings.ToLower(w.rows("select index_name from duckdb_indexes()")), "ix")
	}
}
