package lineage_test

import (
	"strings"
	"testing"

	"elt/compiler/lineage"
)

// What the plan does not tell is an error that says why: never an edge.
func TestPlansThatDoNotTell(t *testing.T) {
	t.Parallel()
	session, files := openShapes(t)
	if _, err := session.Exec(t.Context(), "copy (select 1 as id) to '"+files+"/x.csv'"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, sql, want string }{
		{"a plan that DuckDB cannot write", "select id from '" + files + "/x.csv'", "CSVReaderSerialize not implemented"},
		{"with ordinality", "select * from range(3) with ordinality", "inequal num bindings"},
		{"a table function that is not known", "select * from summary((select a from t))", `the table function "summary" is not known`},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan, names := planOf(t, session, c.sql)
			q, err := lineage.FromPlan(plan, names)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v and the error %v, want one with %q", q, err, c.want)
			}
		})
	}
}

func TestPlansThatAreWrong(t *testing.T) {
	t.Parallel()
	get := `{"type":"LOGICAL_GET","names":["a"],"name":"seq_scan","function_data":{"table":"t"},"column_indexes":[{"index":0,"has_index":true}]}`
	for _, c := range []struct{ name, plan, want string }{
		{"no JSON", `no`, "cannot be read"},
		{"an error", `{"error":true,"error_message":"no such table"}`, "no such table"},
		{"two statements", `{"plans":[` + get + `,` + get + `]}`, "2 statements"},
		{"no statement", `{"plans":[]}`, "0 statements"},
		{"an operator of another version", `{"plans":[{"type":"LOGICAL_NEW","children":[` + get + `]}]}`, "LOGICAL_NEW is not known"},
		{"an expression of another version", `{"plans":[{"type":"LOGICAL_PROJECTION","children":[` + get + `],"expressions":[{"expression_class":"BOUND_NEW"}]}]}`, "BOUND_NEW is not known"},
		{"a join of another version", `{"plans":[{"type":"LOGICAL_COMPARISON_JOIN","join_type":"NEW","children":[` + get + `,` + get + `]}]}`, "the join NEW is not known"},
		{"a column that is not there", `{"plans":[{"type":"LOGICAL_PROJECTION","children":[` + get + `],"expressions":[{"expression_class":"BOUND_REF","index":7}]}]}`, "column 7 of 1"},
		{"fewer columns than the query", `{"plans":[{"type":"LOGICAL_CROSS_PRODUCT","children":[` + get + `,` + get + `]}]}`, "the plan has 2 columns, the query 1"},
		{"a plan with skip_default", strings.Replace(`{"plans":[`+get+`]}`, `"has_index":true`, `"x":1`, 1), "a column without a number"},
		{"a plan that lost its first column", strings.Replace(`{"plans":[`+get+`]}`, `{"index":0,"has_index":true}`, ``, 1), "0 columns"},
		{"a cte that reads itself", `{"plans":[{"type":"LOGICAL_MATERIALIZED_CTE","table_index":1,"children":[{"type":"LOGICAL_CTE_REF","cte_index":1},{"type":"LOGICAL_CTE_REF","cte_index":1}]}]}`, "reads itself"},
		{"a correlated column of no join", `{"plans":[{"type":"LOGICAL_DELIM_GET","chunk_types":[{}]}]}`, "come from no join"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q, err := lineage.FromPlan([]byte(c.plan), []string{"a"})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v and the error %v, want one with %q", q, err, c.want)
			}
		})
	}
}

// FuzzFromPlan: no plan, however broken, makes FromPlan panic or loop.
func FuzzFromPlan(f *testing.F) {
	session, files := openShapes(f)
	for _, s := range readShapes(f, files) {
		plan, names := planOf(f, session, s.sql)
		f.Add(plan, len(names))
	}
	f.Fuzz(func(t *testing.T, plan []byte, columns int) {
		if columns < 0 || columns > 1000 {
			return
		}
		q, err := lineage.FromPlan(plan, make([]string, columns))
		if err != nil {
			return
		}
		for _, column := range q.Columns {
			for _, edge := range column.Edges {
				if edge.Source >= len(q.Sources) || len(edge.Via) == 0 {
					t.Errorf("an edge %+v of %d sources", edge, len(q.Sources))
				}
			}
		}
	})
}
