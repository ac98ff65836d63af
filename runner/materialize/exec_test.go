package materialize_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/duckdb"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// warehouse is a real DuckDB in which specifications are carried out as the runner
// does it: write, check, publish in one transaction.
type warehouse struct {
	t       testing.TB
	session engine.Session
	runs    int
}

const schemaName = `sche"ma ü`

func openWarehouse(t testing.TB) *warehouse {
	t.Helper()
	ctx := context.Background()
	db, err := duckdb.Open(ctx, duckdb.Options{Path: ":memory:", Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	session, err := db.Session(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close(); db.Close() })
	w := &warehouse{t: t, session: session}
	w.exec("create schema " + project.QuoteIdent(schemaName))
	return w
}

func relation(name string) project.Relation {
	return project.Relation{Database: "memory", Schema: schemaName, Identifier: name}
}

func (w *warehouse) exec(sql string) {
	w.t.Helper()
	if _, err := w.session.Exec(context.Background(), sql); err != nil {
		w.t.Fatalf("%v\n%s", err, sql)
	}
}

// rows runs a query and renders its rows, sorted by all columns.
func (w *warehouse) rows(sql string) []string {
	w.t.Helper()
	table := w.query("select * from (" + sql + ") order by all")
	out := []string{strings.Join(columnNames(table), "|")}
	return append(out, texts(table)...)
}

// texts renders the rows of a result.
func texts(table *engine.Table) []string {
	var out []string
	for _, row := range table.Rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = engine.Text(cell, table.Columns[i].Type)
			if cell == nil {
				cells[i] = "NULL"
			}
		}
		out = append(out, strings.Join(cells, "|"))
	}
	return out
}

func columnNames(table *engine.Table) []string {
	out := make([]string, len(table.Columns))
	for i, c := range table.Columns {
		out[i] = c.Name + " " + c.Type
	}
	return out
}

func (w *warehouse) query(sql string) *engine.Table {
	w.t.Helper()
	table, err := w.session.Query(context.Background(), sql)
	if err != nil {
		w.t.Fatalf("%v\n%s", err, sql)
	}
	return table
}

func (w *warehouse) describe(sql string) []engine.Column {
	w.t.Helper()
	var out []engine.Column
	for _, row := range w.query("describe " + sql).Rows {
		out = append(out, engine.Column{Name: row[0].(string), Type: row[1].(string)})
	}
	return out
}

// state looks up what is published.
func (w *warehouse) state(rel project.Relation) materialize.State {
	w.t.Helper()
	where := fmt.Sprintf("table_schema = %s and table_name = %s",
		project.QuoteString(rel.Schema), project.QuoteString(rel.Identifier))
	table := w.query("select table_type from information_schema.tables where " + where)
	if len(table.Rows) == 0 {
		return materialize.State{}
	}
	rel.Type = "table"
	if table.Rows[0][0].(string) == "VIEW" {
		rel.Type = "view"
	}
	s := materialize.State{Existing: &engine.RelationInfo{Relation: rel, Columns: w.describe("select * from " + rel.String())}}
	for _, row := range w.query(fmt.Sprintf(
		"select index_name, sql from duckdb_indexes() where schema_name = %s and table_name = %s order by 1",
		project.QuoteString(rel.Schema), project.QuoteString(rel.Identifier))).Rows {
		s.Indexes = append(s.Indexes, materialize.ExistingIndex{Name: row[0].(string), SQL: row[1].(string)})
	}
	return s
}

// failure is a check that found rows.
type failure struct {
	diagnostic *diag.Diagnostic
	rows       []string
}

func (f *failure) Error() string {
	return f.diagnostic.Message + ": " + strings.Join(f.rows, "; ")
}

func (w *warehouse) check(spec *materialize.Spec, checks []materialize.Check) error {
	w.t.Helper()
	for _, c := range checks {
		table := w.query(c.Head(5))
		if len(table.Rows) == 0 {
			continue
		}
		f := &failure{diagnostic: c.Diagnostic(spec.Node)}
		for _, row := range table.Rows {
			f.rows = append(f.rows, fmt.Sprint(row...))
		}
		return f
	}
	return nil
}

// build carries out one run of a node. Unless it fails it makes sure that what
// readers saw before the publish is what is published.
func (w *warehouse) build(spec materialize.Spec) error {
	w.t.Helper()
	w.runs++
	spec.Candidate = relation(fmt.Sprintf("_elt_run_%d", w.runs))
	state := w.state(spec.Published)
	write, err := materialize.Begin(&spec, state)
	if err != nil {
		return err
	}
	if write.Contract != nil {
		err := spec.CheckContract(w.describe(write.Contract.Query.SQL), w.describe(write.Contract.Declared))
		if err != nil {
			return err
		}
	}
	for _, s := range append(write.Before, write.Statements...) {
		if s.Query >= 0 && !strings.HasPrefix(s.SQL[s.Query:], spec.SQL[:min(len(spec.SQL), 12)]) {
			w.t.Errorf("the query does not begin at offset %d of\n%s", s.Query, s.SQL)
		}
		if _, err := w.session.Exec(context.Background(), s.SQL); err != nil {
			return fmt.Errorf("%w\n%s", err, s.SQL)
		}
	}
	var columns []engine.Column
	if write.Made.Identifier != "" {
		columns = w.describe("select * from " + write.Made.String())
	}
	finish, err := materialize.End(&spec, state, columns)
	if err != nil {
		return err
	}
	if err := w.check(&spec, finish.Checks); err != nil {
		return err
	}
	for _, s := range finish.Apply {
		w.exec(s.SQL)
	}
	if err := w.check(&spec, finish.Audit); err != nil {
		return err
	}
	seen := finish.AsView
	if seen == "" {
		seen = "select * from " + spec.Candidate.String()
	}
	before := w.rows(seen)
	w.publish(finish)
	after := w.rows("select * from " + spec.Published.String())
	if diff := cmp.Diff(before, after); diff != "" {
		w.t.Errorf("readers saw something else than what was published (-seen +published):\n%s", diff)
	}
	if finish.Columns != nil {
		if diff := cmp.Diff(finish.Columns, w.describe("select * from "+spec.Published.String())); diff != "" {
			w.t.Errorf("columns differ (-said +published):\n%s", diff)
		}
	}
	if left := w.query("select table_name from information_schema.tables where table_name like '%elt_run%'"); len(left.Rows) > 0 {
		w.t.Errorf("left behind: %v", left.Rows)
	}
	return nil
}

func (w *warehouse) publish(finish materialize.Finish) {
	w.t.Helper()
	w.exec("begin")
	for _, list := range [][]string{finish.Publish, finish.Indexes, finish.Discard} {
		for _, sql := range list {
			w.exec(sql)
		}
	}
	w.exec("commit")
}

// wantFailure makes sure that an error is a diagnostic of the given code.
func wantFailure(t testing.TB, err error, code diag.Code) *diag.Diagnostic {
	t.Helper()
	var f *failure
	if errors.As(err, &f) {
		err = f.diagnostic
	}
	list := diag.From(err, "")
	if len(list) == 0 || list[0].Code != code {
		t.Fatalf("got error %v, want one of code %q", err, code)
	}
	return list[0]
}
