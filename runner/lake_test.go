package runner_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"elt/compiler/project"
	"elt/runner"
	"elt/runner/duckdb"
)

// addLake adds a source over lake/*.csv with the given files.
func addLake(w *warehouse, files map[string]string) string {
	w.t.Helper()
	dir := filepath.Join(filepath.Dir(w.path), "lake")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		w.t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
	src := w.add(project.Source, "orders_raw", "")
	src.Table = &project.SourceTable{SourceName: "lake", Paths: []project.Located{{Text: "lake/*.csv"}}, Format: "csv"}
	return dir
}

func TestLakeFilesArePinned(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	dir := addLake(w, map[string]string{"a.csv": "n\n1\n", "b.csv": "n\n2\n"})
	w.table("t", "select sum(n) as n from {orders_raw} -- lake/*.csv")
	w.view("v", "select sum(n) as n from {orders_raw}")
	w.opts.Point = func(name string) {
		if name == "run-recorded" { // a file that arrives during the run
			_ = os.WriteFile(filepath.Join(dir, "c.csv"), []byte("n\n4\n"), 0o644)
		}
	}
	s := w.build()
	equalStatuses(t, s, "t success published\n\t\tv success published")
	equal(t, "the table has the files of the beginning", w.rows("select n::int from t"), "3")
	equal(t, "the view is pinned", w.rows("select n::int from v"), "3")
	w.lake, w.opts.Point = "live", nil
	w.build()
	equal(t, "the view is live", w.rows("select n::int from v"), "7")
}

func TestLakeFileThatChangesFailsItsReaders(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(path string) error{
		"changed":  func(path string) error { return os.WriteFile(path, []byte("n\n1000\n"), 0o644) },
		"vanished": os.Remove,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := newWarehouse(t)
			dir := addLake(w, map[string]string{"a.csv": "n\n1\n"})
			w.table("t", "select n from {orders_raw}")
			w.table("mart", "select n from {t}")
			w.table("other", "select 1 as n")
			w.opts.Point = func(name string) {
				if name == "built" {
					if err := change(filepath.Join(dir, "a.csv")); err != nil {
						t.Error(err)
					}
				}
			}
			s := w.build()
			equalStatuses(t, s, `
		other success published
		t error
		mart success held for t`)
			for _, res := range s.Results {
				if res.Node.Name == "t" && !strings.Contains(res.Message, what+" while the run was reading it") {
					t.Error(res.Message)
				}
			}
		})
	}
}

func TestGlobThatMatchesNothing(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	addLake(w, nil)
	w.table("t", "select * from {orders_raw}")
	_, err := w.run("build")
	if err == nil || !strings.Contains(err.Error(), `no file matches "lake/*.csv"`) {
		t.Fatalf("got %v", err)
	}
	if _, err := os.Stat(w.path); err == nil {
		t.Error("the database was touched")
	}
}

func TestReplicaHoldsWhatIsPublished(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as n")
	w.view("v", "select n from {a}")
	w.table("bad", "select 1 as n")
	w.check("bad_ok", "select * from {bad}")
	plan := w.plan()
	plan.Project.Target.Replica = filepath.Join(filepath.Dir(w.path), "read.duckdb")
	opts := runner.Options{Compiler: runner.Precompiled()}
	for range 2 {
		if _, err := runner.Run(context.Background(), plan, opts, nil); err != nil {
			t.Fatal(err)
		}
	}
	db, err := duckdb.Open(context.Background(), duckdb.Options{Attach: []duckdb.Attachment{
		{Path: plan.Project.Target.Replica, Alias: "any_name", ReadOnly: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := db.Session(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	table, err := s.Query(context.Background(), "select n from any_name.main.v")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "the view under another name", cells(table), "1")
	table, err = s.Query(context.Background(), `select count(*) from duckdb_tables() where database_name = 'any_name' and table_name like '\_elt\_%' escape '\'`)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "hidden tables in the replica", cells(table), "0")
}
