package duckdb

import "strings"

// edited is SQL with texts put in.
type edited struct {
	sql     string
	inserts []insert // in the order of at
}

// insert is a text put in: its offset in the edited SQL and its length.
type insert struct {
	at, size int
}

// origin leads from an offset in the edited SQL back to the original.
func (e edited) origin(offset int) int {
	shift := 0
	for _, i := range e.inserts {
		if i.at < offset {
			shift += min(i.size, offset-i.at)
		}
	}
	return offset - shift
}

// someEnum is an IN that DuckDB parses without looking at data.
const someEnum = ") in elt_any"

// fillPivots gives each PIVOT ... ON element that has no IN one, so that the statement
// parses as a SELECT: without it, DuckDB must first read which values there are.
func fillPivots(sql string) edited {
	tokens := lex(sql)
	var starts, ends []int
	for i := range tokens {
		if is(sql, tokens[i], "pivot") || is(sql, tokens[i], "pivot_wider") {
			s, e := pivotElements(sql, tokens, i+1)
			starts, ends = append(starts, s...), append(ends, e...)
		}
	}
	var out strings.Builder
	result := edited{}
	put := func(text string) {
		result.inserts = append(result.inserts, insert{out.Len(), len(text)})
		out.WriteString(text)
	}
	last := 0
	for i := range starts {
		if starts[i] < last {
			continue // a PIVOT inside the ON of another one
		}
		out.WriteString(sql[last:starts[i]])
		put("(")
		out.WriteString(sql[starts[i]:ends[i]])
		put(someEnum)
		last = ends[i]
	}
	out.WriteString(sql[last:])
	result.sql = out.String()
	return result
}

// pivotElements finds the elements of the ON list behind a PIVOT that have no IN.
func pivotElements(sql string, tokens []token, i int) (starts, ends []int) {
	depth, start, hasIn := 0, -1, false
	finish := func(end int) {
		if start >= 0 && end > start && !hasIn {
			starts, ends = append(starts, start), append(ends, end)
		}
	}
	for ; i < len(tokens); i++ {
		t := tokens[i]
		switch {
		case isOne(sql, t, "([{"):
			depth++
		case isOne(sql, t, ")]}"):
			depth--
		}
		if depth < 0 || depth == 0 && endsPivot(sql, t) {
			break
		}
		switch {
		case depth == 0 && start < 0 && is(sql, t, "on"):
			if i+1 < len(tokens) {
				start = tokens[i+1].start
			}
		case depth == 0 && start >= 0 && isOne(sql, t, ","):
			finish(tokens[i-1].end)
			start, hasIn = t.end, false
		case depth == 0 && is(sql, t, "in"):
			hasIn = true
		}
	}
	if i > 0 {
		finish(tokens[i-1].end)
	}
	return starts, ends
}

// endsPivot reports whether a token ends the ON list of a PIVOT.
func endsPivot(sql string, t token) bool {
	for _, keyword := range []string{"using", "group", "order", "limit", "union", "intersect", "except"} {
		if is(sql, t, keyword) {
			return true
		}
	}
	return isOne(sql, t, ";")
}
