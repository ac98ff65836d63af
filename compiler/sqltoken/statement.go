package sqltoken

import (
	"strings"

	"elt/compiler/diag"
)

// StripTrailing returns the text up to its last token that is neither a semicolon
// nor a comment. What is returned is a prefix, so offsets keep; if it is one
// statement, it may be followed by ")" at once, even where a comment came last.
func StripTrailing(sql string) string {
	end := 0
	for l := (lexer{sql: sql}); l.significant(); {
		if !l.tok.is(sql, ';') {
			end = l.tok.Span.End
		}
	}
	return sql[:end]
}

// SplitStatements returns the spans of the statements in a text: what lies between
// semicolons, which are not in the spans, nor is white space around. Comments are,
// but what has no other token is no statement.
func SplitStatements(sql string) []diag.Span {
	var out []diag.Span
	span, empty := diag.Span{Start: -1}, true
	end := func() {
		if !empty {
			out = append(out, span)
		}
		span, empty = diag.Span{Start: -1}, true
	}
	for l := (lexer{sql: sql}); l.next(); {
		if l.tok.is(sql, ';') {
			end()
			continue
		}
		if span.Start < 0 {
			span.Start = l.tok.Span.Start
		}
		span.End = l.tok.Span.End
		empty = empty && l.tok.Kind == Comment
	}
	end()
	return out
}

// FirstKeyword returns the first word of a text in capitals, behind comments and
// opening parentheses, or "" if the first token is no word.
func FirstKeyword(sql string) string {
	l := lexer{sql: sql}
	for l.significant() {
		if !l.tok.is(sql, '(') {
			break
		}
	}
	if l.tok.Kind != Word {
		return ""
	}
	return upperKeyword(l.tok.Text(sql))
}

// IsQuery reports whether a text begins like a query that can stand in
// parentheses behind FROM, judged by its first keyword, or where that is WITH, by
// the keyword that follows the CTEs. It does not see whether a second statement
// comes after; see [SplitStatements].
func IsQuery(sql string) bool {
	switch mainKeyword(sql) {
	case "SELECT", "FROM", "VALUES", "TABLE", "PIVOT", "UNPIVOT", "PIVOT_WIDER", "PIVOT_LONGER",
		"DESCRIBE", "DESC", "SHOW", "SUMMARIZE":
		return true
	}
	return false
}

// mainKeyword is FirstKeyword, but of what follows a leading WITH clause.
func mainKeyword(sql string) string { return FirstKeyword(sql[mainStart(sql):]) }

// mainStart is where a statement begins behind a leading WITH clause.
func mainStart(sql string) int {
	if FirstKeyword(sql) != "WITH" {
		return 0
	}
	l := lexer{sql: sql}
	for l.skipCTE() {
		if !l.significant() {
			return len(sql)
		}
		if !l.tok.is(sql, ',') {
			return l.tok.Span.Start
		}
	}
	return len(sql)
}

// skipCTE moves behind the next "AS [NOT MATERIALIZED] ( ... )", to its ")".
func (l *lexer) skipCTE() bool {
	as, depth := false, 0
	for l.significant() {
		switch {
		case l.tok.is(l.sql, '('):
			depth++
		case l.tok.is(l.sql, ')'):
			depth--
			if as && depth == 0 {
				return true
			}
		case depth == 0 && l.tok.word(l.sql, "AS"):
			as = true
		}
	}
	return false
}

// CTEInsertPoint returns where common table expressions go that a query is to be
// given: behind the WITH (and RECURSIVE) it begins with, and then they need a comma
// after them; else at its first token, comments included, and then they need a WITH
// before them. That is where dbt puts them.
func CTEInsertPoint(sql string) (offset int, hasWith, recursive bool) {
	l := lexer{sql: sql}
	if !l.next() {
		return len(sql), false, false
	}
	first := l.tok.Span.Start
	if l.tok.Kind == Comment && !l.significant() || !l.tok.word(sql, "WITH") {
		return first, false, false
	}
	offset = l.tok.Span.End
	if !l.significant() || !l.tok.word(sql, "RECURSIVE") {
		return offset, true, false
	}
	end := l.tok.Span.End
	// A CTE may be called recursive: only a name that follows makes it the keyword.
	named := l.significant() && (l.tok.Kind == Quoted || l.tok.Kind == Word && !l.tok.word(sql, "AS"))
	if !named {
		return offset, true, false
	}
	return end, true, true
}

// LeadingCTEs returns the names, in lower case, of the common table expressions that a query
// begins with, and the offset behind each one's query: from there on a table of that name is
// the expression, whatever relation there is. Before, it may be the relation.
func LeadingCTEs(sql string) map[string]int {
	offset, with, _ := CTEInsertPoint(sql)
	if !with {
		return nil
	}
	ends := map[string]int{}
	for l := (lexer{sql: sql[offset:]}); l.significant(); {
		name := l.tok.Text(l.sql)
		if l.tok.Kind == Quoted {
			name = Unquote(name)
		}
		if !l.skipCTE() {
			break // it is unfinished
		}
		ends[strings.ToLower(name)] = offset + l.tok.Span.End
		if !l.significant() || !l.tok.is(l.sql, ',') {
			break
		}
	}
	return ends
}

// Normalize returns the text with its comments left out and its tokens set apart
// by single spaces: two texts that normalize alike are the same query. Letter case
// is kept, since column names show it.
func Normalize(sql string) string {
	var b strings.Builder
	b.Grow(len(sql) + len(sql)/8)
	for l := (lexer{sql: sql}); l.significant(); {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(l.tok.Text(sql))
	}
	return b.String()
}
