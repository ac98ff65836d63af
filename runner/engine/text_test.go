package engine

import (
	"testing"
	"time"
)

// The renderings of all types are compared with DuckDB's own in runner/duckdb.
func TestText(t *testing.T) {
	t.Parallel()
	noon := time.Date(2024, 1, 2, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		cell any
		typ  string
		want string
	}{
		{"NULL", nil, "INTEGER", "NULL"},
		{"a date is known by its type", noon, "DATE", "2024-01-02"},
		{"without a type a time is a timestamp", noon, "", "2024-01-02 12:00:00"},
		{"a zone", noon.In(time.FixedZone("", -(3*3600 + 30*60))), "TIMESTAMP WITH TIME ZONE", "2024-01-02 08:30:00-03:30"},
		{"a float is shorter than a double", float64(float32(0.1)), "FLOAT", "0.1"},
		{"a double of the same value", float64(float32(0.1)), "DOUBLE", "0.10000000149011612"},
		{"an int", 7, "", "7"},
		{"nested dates have types of their own", List{Type: "DATE", Values: []any{noon, nil}}, "DATE[]", "[2024-01-02, NULL]"},
		{"text that could be misread is quoted", Struct{Fields: []Column{{"a", "VARCHAR"}, {"b", "VARCHAR"}}, Values: []any{"x, y", "it's"}}, "", `{'a': 'x, y', 'b': 'it\'s'}`},
	} {
		if got := Text(c.cell, c.typ); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	table := &Table{Columns: []Column{{"d", "DATE"}}, Rows: [][]any{{noon}}}
	if got := table.Text(0, 0); got != "2024-01-02" {
		t.Errorf("a cell of a table: %s", got)
	}
}
