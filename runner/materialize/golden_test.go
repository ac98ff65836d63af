package materialize_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
	"elt/runner/materialize"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares a text with testdata/name.sql.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", strings.NewReplacer(" ", "_", "+", "_").Replace(name)+".sql")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// script writes down everything a node does, in the order in which it is done.
func script(t *testing.T, spec *materialize.Spec, state materialize.State, columns []engine.Column) string {
	t.Helper()
	var b strings.Builder
	section := func(title string, statements ...string) {
		for _, s := range statements {
			if s != "" {
				fmt.Fprintf(&b, "-- %s\n%s\n;\n", title, s)
			}
		}
	}
	list := func(statements []materialize.Statement) []string {
		out := make([]string, len(statements))
		for i, s := range statements {
			out[i] = s.SQL
		}
		return out
	}
	checks := func(title string, checks []materialize.Check) {
		for _, c := range checks {
			section(fmt.Sprintf("%s: %s: %s", title, c.Code, c.Message), c.SQL)
		}
	}
	write, err := materialize.Begin(spec, state)
	if err != nil {
		t.Fatal(err)
	}
	section("header", write.Header)
	if write.Contract != nil {
		section("contract", write.Contract.Query.SQL, write.Contract.Declared)
	}
	section("before pre-hooks", list(write.Before)...)
	section("write", list(write.Statements)...)
	finish, err := materialize.End(spec, state, columns)
	if err != nil {
		var l diag.List
		if !errors.As(err, &l) {
			t.Fatal(err)
		}
		return b.String() + "-- error: " + err.Error() + "\n"
	}
	for _, d := range finish.Warnings {
		fmt.Fprintf(&b, "-- warning: %s\n", d.Message)
	}
	checks("check", finish.Checks)
	section("apply", list(finish.Apply)...)
	checks("audit", finish.Audit)
	section("as view", finish.AsView)
	section("publish", finish.Publish...)
	section("index", finish.Indexes...)
	section("discard", finish.Discard...)
	fmt.Fprintf(&b, "-- incremental: %t\n", finish.Incremental)
	return b.String()
}

// goldenCase is a specification and what exists when it is carried out.
type goldenCase struct {
	name  string
	spec  materialize.Spec
	state materialize.State
}

// goldenColumns are the columns of the query of all golden cases.
func goldenColumns() []engine.Column {
	return []engine.Column{{Name: "id", Type: "INTEGER"}, {Name: `od"d`, Type: "VARCHAR"}}
}

func goldenRelation(name string) project.Relation {
	return project.Relation{Database: "shop", Schema: "main", Identifier: name}
}

func incremental(strategy, onChange string, keys ...string) materialize.Spec {
	return materialize.Spec{Materialized: materialize.Incremental, Strategy: strategy, OnSchemaChange: onChange, UniqueKey: keys}
}

func existing(kind string, columns []engine.Column) *engine.RelationInfo {
	rel := goldenRelation("orders")
	rel.Type = kind
	return &engine.RelationInfo{Relation: rel, Columns: columns}
}

// everyState is each materialization over nothing, a view and a table.
func everyState() []goldenCase {
	indexes := []materialize.Index{{Columns: []string{"id", `lower("od""d")`}, Unique: true}, {Columns: []string{`od"d`}}}
	var cases []goldenCase
	for _, s := range []struct {
		name  string
		state materialize.State
	}{
		{"nothing", materialize.State{}},
		{"view", materialize.State{Existing: existing("view", goldenColumns())}},
		{"table", materialize.State{Existing: existing("table", goldenColumns())}},
	} {
		cases = append(cases,
			goldenCase{"table over " + s.name, materialize.Spec{Materialized: materialize.Table, Indexes: indexes, Header: "set x = 1;"}, s.state},
			goldenCase{"view over " + s.name, materialize.Spec{Materialized: materialize.View}, s.state},
			goldenCase{"append over " + s.name, incremental("append", "ignore"), s.state},
			goldenCase{"delete+insert over " + s.name, incremental("delete+insert", "ignore", "id"), s.state},
			goldenCase{"merge over " + s.name, incremental("merge", "ignore", "id"), s.state},
		)
	}
	return cases
}

// everyOption is what options and changed columns make of the statements.
func everyOption() []goldenCase {
	old := []engine.Column{{Name: "id", Type: "BIGINT"}, {Name: "gone", Type: "DATE"}}
	table := materialize.State{Existing: existing("table", goldenColumns())}
	changed := materialize.State{Existing: existing("table", old)}
	indexed := materialize.State{Existing: existing("table", old), Indexes: []materialize.ExistingIndex{
		{Name: "by id", SQL: `CREATE UNIQUE INDEX "by id" ON orders(id);`}}}
	withClauses := incremental("merge", "ignore", "id")
	withClauses.FullCopy, withClauses.Merge.Clauses = true, &materialize.Clauses{
		Matched:    []materialize.Clause{{Action: "update", Conditions: []string{"a", "b"}}, {Action: "error", Message: "it's wrong"}},
		NotMatched: []materialize.Clause{{Action: "insert"}, {Action: "delete", By: "source"}},
	}
	withOptions := incremental("merge", "ignore", "id", `od"d`)
	withOptions.Predicates, withOptions.OnDuplicateKey, withOptions.OrderBy = []string{"DBT_INTERNAL_DEST.id > 5"}, "latest", []string{"id"}
	withOptions.Merge = materialize.Merge{UpdateCondition: "u", InsertCondition: "i", SetExpressions: []materialize.SetClause{{Column: `od"d`, Expression: "'x'"}}}
	contract := materialize.Spec{Materialized: materialize.Table, Contract: &materialize.Contract{
		Columns: []materialize.ContractColumn{{Name: "id", Type: "int", Constraints: []project.Constraint{{Type: "not_null"}}}, {Name: `od"d`, Type: "text"}}}}
	underContract := incremental("append", "fail")
	underContract.Contract = &materialize.Contract{Columns: contract.Contract.Columns,
		Constraints: []project.Constraint{{Type: "primary_key", Columns: []string{"id"}}, {Type: "foreign_key", Columns: []string{"id"}}}}
	refresh := incremental("delete+insert", "ignore", "id")
	refresh.FullRefresh = true
	return []goldenCase{
		{"full refresh over table", refresh, table},
		{"ephemeral", materialize.Spec{Materialized: materialize.Ephemeral}, materialize.State{}},
		{"table with contract", contract, materialize.State{}},
		{"append with contract", underContract, table},
		{"delete+insert by two keys", incremental("delete+insert", "ignore", "id", "length(s)"), table},
		{"merge with options", withOptions, table},
		{"merge with clauses", withClauses, table},
		{"change ignored", incremental("append", "ignore"), changed},
		{"change ignored under merge", incremental("merge", "ignore", "id"), changed},
		{"change refused", incremental("append", "fail"), changed},
		{"change appended", incremental("delete+insert", "append_new_columns", "id"), changed},
		{"change synced", incremental("merge", "sync_all_columns", "id"), changed},
		{"change synced with index", incremental("append", "sync_all_columns"), indexed},
	}
}

func TestStatements(t *testing.T) {
	t.Parallel()
	for _, c := range append(everyState(), everyOption()...) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.spec.Node, c.spec.Published, c.spec.SQL = "model.shop.orders", goldenRelation("orders"), "select id, \"od\"\"d\"\nfrom \"shop\".\"main\".\"stg\" -- all"
			c.spec.Candidate = goldenRelation("_elt_7_1")
			golden(t, c.name, script(t, &c.spec, c.state, goldenColumns()))
		})
	}
}

// TestViewsDoNotNameTheirCatalog shows what becomes of names in the text of a view.
func TestViewsDoNotNameTheirCatalog(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, query, want string }{
		{"a table", `select * from "shop"."main"."stg"`, `select * from "main"."stg"`},
		{"without quotes, in another letter case", `select * from SHOP.main.stg s`, `select * from main.stg s`},
		{"joins and lists", `select * from shop.main.a, shop.main.b join shop.x.c on true`, `select * from main.a, main.b join x.c on true`},
		{"another catalog", `select * from lake.main.stg`, `select * from lake.main.stg`},
		{"catalog and table", `select * from shop.stg`, `select * from main.stg`},
		{"a qualified column", `select shop.main.stg.id from shop.main.stg`, `select main.stg.id from main.stg`},
		{"an alias of the same name", `select shop.point.x, shop.id from shop.main.stg as shop`, `select shop.point.x, shop.id from main.stg as shop`},
		{"a function", `select shop.main.f(1)`, `select main.f(1)`},
		{"a text that looks like it", `select 'from shop.main.stg' -- shop.main.stg`, `select 'from shop.main.stg'`},
		{"a schema called like the catalog", `select * from shop.shop.stg`, `select * from shop.shop.stg`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			spec := &materialize.Spec{Materialized: materialize.View, SQL: c.query,
				Published: project.Relation{Database: "shop", Schema: "main", Identifier: "v"}}
			finish, err := materialize.End(spec, materialize.State{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := "create view \"shop\".\"main\".\"v\" as (\n" + c.want + "\n)"
			if diff := cmp.Diff([]string{want}, finish.Publish); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
