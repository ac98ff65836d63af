package check_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/check"
	"elt/runner/duckdb"
	"elt/runner/engine"
)

func openSession(t testing.TB, path string) engine.Session {
	t.Helper()
	ctx := context.Background()
	db, err := duckdb.Open(ctx, duckdb.Options{Path: path, Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	session, err := db.Session(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close(); db.Close() })
	return session
}

func exec(t testing.TB, s engine.Session, sql string) {
	t.Helper()
	if _, err := s.Exec(context.Background(), sql); err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
}

func ask(t testing.TB, s engine.Session, sql string) *engine.Table {
	t.Helper()
	table, err := s.Query(context.Background(), sql)
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	return table
}

// generic makes a built-in test on a relation; sql is what its macro renders to.
func generic(name, sql, relation string, args ...any) *project.Node {
	node := testNode(sql)
	node.UniqueID = "test.shop." + name + "." + strings.ReplaceAll(sql, relation, "relation")
	node.Test = &project.TestInfo{Generic: name}
	items := []template.Item{{Key: "model", Value: relation}}
	for i := 0; i < len(args); i += 2 {
		items = append(items, template.Item{Key: args[i], Value: args[i+1]})
	}
	node.Compiled.Kwargs = template.NewDict(items...)
	return node
}

// builtins are the fusable tests as their macros render them.
func builtins(rel string) []*project.Node {
	var out []*project.Node
	for _, col := range []string{"a", `"b c"`, "s", "f"} {
		out = append(out,
			generic("not_null", fmt.Sprintf("select %[1]s from %[2]s where %[1]s is null", col, rel), rel, "column_name", col),
			generic("unique", fmt.Sprintf("select %[1]s as unique_field, count(*) as n_records from %[2]s where %[1]s is not null group by %[1]s having count(*) > 1", col, rel),
				rel, "column_name", col))
	}
	values := func(column, list string) string {
		return fmt.Sprintf("with all_values as (select %[1]s as value_field, count(*) as n_records from %[2]s group by %[1]s) select * from all_values where value_field not in (%[3]s)",
			column, rel, list)
	}
	return append(out,
		generic("accepted_values", values("s", "'x', 'y', ''"), rel, "column_name", "s", "values", template.NewList("x", "y", "")),
		generic("accepted_values", values("a", "1, 2, 3"), rel, "column_name", "a", "values", template.NewList(int64(1), int64(2), int64(3)), "quote", false),
		generic("accepted_range", "select *\nfrom "+rel+"\nwhere false\n    or not a >= 1\n    or not a <= 3", rel, "column_name", "a", "min_value", int64(1), "max_value", int64(3)),
		generic("accepted_range", "select * from "+rel+" where false or not f > 0", rel, "column_name", "f", "min_value", int64(0), "inclusive", false),
		generic("not_empty_string", "select * from "+rel+" where trim(s, ' ' || chr(9) || chr(10) || chr(13)) = ''", rel, "column_name", "s"),
		generic("not_empty_string", "select * from "+rel+" where s = ''", rel, "column_name", "s", "trim_whitespace", false),
		generic("expression_is_true", "select * from "+rel+" where not (a < 4 or s = 'x')", rel, "expression", "a < 4 or s = 'x'"),
		generic("expression_is_true", "select * from "+rel+" where not (a > 0)", rel, "column_name", "a", "expression", "> 0"),
	)
}

// TestFusedAnswersEqualSingleOnes is the promise of fusing: whatever the rows, a test
// that the scan clears finds nothing by itself, and one that it does not clear does.
func TestFusedAnswersEqualSingleOnes(t *testing.T) {
	t.Parallel()
	session := openSession(t, ":memory:")
	r := rand.New(rand.NewPCG(3, 5))
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	failed, cleared := map[string]bool{}, map[string]bool{}
	for range 60 {
		rows := []string{"select null::int as a, null::bigint as \"b c\", null::varchar as s, null::double as f where false"}
		for range r.IntN(5) {
			rows = append(rows, fmt.Sprintf("select %s, %s, %s, %s", pick("null", "0", "1", "2", "3", "4"), pick("null", "7", "8", "9", "10"),
				pick("null", "'x'", "'y'", "''", "' '", "chr(9)", "'z'"), pick("null", "'nan'::double", "0.0", "-0.0", "1.5", "2.5", "'inf'::double")))
		}
		exec(t, session, "create or replace table t as "+strings.Join(rows, " union all "))
		exec(t, session, "create or replace view v as select * from t")
		for _, rel := range []string{"t", "v"} {
			for id, passed := range compareFused(t, session, rel) {
				failed[id] = failed[id] || !passed
				cleared[id] = cleared[id] || passed
			}
		}
	}
	for _, node := range builtins("v") {
		if !failed[node.UniqueID] || !cleared[node.UniqueID] {
			t.Errorf("%s has not been seen both ways", node.UniqueID)
		}
	}
}

// compareFused runs all tests of a relation both ways.
func compareFused(t *testing.T, session engine.Session, rel string) map[string]bool {
	t.Helper()
	single := map[string]int64{}
	var tests []check.Fusable
	for _, node := range builtins(rel) {
		statement, problems := check.Statement(node, check.Options{})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		row, err := check.ReadRow(ask(t, session, statement.SQL))
		if err != nil {
			t.Fatal(err)
		}
		single[node.UniqueID] = row.Failures
		f, ok := check.FusableOf(node, statement)
		if !ok {
			t.Fatalf("%s is not fusable", node.UniqueID)
		}
		tests = append(tests, f)
	}
	groups := check.Fuse(tests, func(string) check.Shape { return check.Shape{View: rel == "v", Rows: 5} })
	if len(groups) != 1 {
		t.Fatalf("got %d groups, want 1", len(groups))
	}
	got, err := groups[0].Cleared(ask(t, session, groups[0].SQL))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for i, f := range groups[0].Tests {
		if got[i] != (single[f.ID] == 0) {
			t.Errorf("%s finds %d rows of %v, cleared by the scan: %t", f.ID, single[f.ID], ask(t, session, "from "+rel).Rows, got[i])
		}
		out[f.ID] = got[i]
	}
	return out
}

func TestWhatIsNotFused(t *testing.T) {
	t.Parallel()
	const rel = `"db"."main"."orders"`
	from := func(condition string) string { return "select *\nfrom " + rel + "\nwhere " + condition }
	cases := []struct {
		name string
		node *project.Node
	}{
		{"singular test", testNode(from("a is null"))},
		{"another generic test", generic("relationships", from("a is null"), rel, "column_name", "a", "to", "x", "field", "y")},
		{"value of another type", generic("accepted_values", "select 1", rel, "column_name", "a", "values", template.NewList(1.5))},
		{"argument that is not known", generic("unique", "select 1", rel, "column_name", "a", "group_by", "b")},
		{"subquery", generic("expression_is_true", from("not (a in (select b from c))"), rel, "expression", "x")},
		{"comment", generic("expression_is_true", from("not (a > 1 -- really\n)"), rel, "expression", "x")},
		{"parentheses that do not match", generic("expression_is_true", from("not (a) or (b))"), rel, "expression", "x")},
		{"a clause after the condition", generic("not_null", from("a is null limit 1"), rel, "column_name", "a")},
		{"a join", generic("not_null", "select * from "+rel+" join b on true where a is null", rel, "column_name", "a")},
		{"another relation", generic("not_null", `select * from "db"."main"."orders_old" where a is null`, rel, "column_name", "a")},
		{"a longer name", generic("not_null", "select * from orders.a where a is null", "orders", "column_name", "a")},
		{"a common table expression", generic("not_null", "with x as (select 1) select * from "+rel+" where a is null", rel, "column_name", "a")},
		{"no relation", generic("not_null", from("a is null"), "", "column_name", "a")},
	}
	for _, c := range cases {
		statement, _ := check.Statement(c.node, check.Options{})
		if f, ok := check.FusableOf(c.node, statement); ok {
			t.Errorf("%s: is fused as %s", c.name, f.Count)
		}
	}
	for _, config := range [][]any{
		{"where", "a > 1"}, {"limit", int64(1)}, {"fail_calc", "sum(n)"}, {"warn_if", "= 0"}, {"error_if", ">= 0"},
		{"error_if", "!= 1"}, {"store_failures", true}, {"warn_if", "between 1 and 2"},
	} {
		node := generic("not_null", from("a is null"), rel, "column_name", "a")
		for i := 0; i < len(config); i += 2 {
			node.Config.Set(config[i].(string), project.ConfigValue{Value: config[i+1]})
		}
		statement, _ := check.Statement(node, check.Options{Store: project.Relation{Schema: "audit"}})
		if f, ok := check.FusableOf(node, statement); ok {
			t.Errorf("%v: is fused as %s", config, f.Count)
		}
	}
	node := generic("not_null", from("a is null"), rel, "column_name", "a")
	node.Config.Set("error_if", project.ConfigValue{Value: ">10"})
	statement, _ := check.Statement(node, check.Options{})
	if _, ok := check.FusableOf(node, statement); !ok {
		t.Error("a threshold keeps a test from being fused")
	}
}

func TestFuseGroups(t *testing.T) {
	t.Parallel()
	tests := []check.Fusable{
		{ID: "1", Relation: "small", Count: "a"}, {ID: "2", Relation: "big", Count: "b", Pruned: true},
		{ID: "3", Relation: "small", Count: "c", Distinct: true}, {ID: "4", Relation: "view", Count: "d", Distinct: true},
		{ID: "5", Relation: "small", Count: "e", Pruned: true}, {ID: "6", Relation: "big", Count: "f"}, {ID: "7", Relation: "view", Count: "g", Pruned: true},
		{ID: "8", Relation: "alone", Count: "h"}, {ID: "9", Relation: "unknown", Count: "i"}, {ID: "10", Relation: "unknown", Count: "j"},
		{ID: "11", Relation: "unknown", Count: "k", Pruned: true},
	}
	shapes := map[string]check.Shape{"small": {Rows: 10}, "big": {Rows: 1e6}, "view": {View: true, Rows: -1}, "alone": {Rows: 1}, "unknown": {Rows: -1}}
	var got []string
	for _, g := range check.Fuse(tests, func(rel string) check.Shape { return shapes[rel] }) {
		var ids []string
		for _, f := range g.Tests {
			ids = append(ids, f.ID)
		}
		got = append(got, g.Relation+" "+strings.Join(ids, ","))
	}
	if want := "small 1,5; view 4,7; unknown 9,10,11"; strings.Join(got, "; ") != want {
		t.Errorf("got %q, want %q", strings.Join(got, "; "), want)
	}
}

// BenchmarkFuse compares a statement for each of eight tests with one scan for all, on
// tables and on a view that computes something. It is why smallTable is what it is.
func BenchmarkFuse(b *testing.B) {
	session := openSession(b, filepath.Join(b.TempDir(), "bench.duckdb"))
	for _, size := range []struct {
		name string
		rows int
		view bool
	}{
		{"table of 100", 100, false}, {"table of 10k", 10_000, false}, {"table of 50k", 50_000, false}, {"table of 200k", 200_000, false},
		{"table of 5M", 5_000_000, false}, {"view of 5M", 5_000_000, true},
	} {
		exec(b, session, fmt.Sprintf(`create or replace table t as select i as a, i * 7 as "b c",
			case when i %% 3 = 0 then 'x' else 'y' end as s, random() + 0.1 as f from range(1, %d) x(i)`, size.rows))
		exec(b, session, `create or replace view v as select a, any_value("b c") as "b c", max(s) as s, sum(f) as f from t group by a`)
		rel := "t"
		if size.view {
			rel = "v"
		}
		var single []string
		var tests []check.Fusable
		for _, node := range builtins(rel) {
			statement, _ := check.Statement(node, check.Options{})
			f, _ := check.FusableOf(node, statement)
			if f.Distinct && !size.view || strings.Contains(statement.SQL, "(1, 2, 3)") || strings.Contains(statement.SQL, "<= 3") || len(tests) == 8 {
				continue
			}
			single = append(single, statement.SQL)
			tests = append(tests, f)
		}
		groups := check.Fuse(tests, func(string) check.Shape { return check.Shape{View: true} })
		b.Run(size.name+"/single", func(b *testing.B) {
			for b.Loop() {
				for _, sql := range single {
					ask(b, session, sql)
				}
			}
		})
		b.Run(size.name+"/fused", func(b *testing.B) {
			for b.Loop() {
				ask(b, session, groups[0].SQL)
			}
		})
	}
}
