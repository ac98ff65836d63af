package duckdb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"elt/compiler/project"
	"elt/runner/engine"
)

func TestRelations(t *testing.T) {
	t.Parallel()
	db := open(t, Options{Attach: []Attachment{{Path: ":memory:", Alias: "other_db"}}})
	s := session(t, db)
	for _, sql := range []string{
		`CREATE SCHEMA "Staging"`,
		`CREATE TABLE "Staging"."Orders" (id INT PRIMARY KEY, amount DECIMAL(18,2), "a b" STRUCT(x INT)[])`,
		`CREATE TABLE plain (a INT)`,
		`CREATE INDEX plain_a ON plain (a)`,
		`CREATE VIEW v AS WITH x AS (SELECT 'AS' AS "as") SELECT * FROM x -- comment`,
		`CREATE VIEW "v As" (p, "q r") AS SELECT 1, 'x'`,
		`CREATE TABLE other_db.main.plain (z INT)`,
		`CREATE TEMP TABLE passing (a INT)`,
	} {
		exec(t, s, sql)
	}
	got, err := Relations(context.Background(), s, db.Database(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range got {
		lines = append(lines, fmt.Sprintf("%s.%s.%s %s %v %v %s", r.Database, r.Schema, r.Identifier, r.Type, r.HasIndexes, r.Columns, r.ViewSQL))
	}
	want := `memory.Staging.Orders table true [{id INTEGER} {amount DECIMAL(18,2)} {a b STRUCT(x INTEGER)[]}] 
memory.main.plain table true [{a INTEGER}] 
memory.main.v view false [{as VARCHAR}] WITH x AS (SELECT 'AS' AS "as")SELECT * FROM x
memory.main.v As view false [{p INTEGER} {q r VARCHAR}] SELECT * FROM (SELECT 1, 'x') AS _(p, "q r")`
	if text := strings.Join(lines, "\n"); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	only, err := Relations(context.Background(), s, "MEMORY", []string{"staging"})
	if err != nil || len(only) != 1 || only[0].Identifier != "Orders" {
		t.Errorf("one schema: %v, %v", only, err)
	}
	exec(t, s, "CREATE SCHEMA table_name")
	exec(t, s, "CREATE VIEW table_name.table_name AS SELECT 1")
	if odd, err := Relations(context.Background(), s, "memory", []string{"table_name"}); err != nil || len(odd) != 1 {
		t.Errorf("a schema named like a column of the catalog: %v, %v", odd, err)
	}
	exec(t, s, "CREATE OR REPLACE VIEW again AS "+got[3].ViewSQL)
	if table := query(t, s, "FROM again"); table.Columns[1].Name != "q r" {
		t.Errorf("a view made again has columns %v", table.Columns)
	}
}

func TestColumns(t *testing.T) {
	t.Parallel()
	db := open(t, Options{})
	s := session(t, db)
	exec(t, s, `CREATE TABLE "a_b" (x INT, "Y" VARCHAR)`)
	exec(t, s, `CREATE TABLE "axb" (z INT)`)
	got, err := Columns(context.Background(), s, project.Relation{Schema: "MAIN", Identifier: "A_B"})
	if err != nil || fmt.Sprint(got) != "[{x INTEGER} {Y VARCHAR}]" {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := Columns(context.Background(), s, project.Relation{Schema: "main", Identifier: "a%"}); got != nil || err != nil {
		t.Errorf("a relation that does not exist: %v, %v", got, err)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	s := session(t, open(t, Options{}))
	exec(t, s, "CREATE SEQUENCE seq")
	got, err := s.(engine.Describer).Describe(context.Background(), "-- a comment\nSELECT nextval('seq') AS n, NULL AS nothing, {'a': 1.5} AS s, [NULL] AS l;")
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(got); text != "[{n BIGINT} {nothing INTEGER} {s STRUCT(a DECIMAL(2,1))} {l INTEGER[]}]" {
		t.Errorf("got %s", text)
	}
	if next := query(t, s, "SELECT nextval('seq')").Rows[0][0]; next != int64(1) {
		t.Errorf("the query was run: the sequence stands at %v", next)
	}
	var e *engine.Error
	if _, err := s.(engine.Describer).Describe(context.Background(), "SELECT nosuch"); !errors.As(err, &e) || e.Position != 7 {
		t.Errorf("got %v", err)
	}
	if _, err := s.(engine.Describer).Describe(context.Background(), "CREATE TABLE t (a INT)"); !errors.As(err, &e) || e.Message != "this is not a query" {
		t.Errorf("got %v", err)
	}
}

func TestViewQuery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, sql, want string }{
		{"plain", `CREATE VIEW v AS SELECT 1 AS a;`, `SELECT 1 AS a`},
		{"qualified", `CREATE VIEW s."v AS x" AS FROM t;`, `FROM t`},
		{"columns", `CREATE VIEW v (a, "as") AS SELECT 1, 2;`, `SELECT * FROM (SELECT 1, 2) AS _(a, "as")`},
		{"a semicolon in a string", `CREATE VIEW v AS SELECT ';';`, `SELECT ';'`},
		{"nothing", ``, ``},
	} {
		if got := ViewQuery(c.sql); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestManyRelations guards against a query for each relation.
func TestManyRelations(t *testing.T) {
	t.Parallel()
	s := session(t, open(t, Options{}))
	const many = 2000
	exec(t, s, "BEGIN")
	for i := range many {
		exec(t, s, fmt.Sprintf("CREATE TABLE t%d (a INT, b VARCHAR, c DATE)", i))
	}
	exec(t, s, "COMMIT")
	begin := time.Now()
	got, err := Relations(context.Background(), s, "memory", []string{"main"})
	if err != nil || len(got) != many || len(got[many-1].Columns) != 3 {
		t.Fatalf("got %d relations, %v", len(got), err)
	}
	t.Logf("%d relations in %v", many, time.Since(begin))
	if took := time.Since(begin); took > prompt {
		t.Errorf("took %v", took)
	}
}
