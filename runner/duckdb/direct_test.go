package duckdb

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"elt/runner/engine"
)

// A statement that names a function which looks into files goes another way to DuckDB:
// what comes back must not tell.
func TestDirectIsAsPrepared(t *testing.T) {
	t.Parallel()
	const marked = " /* read_csv */"
	file := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(file, []byte("id,v\n1,a\n2,b\nx,c\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	type outcome struct {
		Exec  engine.Result
		Table *engine.Table
		Error engine.Error
	}
	run := func(sql string) outcome {
		db := open(t, Options{})
		s := session(t, db)
		for _, setup := range []string{"create table t as select 1 as id, 'a' as v", "create view broken as select id::integer as id from read_csv('" + file + "', all_varchar = true)"} {
			if _, err := s.Exec(context.Background(), setup); err != nil {
				t.Fatal(err)
			}
		}
		var out outcome
		table, err := s.Query(context.Background(), sql)
		out.Table = table
		var e *engine.Error
		if errors.As(err, &e) {
			out.Error = *e
			out.Error.SQL, out.Error.Err, out.Error.Original = "", nil, "" // DuckDB's own words may differ
		} else if err != nil {
			t.Fatal(err)
		}
		out.Exec, _ = s.Exec(context.Background(), sql)
		return out
	}
	for _, sql := range []string{
		"select * from t",
		"select * from t where false",
		"create table n as select * from t",
		"create view w as select 1 as x",
		"insert into t values (2, 'b'), (3, 'c')",
		"insert into t values (2, 'b') returning id",
		"update t set v = 'z'",
		"delete from t",
		"begin transaction",
		"set threads = 2",
		"pragma table_info('t')",
		"explain select 1",
		"from (pivot t on v using count(*) group by id)",
		"pivot t on v using count(*)",
		"select missing from t",
		"select *\nfrom t\nwhere nothing(1)",
		"selec 1",
		"select 1; select 2",
		"select 'x'::integer",
		"select id from broken",
		"select error('told')",
		"insert into t values ('x', 'y')",
		"from nowhere",
		"rollback",
		"",
	} {
		if diff := cmp.Diff(run(sql), run(sql+marked)); diff != "" {
			t.Errorf("%s (-prepared +direct)\n%s", sql, diff)
		}
	}
}

func TestSniffs(t *testing.T) {
	t.Parallel()
	var views fileViews
	views.note("create view main.raw as from read_csv('a.csv')")
	views.note(`create or replace view db."stg x" as from raw`)
	for sql, want := range map[string]bool{
		"from read_csv('a.csv')":                true,
		"from read_csv_auto('a.csv')":           true,
		"create table t as from read_json('a')": true,
		"from read_parquet('s3://bucket/a.x')":  true,
		"from read_parquet('lake/a.parquet')":   false,
		"select 1":                              false,
		"create table t as from Main.Raw":       true,
		`create view v as from "stg x"`:         true,
		"select 'raw' as stg":                   false,
	} {
		if got := views.sniffs(sql); got != want {
			t.Errorf("%s: %v", sql, got)
		}
	}
}

// A view over files is noted when it is made, and one over that, too; a table made of one is not,
// for it no longer looks into files.
func TestViewsOverFilesAreNoted(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(file, []byte("id,v\n1,a\n2,b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	db := open(t, Options{})
	s := session(t, db)
	for _, sql := range []string{
		"create view raw as from read_csv('" + file + "')",
		"create view stg as select id from raw",
		"create table fct as from stg",
		"create view mart as from fct",
		"create table direct as from read_csv('" + file + "')",
	} {
		if _, err := s.Exec(context.Background(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(map[string]bool{"raw": true, "stg": true}, db.fileViews.names); diff != "" {
		t.Error(diff)
	}
}
