package state

import (
	"math/big"
	"strconv"
	"strings"
	"time"

	"elt/compiler/project"
)

// batch is how many rows one INSERT carries. DuckDB parses long VALUES lists in a
// time that grows with their length, but a statement a row costs more.
const batch = 500

// insert returns statements that insert rows, each a list of literals.
func insert(table string, rows [][]string) []string {
	var out []string
	for len(rows) > 0 {
		n := min(batch, len(rows))
		var b strings.Builder
		b.WriteString("insert into " + table + " values ")
		for i, r := range rows[:n] {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString("(" + strings.Join(r, ", ") + ")")
		}
		out = append(out, b.String())
		rows = rows[n:]
	}
	return out
}

// text is a string literal, NULL for "".
func text(s string) string {
	if s == "" {
		return "null"
	}
	return project.QuoteString(s)
}

// Time is a timestamp literal in UTC, NULL for the zero time.
func Time(t time.Time) string {
	if t.IsZero() {
		return "null"
	}
	return "timestamp '" + t.UTC().Format(timeLayout) + "'"
}

const timeLayout = "2006-01-02 15:04:05.000000"

func number(n int64) string { return strconv.FormatInt(n, 10) }

// known is a count, NULL where it is below zero.
func known(n int64) string {
	if n < 0 {
		return "null"
	}
	return number(n)
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 6, 64) }

func list(items []string) string {
	quoted := make([]string, len(items))
	for i, s := range items {
		quoted[i] = project.QuoteString(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]::varchar[]"
}

// The readers' side: what a cell holds, zero for NULL.

func str(v any) string {
	s, _ := v.(string)
	return s
}

func integer(v any) int64 {
	switch x := v.(type) {
	case int64:
		return x
	case *big.Int:
		return x.Int64()
	case float64:
		return int64(x)
	}
	return 0
}

// count is integer, -1 for NULL.
func count(v any) int64 {
	if v == nil {
		return -1
	}
	return integer(v)
}

func when(v any) time.Time {
	t, _ := v.(time.Time)
	return t
}

func duration(v any) time.Duration {
	f, _ := v.(float64)
	return time.Duration(f * float64(time.Second))
}

func boolean(v any) bool {
	b, _ := v.(bool)
	return b
}
