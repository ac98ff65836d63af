package compiler_test

import (
	"context"
	"testing"

	"elt/compiler"
)

// What a generic test is declared on reaches it without its template being rendered, where
// that makes no difference: these are the cases in which it could.
func TestWhatAGenericTestReads(t *testing.T) {
	t.Parallel()
	const test = "{% test plain(model) %}select * from {{ model }}{% endtest %}"
	tests := []struct {
		name  string
		files []string
		want  string
	}{
		{"a model", nil, `select * from "warehouse"."main"."orders"`},
		{"a condition", []string{"models/orders.yml", "models: [{name: orders, tests: [{plain: {config: {where: 'id > 1'}}}]}]"},
			`select * from (select * from "warehouse"."main"."orders" where id > 1) dbt_subquery`},
		{"a condition that is empty", []string{"models/orders.yml", "models: [{name: orders, tests: [{plain: {config: {where: ''}}}]}]"},
			`select * from "warehouse"."main"."orders"`},
		{"a macro in place of elt's", []string{"macros/where.sql", "{% macro get_where_subquery(relation) %}{% do return('mine of ' ~ relation.identifier) %}{% endmacro %}"},
			"select * from mine of orders"},
		{"a macro that is dispatched to", []string{"macros/where.sql", "{% macro duckdb__get_where_subquery(relation) %}{% do return('mine of ' ~ relation.identifier) %}{% endmacro %}"},
			"select * from mine of orders"},
		{"a macro in place of ref", []string{"macros/ref.sql", "{% macro ref(name) %}{% do return(builtins.ref(name).include(database=false)) %}{% endmacro %}"},
			`select * from "main"."orders"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fsys := files(append([]string{
				"models/orders.sql", "select 1 as id", "macros/plain.sql", test,
				"models/orders.yml", "models: [{name: orders, tests: [plain]}]",
			}, tt.files...)...)
			plan := parse(t, compiler.Options{FS: fsys, Root: "/p"})
			if diags := plan.Compile(context.Background(), nil, plan.Order); diags.HasErrors() {
				t.Fatal(diags)
			}
			for _, id := range plan.Order {
				if node := plan.Nodes[id]; node.Test != nil && node.Compiled.SQL != tt.want {
					t.Errorf("%s:\n%s\nwant\n%s", id, node.Compiled.SQL, tt.want)
				}
			}
		})
	}
}
