package duckdb

import (
	"strings"
	"testing"
)

// TestCastPlace: the bar in a statement is where DuckDB says that a cast failed.
func TestCastPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, sql, message string
		trusted            bool
	}{
		{"an expression, by its type", `select |cast('x' || id as integer) from t`, `Could not convert string 'x1' to INT32`, true},
		{"a type by another name", `select |try_cast('x' || id as int4) from t`, `Could not convert string 'x1' to INT32`, true},
		{"int8 is eight bytes where a query says it", `select (a || b)|::int8 from t`, `Could not convert string 'x1' to INT64`, true},
		{"and one byte where an error does", `select (a || b)|::int8 from t`, `Could not convert string 'x1' to INT8`, false},
		{"another type", `select |cast('x' || id as bigint) from t`, `Could not convert string 'x1' to INT32`, false},
		{"no cast", `select id, |upper(x) from t`, `Could not convert string 'x1' to INT32`, false},
		{"a cast further on", `select |f(cast('x' || id as integer)) from t`, `Could not convert string 'x1' to INT32`, false},
		{"a value that does not fit", `select (id * 1000)|::tinyint from t`, `Type INT32 with value 1000 can't be cast because the value is out of range for the destination type INT8`, true},
		{"its column in parentheses", `select (id * 1000)|::tinyint from t`, `Type INT32 with value 1000 can't be cast because the value is out of range for the destination type INT8 when casting from source column id`, true},
		{"a column of another operand", `select id, (n * 1000)|::tinyint from t`, `Type INT32 with value 1000 can't be cast because the value is out of range for the destination type INT8 when casting from source column id`, false},
		{"a column of a function", `select abs(t.id)|::tinyint from t`, `Type INT32 with value 1000 can't be cast because the value is out of range for the destination type INT8 when casting from source column id`, true},
		{"a decimal", `select (n * 10)|::numeric(4, 2) from t`, `Could not cast value 100000000 to DECIMAL(4,2)`, true},
		{"a decimal of another width", `select (n * 10)|::numeric(5, 2) from t`, `Could not cast value 100000000 to DECIMAL(4,2)`, false},
		{"a date", `select (a || b)|::date from t`, `invalid date field format: "ax", expected format is (YYYY-MM-DD)`, true},
		{"a time", `select (a || b)|::time from t`, `time field value out of range: "ax", expected format is ([YYYY-MM-DD ]HH:MM:SS[.MS])`, true},
		{"a list", `select (a || b)|::int[] from t`, `Type VARCHAR with value 'ax' can't be cast to the destination type INTEGER[]`, true},
		{"a list's element", `select (a || b)|::int[] from t`, `Could not convert string 'ax' to INT32`, false},
		{"a uuid", `select (a || b)|::uuid from t`, `Could not convert string 'ax' to INT128`, true},
		{"a text with a type in it", `select |cast(a || b as integer) from t`, `Could not convert string 'x' to INT8' to INT32`, true},
		{"the end of the statement", `select 1|`, `Could not convert string 'x' to INT32`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			at := strings.IndexByte(c.sql, '|')
			for strings.HasPrefix(c.sql[at:], "||") {
				at += 2 + strings.IndexByte(c.sql[at+2:], '|')
			}
			sql, want := c.sql[:at]+c.sql[at+1:], -1
			if c.trusted {
				want = at
			}
			if got := castPlace(sql, at, c.message); got != want {
				t.Errorf("got %d, want %d", got, want)
			}
		})
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	long := oneLine("python -c " + strings.Repeat("äx\n", 100))
	if n := len([]rune(long)); n != commandReach || !strings.HasSuffix(long, "…") || strings.Contains(long, "\n") {
		t.Errorf("a long command: %d characters: %q", n, long)
	}
	if got := oneLine("bash -c echo a\n\n\techo\x1b[31m b\n"); got != "bash -c echo a echo [31m b" {
		t.Errorf("got %q", got)
	}
}
