package materialize_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/duckdb"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// TestContractGrows adds a column to a contract and takes another one away, however
// the delta reaches the table.
func TestContractGrows(t *testing.T) {
	t.Parallel()
	id := materialize.ContractColumn{Name: "id", Type: "int", Constraints: []project.Constraint{{Type: "primary_key"}}}
	for _, c := range []struct {
		name            string
		indexed, copied bool
	}{
		{"in place", false, false},
		{"on a copy, for hooks", false, true},
		{"on a copy, for an index", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := openWarehouse(t)
			spec := materialize.Spec{
				Node: "model.shop.orders", Materialized: materialize.Incremental, Published: relation("orders"),
				Strategy: materialize.DeleteInsert, UniqueKey: []string{"id"}, OnSchemaChange: "append_new_columns",
				Contract: &materialize.Contract{
					Columns:     []materialize.ContractColumn{id, {Name: "gone", Type: "int"}},
					Constraints: []project.Constraint{{Type: "unique", Columns: []string{`"id"`, "gone"}}},
				},
				SQL: `select 1 as id, 1 as gone union all select 2, 2`,
			}
			if c.indexed {
				spec.Indexes = []materialize.Index{{Columns: []string{"gone"}}}
			}
			if err := w.build(spec); err != nil {
				t.Fatal(err)
			}
			spec.FullCopy = c.copied
			spec.Contract = &materialize.Contract{
				Columns:     []materialize.ContractColumn{id, {Name: "n", Type: "text"}},
				Constraints: []project.Constraint{{Type: "check", Expression: "n <> 'z'"}, {Type: "unique", Columns: []string{"n"}}},
			}
			spec.SQL = `select 'x' as n, 1 as id union all select 'y', 3`
			if err := w.build(spec); err != nil {
				t.Fatal(err)
			}
			want := []string{"id INTEGER|gone INTEGER|n VARCHAR", "1|NULL|x", "2|2|NULL", "3|NULL|y"}
			if diff := cmp.Diff(want, w.rows("from "+spec.Published.String())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			keys := w.query("select constraint_column_names::varchar from duckdb_constraints() where table_name = 'orders' and constraint_type = 'PRIMARY KEY'")
			if len(keys.Rows) != 1 || keys.Rows[0][0] != "[id]" {
				t.Errorf("primary keys: got %v, want one of id", keys.Rows)
			}
		})
	}
}

func TestConstraintsOfAModel(t *testing.T) {
	t.Parallel()
	node := modelNode("table", "contract", dict("enforced", true))
	at := func(offset int) diag.Place {
		return diag.Place{Source: node.Place.Source, Span: diag.Span{Start: offset, End: offset}}
	}
	node.Columns = []*project.Column{
		{Name: "id", DataType: "int", Constraints: []project.Constraint{{Type: "custom", Expression: "default 7"}}},
		{Name: "k", DataType: "int"},
	}
	node.Constraints = []project.Constraint{
		{Type: "primary_key", Columns: []string{"id", "k"}}, {Type: "check", Expression: "id < k"},
		{Type: "foreign_key", Expression: "other (id)", Place: at(0)},
	}
	spec, diags := materialize.SpecOf(node, relation("_elt_run_1"), false)
	if len(diags) != 1 || diags[0].Code != diag.Unsupported || diags.HasErrors() {
		t.Errorf("got diagnostics %v, want one warning about the foreign key", diags)
	}
	write, err := materialize.Begin(spec, materialize.State{})
	if err != nil {
		t.Fatal(err)
	}
	want := "create table " + spec.Candidate.String() + " (\n  \"id\" int default 7,\n  \"k\" int,\n  primary key (\"id\", \"k\"),\n  check (id < k)\n)"
	if diff := cmp.Diff(want, write.Statements[0].SQL); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	node.Constraints = []project.Constraint{{Type: "check", Place: at(0)}, {Type: "unique", Place: at(1)}}
	if _, diags = materialize.SpecOf(node, relation("_elt_run_1"), false); len(diags.Errors()) != 2 {
		t.Errorf("got diagnostics %v, want two errors", diags)
	}
}

// TestKeyReplacedUnderIndex replaces a row under a unique index that DuckDB has not
// read from its file yet.
func TestKeyReplacedUnderIndex(t *testing.T) {
	t.Parallel()
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "memory.duckdb")
	var spec materialize.Spec
	for run, sql := range []string{"select 1 as id, 'a' as a", "select 1 as id, 'b' as a", "select 1 as id, 'c' as a"} {
		db, err := duckdb.Open(ctx, duckdb.Options{Path: path, Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		session, err := db.Session(ctx)
		if err != nil {
			t.Fatal(err)
		}
		w := &warehouse{t: t, session: session, runs: run}
		spec = materialize.Spec{
			Node: "model.shop.orders", Materialized: materialize.Incremental,
			Published: project.Relation{Database: db.Database(), Schema: schemaName, Identifier: "orders"},
			Strategy:  materialize.DeleteInsert, UniqueKey: []string{"id"}, OnSchemaChange: "ignore",
			Indexes: []materialize.Index{{Columns: []string{"id"}, Unique: true}}, SQL: sql,
		}
		w.exec("create schema if not exists " + project.QuoteIdent(schemaName))
		if err := w.build(spec); err != nil {
			t.Fatal(err)
		}
		if run == 2 {
			if diff := cmp.Diff([]string{"1|c"}, w.rows("from " + spec.Published.String())[1:]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestIndexThatCannotBeMade is found at the node: in the publish it would keep all
// others from being published.
func TestIndexThatCannotBeMade(t *testing.T) {
	t.Parallel()
	w := openWarehouse(t)
	for _, materialized := range []string{materialize.Table, materialize.Incremental} {
		spec := materialize.Spec{Node: "model.shop.orders", Materialized: materialized, Published: relation("orders"),
			Strategy: materialize.Append, OnSchemaChange: "ignore", SQL: "select 1 as id", Indexes: []materialize.Index{{Columns: []string{"idd"}}}}
		d := wantFailure(t, w.build(spec), diag.IncrementalConfig)
		if d.Hint != `did you mean "id"?` {
			t.Errorf("hint %q", d.Hint)
		}
		w.dropLeftovers()
		spec.Candidate, spec.Indexes[0].Columns[0] = relation("_elt_run_9"), "id + nosuch"
		finish, err := materialize.End(&spec, materialize.State{}, []engine.Column{{Name: "id", Type: "INTEGER"}})
		if err != nil || len(finish.Checks) != 1 {
			t.Fatalf("got checks %v, %v", finish.Checks, err)
		}
		w.exec("create or replace table " + spec.Candidate.String() + " as select 1 as id")
		var failed *engine.Error
		if _, err := w.session.Query(context.Background(), finish.Checks[0].Head(5)); !errors.As(err, &failed) || failed.Kind != engine.Binder {
			t.Errorf("got %v, want an error of the binder", err)
		}
		w.dropLeftovers()
	}
}
