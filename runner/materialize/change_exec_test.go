package materialize_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// TestSchemaChanges runs a model whose columns change on an incremental table, with and
// without a full copy and an index, which must not make a difference.
func TestSchemaChanges(t *testing.T) {
	t.Parallel()
	const first = `select 1 as id, 'old' as "t ext", 10 as n`
	cases := []struct {
		name, strategy, onChange, second string
		want                             []string  // the table after the second run
		code                             diag.Code // or why it stops
	}{
		{"ignore leaves a new column out", "delete+insert", "ignore", `select 1 as id, 'new' as "t ext", 11 as n, true as extra`,
			[]string{"id INTEGER|t ext VARCHAR|n INTEGER", "1|new|11"}, ""},
		{"ignore under merge leaves a new column out", "merge", "ignore", `select 1 as id, 'new' as "t ext", 11 as n, true as extra`,
			[]string{"id INTEGER|t ext VARCHAR|n INTEGER", "1|new|11"}, ""},
		{"ignore stops when a column is gone", "append", "ignore", `select 1 as id, 11 as n`, nil, diag.SchemaChange},
		{"ignore under merge keeps a column that is gone", "merge", "ignore", `select * from (values (1, 11), (2, 12)) t(id, n)`,
			[]string{"id INTEGER|t ext VARCHAR|n INTEGER", "1|old|11", "2|NULL|12"}, ""},
		{"ignore casts to the table's type", "append", "ignore", `select 2::bigint as id, 'x' as "t ext", '12' as n`,
			[]string{"id INTEGER|t ext VARCHAR|n INTEGER", "1|old|10", "2|x|12"}, ""},
		{"ignore stops at a value that cannot be cast", "append", "ignore", `select 2 as id, 'x' as "t ext", 'many' as n`, nil, diag.SchemaChange},
		{"columns in another order and letter case", "append", "fail", `select 12 as N, 2 as ID, 'x' as "T ext"`,
			[]string{"id INTEGER|t ext VARCHAR|n INTEGER", "1|old|10", "2|x|12"}, ""},
		{"fail stops at a new column", "append", "fail", `select 2 as id, 'x' as "t ext", 12 as n, 1 as extra`, nil, diag.SchemaChange},
		{"fail stops at another type", "merge", "fail", `select 2 as id, 'x' as "t ext", 12::bigint as n`, nil, diag.SchemaChange},
		{"append adds a column", "delete+insert", "append_new_columns", `select 2 as id, 'x' as "t ext", 12 as n, 1.5 as "ex""tra"`,
			[]string{"id INTEGER|t ext VARCHAR|n INTEGER|ex\"tra DECIMAL(2,1)", "1|old|10|NULL", "2|x|12|1.5"}, ""},
		{"append under merge adds a column to matched rows", "merge", "append_new_columns", `select * from (values (1, 1.5), (2, 2.5)) t(id, extra)`,
			[]string{"id INTEGER|t ext VARCHAR|n INTEGER|extra DECIMAL(2,1)", "1|old|10|1.5", "2|NULL|NULL|2.5"}, ""},
		{"append keeps a column that is gone", "append", "append_new_columns", `select 2 as id, 12 as n`,
			[]string{"id INTEGER|t ext VARCHAR|n INTEGER", "1|old|10", "2|NULL|12"}, ""},
		{"sync adds, drops and alters", "delete+insert", "sync_all_columns", `select 2 as id, 12::bigint as n, [1] as list`,
			[]string{"id INTEGER|n BIGINT|list INTEGER[]", "1|10|NULL", "2|12|[1]"}, ""},
		{"sync under merge", "merge", "sync_all_columns", `select * from (values (1, '11'), (2, '12')) t(id, n)`,
			[]string{"id INTEGER|n VARCHAR", "1|11", "2|12"}, ""},
		{"sync stops at old values that cannot be cast", "append", "sync_all_columns", `select 2 as id, 7 as "t ext", 12 as n`, nil, diag.SchemaChange},
		{"sync replaces all columns but the key", "delete+insert", "sync_all_columns", `select 1 as id, 2 as x`,
			[]string{"id INTEGER|x INTEGER", "1|2"}, ""},
	}
	for _, c := range cases {
		for _, how := range []string{"delta", "full copy", "index"} {
			t.Run(c.name+", "+how, func(t *testing.T) {
				t.Parallel()
				w := openWarehouse(t)
				spec := materialize.Spec{
					Node: "model.shop.orders", Materialized: materialize.Incremental, Published: relation(`or"ders`),
					Strategy: c.strategy, OnSchemaChange: c.onChange, SQL: first, FullCopy: how == "full copy",
				}
				if c.strategy != materialize.Append {
					spec.UniqueKey = []string{"ID"}
				}
				if how == "index" {
					spec.Indexes = []materialize.Index{{Columns: []string{"id"}, Unique: true}}
				}
				if err := w.build(spec); err != nil {
					t.Fatal(err)
				}
				spec.SQL = c.second
				err := w.build(spec)
				if c.code != "" {
					wantFailure(t, err, c.code)
					c.want = []string{"id INTEGER|t ext VARCHAR|n INTEGER", "1|old|10"}
				} else if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.want, w.rows("from "+spec.Published.String())); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if indexes := w.state(spec.Published).Indexes; how == "index" && len(indexes) != 1 {
					t.Errorf("got indexes %v, want one", indexes)
				}
			})
		}
	}
}

func TestMergeOptions(t *testing.T) {
	t.Parallel()
	const first = `select * from (values (1, 'a', 10, now()), (2, 'b', 20, now())) t(id, s, n, "at") order by id`
	source := func(values string) string { return "select * from (values " + values + `) t(id, s, n, "at")` }
	cases := []struct {
		name       string
		merge      materialize.Merge
		predicates []string
		second     string
		want       []string
	}{
		{"only some columns", materialize.Merge{UpdateColumns: []string{"N"}}, nil, source("(1, 'x', 11, null), (3, 'c', 30, null)"),
			[]string{"1|a|11", "2|b|20", "3|c|30"}},
		{"all columns but some", materialize.Merge{ExcludeColumns: []string{"n", `"at"`}}, nil, source("(1, 'x', 11, null)"), []string{"1|x|10", "2|b|20"}},
		{"conditions", materialize.Merge{
			UpdateCondition: "DBT_INTERNAL_SOURCE.n > DBT_INTERNAL_DEST.n", InsertCondition: "DBT_INTERNAL_SOURCE.n > 25",
		}, nil, source("(1, 'x', 11, null), (2, 'y', 19, null), (3, 'c', 30, null), (4, 'd', 25, null)"), []string{"1|x|11", "2|b|20", "3|c|30"}},
		{"set expressions", materialize.Merge{SetExpressions: []materialize.SetClause{{Column: "n", Expression: "DBT_INTERNAL_DEST.n + DBT_INTERNAL_SOURCE.n"}}}, nil,
			source("(1, 'x', 1, null)"), []string{"1|x|11", "2|b|20"}},
		{"set expression of another type", materialize.Merge{UpdateColumns: []string{"s"}, SetExpressions: []materialize.SetClause{{Column: "n", Expression: "'7'"}}}, nil,
			source("(1, 'x', 1, null)"), []string{"1|x|7", "2|b|20"}},
		{"using other columns", materialize.Merge{OnUsingColumns: []string{"s"}}, nil, source("(9, 'a', 11, null)"), []string{"2|b|20", "9|a|11"}},
		{"predicates decide what matches", materialize.Merge{}, []string{"DBT_INTERNAL_DEST.n > 10"}, source("(1, 'x', 11, null), (2, 'y', 21, null)"),
			[]string{"1|a|10", "1|x|11", "2|y|21"}},
		{"delete and do nothing", materialize.Merge{Clauses: &materialize.Clauses{
			Matched:    []materialize.Clause{{Action: "delete", Conditions: []string{"DBT_INTERNAL_SOURCE.n is null"}}, {Action: "do_nothing"}},
			NotMatched: []materialize.Clause{{Action: "insert", Mode: "explicit", Columns: []string{"id", "n"}, Values: []string{"DBT_INTERNAL_SOURCE.id", "99"}}},
		}}, nil, source("(1, 'x', null, null), (2, 'y', 5, null), (3, 'c', 30, null)"), []string{"2|b|20", "3|NULL|99"}},
		{"rows that are gone", materialize.Merge{Clauses: &materialize.Clauses{
			Matched: []materialize.Clause{{Action: "update", Mode: "explicit", Exclude: []string{"at"}, Set: []materialize.SetClause{{Column: "S", Expression: "'it''s'"}}}},
			NotMatched: []materialize.Clause{{Action: "insert", Mode: "by_name"},
				{Action: "update", By: "source", Set: []materialize.SetClause{{Column: "n", Expression: "0"}}}},
		}}, nil, source("(1, 'x', 11, null), (3, 'c', 30, null)"), []string{"1|it's|11", "2|b|0", "3|c|30"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := openWarehouse(t)
			spec := materialize.Spec{
				Node: "model.shop.orders", Materialized: materialize.Incremental, Published: relation("orders"), UniqueKey: []string{"id"},
				Strategy: materialize.MergeInto, OnSchemaChange: "ignore", SQL: first, Merge: c.merge, Predicates: c.predicates,
				FullCopy: c.merge.Clauses != nil,
			}
			for _, sql := range []string{first, c.second} {
				spec.SQL = sql
				if err := w.build(spec); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(c.want, w.rows("select id, s, n from " + spec.Published.String())[1:]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestKeysAndPredicates(t *testing.T) {
	t.Parallel()
	w := openWarehouse(t)
	spec := materialize.Spec{
		Node: "model.shop.orders", Materialized: materialize.Incremental, Published: relation("orders"),
		Strategy: materialize.DeleteInsert, OnSchemaChange: "ignore",
		SQL: "select * from (values (1, date '2020-01-01', 'a'), (2, date '2020-01-31', 'b'), (3, date '2020-02-01', 'c'), (4, null, 'd')) t(id, day, s)",
	}
	if err := w.build(spec); err != nil {
		t.Fatal(err)
	}
	spec.UniqueKey = []string{"date_trunc('month', day)"}
	spec.SQL = "select * from (values (5, date '2020-01-15', 'x'), (6, date '2020-01-16', 'y'), (7, null, 'z')) t(id, day, s)"
	for range 2 {
		if err := w.build(spec); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"id INTEGER|day DATE|s VARCHAR", "3|2020-02-01|c", "5|2020-01-15|x", "6|2020-01-16|y", "7|NULL|z"}
	if diff := cmp.Diff(want, w.rows("from "+spec.Published.String())); diff != "" {
		t.Errorf("by an expression (-want +got):\n%s", diff)
	}
	spec.UniqueKey, spec.Predicates = []string{"id", "s"}, []string{"DBT_INCREMENTAL_TARGET.day > date '2020-01-15'", "id < 6 or true"}
	spec.SQL = "select * from (values (5, null, 'x'), (6, null, 'y')) t(id, day, s)"
	if err := w.build(spec); err != nil {
		t.Fatal(err)
	}
	want = []string{"id INTEGER|day DATE|s VARCHAR", "3|2020-02-01|c", "5|2020-01-15|x", "5|NULL|x", "6|NULL|y", "7|NULL|z"}
	if diff := cmp.Diff(want, w.rows("from "+spec.Published.String())); diff != "" {
		t.Errorf("with predicates (-want +got):\n%s", diff)
	}
	spec.UniqueKey = []string{"idd"}
	if d := wantFailure(t, w.build(spec), diag.IncrementalConfig); d.Hint != `did you mean "id"?` {
		t.Errorf("got hint %q", d.Hint)
	}
}

func TestLatest(t *testing.T) {
	t.Parallel()
	spec := materialize.Spec{
		Node: "model.shop.orders", Materialized: materialize.Incremental, Published: relation("orders"),
		Strategy: materialize.MergeInto, OnSchemaChange: "ignore", UniqueKey: []string{`i "d`},
		OnDuplicateKey: materialize.KeepLatest,
	}
	const columns = ` t("i ""d", "version", n)`
	spec.OrderBy = []string{"version", "n"}
	w := openWarehouse(t)
	for _, step := range []struct {
		sql  string
		want []string
	}{
		{"select * from (values (1, 1, 1), (1, 2, 2), (1, 2, 3), (null, null, 4), (null, 1, 5), (2, 1, 1), (2, 1, 1))" + columns,
			[]string{"1|2|3", "2|1|1", "NULL|1|5"}},
		{"select * from (values (1, 3, 1), (1, 4, 1), (null, 2, 9)) " + columns, []string{"1|4|1", "2|1|1", "NULL|2|9"}},
	} {
		spec.SQL = step.sql
		if err := w.build(spec); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, w.rows("from " + spec.Published.String())[1:]); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	spec.OrderBy = []string{"version"}
	spec.SQL = "select * from (values (1, 1, 1), (1, 1, 2)) " + columns
	wantFailure(t, w.build(spec), diag.DuplicateKey)
}

func TestUniqueIndexIsAudited(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{"append", "delete+insert"} {
		w := openWarehouse(t)
		spec := materialize.Spec{
			Node: "model.shop.orders", Materialized: materialize.Incremental, Published: relation("orders"),
			Strategy: strategy, OnSchemaChange: "ignore", SQL: "select 1 as id, null::int as k union all select 2, null",
			Indexes: []materialize.Index{{Columns: []string{"id"}, Unique: true}, {Columns: []string{"k"}, Unique: true}, {Columns: []string{"id + 1"}}},
		}
		if strategy == "delete+insert" {
			spec.UniqueKey = []string{"k"}
		}
		if err := w.build(spec); err != nil {
			t.Fatal(err)
		}
		spec.SQL = "select 2 as id, 5 as k"
		wantFailure(t, w.build(spec), diag.DuplicateKey)
		w.dropLeftovers()
		spec.SQL = "select 3 as id, 5 as k"
		if err := w.build(spec); err != nil {
			t.Fatal(err)
		}
		if got := len(w.state(spec.Published).Indexes); got != 3 {
			t.Errorf("%s: got %d indexes, want 3", strategy, got)
		}
	}
}

// TestTransitions changes what a node is, from run to run.
func TestTransitions(t *testing.T) {
	t.Parallel()
	w := openWarehouse(t)
	index := []materialize.Index{{Columns: []string{"i d"}}}
	for _, step := range []struct {
		spec materialize.Spec
		want string
	}{
		{materialize.Spec{Materialized: materialize.View}, "view"}, {materialize.Spec{Materialized: materialize.View}, "view"},
		{materialize.Spec{Materialized: materialize.Table, Indexes: index}, "table"}, {materialize.Spec{Materialized: materialize.Table, Indexes: index}, "table"},
		{materialize.Spec{Materialized: materialize.View}, "view"}, {materialize.Spec{Materialized: materialize.Incremental, Indexes: index}, "table"},
		{materialize.Spec{Materialized: materialize.Incremental, FullRefresh: true, Indexes: index}, "table"},
		{materialize.Spec{Materialized: materialize.Table}, "table"},
	} {
		spec := step.spec
		spec.Node, spec.Published, spec.SQL = "model.shop.orders", relation(`or"ders`), "select 1 as \"i d\", 'a' as s;\n-- end"
		spec.Strategy, spec.OnSchemaChange = materialize.Append, "ignore"
		if err := w.build(spec); err != nil {
			t.Fatal(err)
		}
		state := w.state(spec.Published)
		if state.Existing.Type != step.want || len(state.Indexes) != len(spec.Indexes) {
			t.Errorf("%s: got a %s with %d indexes", spec.Materialized, state.Existing.Type, len(state.Indexes))
		}
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	w := openWarehouse(t)
	constraint := func(kind, expression string) []project.Constraint {
		return []project.Constraint{{Type: kind, Expression: expression}, {Type: "foreign_key", Expression: "other (id)"}}
	}
	spec := materialize.Spec{
		Node: "model.shop.orders", Materialized: materialize.Incremental, Published: relation("orders"),
		Strategy: materialize.DeleteInsert, UniqueKey: []string{"i d"}, OnSchemaChange: "append_new_columns",
		Contract: &materialize.Contract{
			Columns: []materialize.ContractColumn{
				{Name: "i d", Type: "int", Constraints: constraint("primary_key", "")},
				{Name: "s", Type: "text", Constraints: constraint("not_null", "")},
				{Name: "n", Type: "numeric(9, 2)", Constraints: constraint("check", "n > 0")},
			},
			Constraints: []project.Constraint{{Type: "unique", Columns: []string{"s", "n"}}},
		},
		SQL: `select 2::decimal(9,2) as n, 'a' as s, 1 as "i d"`,
	}
	for range 2 {
		for _, copied := range []bool{false, true} {
			spec.FullCopy = copied
			if err := w.build(spec); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := []string{"i d INTEGER|s VARCHAR|n DECIMAL(9,2)", "1|a|2.00"}
	if diff := cmp.Diff(want, w.rows("from "+spec.Published.String())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var kinds []string
	for _, row := range w.query("select constraint_type from duckdb_constraints() where table_name = 'orders' and constraint_type <> 'NOT NULL' order by 1").Rows {
		kinds = append(kinds, row[0].(string))
	}
	if diff := cmp.Diff([]string{"CHECK", "PRIMARY KEY", "UNIQUE"}, kinds); diff != "" {
		t.Errorf("constraints (-want +got):\n%s", diff)
	}
	spec.FullCopy = false
	for _, bad := range []string{
		`select 2::decimal(9,2) as n, null::text as s, 2 as "i d"`, `select 0::decimal(9,2) as n, 'b' as s, 2 as "i d"`,
	} {
		spec.SQL = bad
		var failed *engine.Error
		if err := w.build(spec); !errors.As(err, &failed) || failed.Kind != engine.Constraint {
			t.Errorf("got error %v, want one about a constraint", err)
		}
		w.dropLeftovers()
	}
	spec.Strategy, spec.SQL = materialize.Append, `select 3::decimal(9,2) as n, 'c' as s, 1 as "i d"`
	wantFailure(t, w.build(spec), diag.DuplicateKey)
	w.dropLeftovers()
	spec.SQL = `select 2 as n, 'a' as s, true as extra`
	d := wantFailure(t, w.build(spec), diag.Contract)
	message := "the columns of \"orders\" do not keep its contract\n" +
		"column  declared      in the query\n" +
		"i d     INTEGER       missing\n" +
		"n       DECIMAL(9,2)  INTEGER\n" +
		"extra   not declared  BOOLEAN"
	if diff := cmp.Diff(message, d.Message); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
