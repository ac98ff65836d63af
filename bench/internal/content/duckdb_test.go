package content

import (
	"context"
	"fmt"
	"testing"

	"elt/runner/duckdb"
)

// The statement that sums a table up is tried on DuckDB itself.
func TestSumsTellTablesApart(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, err := duckdb.Open(ctx, duckdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	session, err := db.Session(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	sum := func(t *testing.T, rows string) string {
		t.Helper()
		described, err := session.Query(ctx, "select * from ("+rows+") limit 0")
		if err != nil {
			t.Fatal(err)
		}
		var columns []column
		for _, c := range described.Columns {
			columns = append(columns, column{Name: c.Name, Type: c.Type})
		}
		result, err := session.Query(ctx, sumUp("t", "("+rows+")", columns))
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(result.Rows)
	}
	base := "select * from (values (1, 'a', 1.5), (2, null, 2.5)) t(id, label, amount)"
	tests := []struct {
		name string
		rows string
		same bool
	}{
		{"the same rows in another order", "select * from (values (2, null, 2.5), (1, 'a', 1.5)) t(id, label, amount)", true},
		{"columns in another order", "select * from (values ('a', 1.5, 1), (null, 2.5, 2)) t(label, amount, id)", true},
		{"a wider type of integer", "select * replace (id::hugeint as id) from (" + base + ")", true},
		{"a double in the place of a decimal", "select * replace (amount::double as amount) from (" + base + ")", true},
		{"the last bit of a double", "select * replace (amount::double * (1 + 1e-15) as amount) from (" + base + ")", true},
		{"another value", "select * from (values (1, 'a', 1.5), (2, null, 2.6)) t(id, label, amount)", false},
		{"an empty text for a missing one", "select * from (values (1, 'a', 1.5), (2, '', 2.5)) t(id, label, amount)", false},
		{"a row twice", base + " union all (" + base + " limit 1)", false},
		{"every row twice", base + " union all " + base, false},
		{"another name of a column", "select id as ID2, label, amount from (" + base + ")", false},
		{"values of two rows exchanged", "select * from (values (1, null, 1.5), (2, 'a', 2.5)) t(id, label, amount)", false},
	}
	want := sum(t, base)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := sum(t, tt.rows); (got == want) != tt.same {
				t.Errorf("%s beside %s", got, want)
			}
		})
	}
}
