package materialize_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/materialize"
)

// modelNode is a model with a config of alternating keys and values; the place of each
// key is a line of its own.
func modelNode(materialized string, config ...any) *project.Node {
	node := &project.Node{
		UniqueID: "model.shop.orders", Type: project.Model, Name: "orders", Relation: relation("orders"),
		Config: project.NewConfig(), Compiled: &project.Compiled{SQL: "select 1 as id"},
	}
	if materialized == "seed" {
		node.Type = project.Seed
	}
	source := diag.NewSource("orders.yml", strings.Repeat("\n", len(config)/2))
	node.Place = diag.Place{Source: source}
	node.Config.Set("materialized", project.ConfigValue{Value: materialized})
	for i := 0; i < len(config); i += 2 {
		node.Config.Set(config[i].(string), project.ConfigValue{
			Value: config[i+1], Place: diag.Place{Source: source, Span: diag.Span{Start: i/2 + 1, End: i/2 + 1}},
		})
	}
	return node
}

func dict(pairs ...any) *template.Dict {
	d := template.NewDict()
	for i := 0; i < len(pairs); i += 2 {
		if err := d.Set(pairs[i], pairs[i+1]); err != nil {
			panic(err)
		}
	}
	return d
}

func TestSpecOf(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name         string
		materialized string
		config       []any
		want         materialize.Spec
	}{
		{"defaults of an incremental model", "incremental", []any{"unique_key", "id"},
			materialize.Spec{Strategy: "delete+insert", OnSchemaChange: "ignore", UniqueKey: []string{"id"}}},
		{"keys in one text", "incremental", []any{"unique_key", `id, "or""d"`},
			materialize.Spec{Strategy: "delete+insert", OnSchemaChange: "ignore", UniqueKey: []string{"id", `"or""d"`}}},
		{"an expression as key", "incremental", []any{"unique_key", "coalesce(a, b)"},
			materialize.Spec{Strategy: "delete+insert", OnSchemaChange: "ignore", UniqueKey: []string{"coalesce(a, b)"}}},
		{"an empty key", "incremental", []any{"unique_key", "", "incremental_strategy", "append"},
			materialize.Spec{Strategy: "append", OnSchemaChange: "ignore"}},
		{"merge with options", "incremental", []any{
			"incremental_strategy", "merge", "unique_key", template.NewList("id"), "merge_update_columns", template.NewList("a", "b"),
			"merge_update_condition", "x", "merge_insert_condition", "y", "incremental_predicates", template.NewList("z"),
			"merge_update_set_expressions", dict("a", "b + 1"), "on_duplicate_key", "latest", "order_by", "ts",
			"merge_returning_columns", template.NewList("id"), "on_schema_change", "fail"},
			materialize.Spec{Strategy: "merge", OnSchemaChange: "fail", UniqueKey: []string{"id"}, Predicates: []string{"z"},
				OnDuplicateKey: "latest", OrderBy: []string{"ts"}, Merge: materialize.Merge{
					UpdateColumns: []string{"a", "b"}, UpdateCondition: "x", InsertCondition: "y",
					SetExpressions: []materialize.SetClause{{Column: "a", Expression: "b + 1"}}}}},
		{"merge clauses", "incremental", []any{"incremental_strategy", "merge", "unique_key", "id", "merge_clauses", dict(
			"when_matched", template.NewList(dict("action", "delete", "condition", "DBT_INTERNAL_SOURCE.gone"), dict("action", "update", "mode", "explicit",
				"update", dict("exclude", template.NewList("id"), "set_expressions", dict("n", int64(1))))),
			"when_not_matched", template.NewList(dict("action", "delete", "by", "SOURCE")))},
			materialize.Spec{Strategy: "merge", OnSchemaChange: "ignore", UniqueKey: []string{"id"}, FullCopy: true,
				Merge: materialize.Merge{Clauses: &materialize.Clauses{
					Matched: []materialize.Clause{
						{Action: "delete", Mode: "by_name", Conditions: []string{"DBT_INTERNAL_SOURCE.gone"}},
						{Action: "update", Mode: "explicit", Exclude: []string{"id"}, Set: []materialize.SetClause{{Column: "n", Expression: "1"}}}},
					NotMatched: []materialize.Clause{{Action: "delete", Mode: "by_name", By: "source"}}}}}},
		{"indexes and header of a table", "table", []any{"indexes", template.NewList(dict("columns", template.NewList("a", "b"), "unique", true), dict("columns", "c")),
			"sql_header", "set x = 1;"},
			materialize.Spec{Header: "set x = 1;", Indexes: []materialize.Index{{Columns: []string{"a", "b"}, Unique: true}, {Columns: []string{"c"}}}}},
		{"options of a seed", "seed", []any{"delimiter", ";", "column_types", dict("a", "varchar"), "quote_columns", false},
			materialize.Spec{Seed: &materialize.SeedSpec{SeedOptions: materialize.SeedOptions{
				Delimiter: ";", ColumnTypes: []materialize.ColumnType{{Column: "a", Type: "varchar"}}}}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, problems := materialize.SpecOf(modelNode(c.materialized, c.config...), relation("_elt_1_1"), true)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			c.want.Node, c.want.Materialized, c.want.FullRefresh = "model.shop.orders", c.materialized, true
			c.want.Published, c.want.Candidate, c.want.SQL = relation("orders"), relation("_elt_1_1"), "select 1 as id"
			if diff := cmp.Diff(&c.want, got, cmpopts.IgnoreUnexported(materialize.Spec{}, materialize.SeedTable{}),
				cmpopts.IgnoreFields(materialize.Spec{}, "Place"), cmpopts.IgnoreFields(materialize.SeedOptions{}, "TypesPlace")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSpecProblems(t *testing.T) {
	t.Parallel()
	merge := []any{"incremental_strategy", "merge", "unique_key", "id"}
	cases := []struct {
		name         string
		materialized string
		config       []any
		want         string // code, place and message of each, and the hint
	}{
		{"unknown materialization", "tabel", nil, `unsupported orders.yml:1:1: materialization "tabel" is not known | did you mean "table"?`},
		{"unknown strategy", "incremental", []any{"incremental_strategy", "delete_insert"},
			`incremental-config orders.yml:2:1: the incremental strategy "delete_insert" is not known | did you mean "delete+insert"?`},
		{"microbatch that says nothing else", "incremental", []any{"incremental_strategy", "microbatch"},
			`incremental-config orders.yml:2:1: microbatch needs "event_time" | name the column of the model that says when a row happened, as in event_time: ordered_at` + "\n" +
				`incremental-config orders.yml:2:1: microbatch needs "batch_size" | say how long a batch is: hour, day, month or year` + "\n" +
				`incremental-config orders.yml:2:1: microbatch needs "begin" | say when the first batch begins, as in begin: '2024-01-01'`},
		{"microbatch with a key", "incremental", []any{"incremental_strategy", "microbatch", "event_time", "t", "begin", "2024-01-01", "batch_size", "day", "unique_key", "id"},
			`incremental-config orders.yml:6:1: microbatch replaces whole batches, so a unique_key has no meaning | take it out, or use incremental_strategy: merge`},
		{"microbatch that begins nowhere", "incremental", []any{"incremental_strategy", "microbatch", "event_time", "t", "begin", "soon", "batch_size", "week"},
			`wrong-type orders.yml:5:1: "week" is no value of "batch_size" | use hour, day, month, year` + "\n" +
				`wrong-type orders.yml:4:1: "begin" must be a date or a time: "soon" is no date and no time | write begin: '2024-01-01'`},
		{"unknown on_schema_change", "incremental", []any{"on_schema_change", "append_columns"},
			`wrong-type orders.yml:2:1: "append_columns" is no value of "on_schema_change" | did you mean "append_new_columns"?`},
		{"key of another type", "incremental", []any{"unique_key", int64(1)}, `wrong-type orders.yml:2:1: "unique_key" must be a text or a list of texts | `},
		{"key with another type inside", "incremental", []any{"unique_key", template.NewList(int64(1))}, `wrong-type orders.yml:2:1: "unique_key" must hold texts only | `},
		{"predicates without a key", "incremental", []any{"incremental_predicates", "a > 1"},
			`warning incremental-config orders.yml:2:1: "incremental_predicates" has no effect: nothing is deleted | predicates narrow down which rows delete+insert deletes and merge matches; set a unique_key`},
		{"merge without a key", "incremental", []any{"incremental_strategy", "merge"},
			`warning incremental-config orders.yml:2:1: without a unique_key merge only inserts | set unique_key, or use incremental_strategy: append`},
		{"merge by an expression", "incremental", []any{"incremental_strategy", "merge", "unique_key", "lower(id)"},
			`incremental-config orders.yml:3:1: merge needs column names, "lower(id)" is an expression | make it a column of the query and name that`},
		{"columns to update and to leave", "incremental", append(merge, "merge_update_columns", template.NewList("a"), "merge_exclude_columns", template.NewList("b")),
			`incremental-config orders.yml:5:1: merge_update_columns and merge_exclude_columns contradict each other | keep one of them`},
		{"merge options under another strategy", "incremental", []any{"merge_update_columns", template.NewList("a")},
			`warning incremental-config orders.yml:2:1: "merge_update_columns" has no effect under the strategy delete+insert | set incremental_strategy: merge` + "\n" +
				`warning incremental-config orders.yml:1:1: without a unique_key an incremental model only inserts | set unique_key, or use incremental_strategy: append`},
		{"default without a key", "incremental", []any{"incremental_strategy", "default"},
			`warning incremental-config orders.yml:2:1: without a unique_key an incremental model only inserts | set unique_key, or use incremental_strategy: append`},
		{"delete+insert without a key", "incremental", []any{"incremental_strategy", "delete+insert"},
			`warning incremental-config orders.yml:2:1: without a unique_key delete+insert only inserts | set unique_key, or use incremental_strategy: append`},
		{"append without a key", "incremental", []any{"incremental_strategy", "append"}, ""},
		{"clauses and options", "incremental", append(merge, "merge_update_condition", "x", "merge_clauses", dict("when_matched", template.NewList(dict("action", "delete")))),
			`incremental-config orders.yml:4:1: "merge_update_condition" is replaced by merge_clauses | say it in merge_clauses, or take merge_clauses away`},
		{"clauses that are a list", "incremental", append(merge, "merge_clauses", template.NewList("x")), `wrong-type orders.yml:4:1: "merge_clauses" must be a mapping | `},
		{"clauses without a list", "incremental", append(merge, "merge_clauses", dict("when_matchd", "x")),
			`warning unknown-key orders.yml:4:1: "merge_clauses" has no key "when_matchd" | did you mean "when_matched"?` + "\n" +
				`wrong-type orders.yml:4:1: "merge_clauses" must hold when_matched or when_not_matched | `},
		{"clause with an unknown action", "incremental", append(merge, "merge_clauses", dict("when_matched", template.NewList(dict("action", "upsert")))),
			`wrong-type orders.yml:4:1: "upsert" is no action of "when_matched" | use update, delete, do_nothing, error` + "\n" +
				`wrong-type orders.yml:4:1: a clause of "when_matched" has no action | use update, delete, do_nothing, error`},
		{"update of rows that are not there", "incremental", append(merge, "merge_clauses", dict("when_not_matched", template.NewList(dict("action", "delete")))),
			`incremental-config orders.yml:4:1: a row that the table does not have cannot be changed by "delete" | add by: source to change rows that the query does not have`},
		{"duplicates under another strategy", "incremental", []any{"on_duplicate_key", "latest"},
			`incremental-config orders.yml:2:1: "on_duplicate_key" goes with the strategy merge only | under delete+insert a key may occur more than once`},
		{"latest of what", "incremental", append(merge, "on_duplicate_key", "latest"),
			`incremental-config orders.yml:4:1: on_duplicate_key: latest does not say which row is the latest | name the column that orders them, as in order_by: updated_at`},
		{"contract that may lose columns", "incremental", []any{"contract", dict("enforced", true)},
			`contract orders.yml:2:1: the contract of "orders" declares no columns | list its columns with their data_type in a property file`},
		{"indexes that are a mapping", "table", []any{"indexes", dict("columns", "a")}, `wrong-type orders.yml:2:1: "indexes" must be a list of mappings | `},
		{"unknown key of an index", "table", []any{"indexes", template.NewList(dict("column", "a", "columns", "a"))},
			`warning unknown-key orders.yml:2:1: "indexes" has no key "column" | did you mean "columns"?`},
		{"long delimiter", "seed", []any{"delimiter", "||"}, `wrong-type orders.yml:2:1: "delimiter" must be one character, it is "||" | `},
		{"column types that are a list", "seed", []any{"column_types", template.NewList("a")}, `wrong-type orders.yml:2:1: "column_types" must be a mapping | `},
		{"two at once", "incremental", []any{"incremental_strategy", "x", "on_schema_change", "y"},
			`incremental-config orders.yml:2:1: the incremental strategy "x" is not known | use append, delete+insert, merge, microbatch, insert_overwrite or by_file; or write a macro get_incremental_x_sql` + "\n" +
				`wrong-type orders.yml:3:1: "y" is no value of "on_schema_change" | use ignore, fail, append_new_columns, sync_all_columns`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, problems := materialize.SpecOf(modelNode(c.materialized, c.config...), project.Relation{}, false)
			var got []string
			for _, d := range problems {
				text := string(d.Code) + " " + d.Error() + " | " + d.Hint
				if d.Severity == diag.Warning {
					text = "warning " + text
				}
				got = append(got, text)
			}
			if text := strings.Join(got, "\n"); text != c.want {
				t.Errorf("got  %s\nwant %s", text, c.want)
			}
		})
	}
}
