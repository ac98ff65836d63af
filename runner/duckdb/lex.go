package duckdb

import (
	"strings"

	"elt/compiler/sqltoken"
)

// tokenKind is what a token of SQL is, as far as this package cares.
type tokenKind int

const (
	word   tokenKind = iota // identifier or keyword
	quote                   // "quoted" identifier
	symbol                  // one byte of punctuation
	other                   // string, number, operator, parameter
)

// token is a piece of SQL that is neither a space nor a comment.
type token struct {
	kind       tokenKind
	start, end int
}

// lex cuts SQL into tokens.
func lex(sql string) []token {
	tokens := make([]token, 0, len(sql)/6)
	for t := range sqltoken.Tokens(sql) {
		kind := other
		switch t.Kind {
		case sqltoken.Comment:
			continue
		case sqltoken.Word:
			kind = word
		case sqltoken.Quoted:
			kind = quote
		case sqltoken.Punct:
			kind = symbol
		}
		tokens = append(tokens, token{kind, t.Span.Start, t.Span.End})
	}
	return tokens
}

// is reports whether a token is the given word, not quoted.
func is(sql string, t token, keyword string) bool {
	return t.kind == word && strings.EqualFold(sql[t.start:t.end], keyword)
}

// isOne reports whether a token is one of the given punctuation.
func isOne(sql string, t token, punctuation string) bool {
	return t.kind == symbol && strings.IndexByte(punctuation, sql[t.start]) >= 0
}

// secondStatement returns where a second statement begins, or -1.
func secondStatement(sql string) int {
	if statements := sqltoken.SplitStatements(sql); len(statements) > 1 {
		return statements[1].Start
	}
	return -1
}

// dotted is a dotted name: its span, and its last part without quotes.
type dotted struct {
	start, end int
	name       string
}

// dottedAt reads the dotted name that begins with token i.
func dottedAt(sql string, tokens []token, i int) (dotted, bool) {
	if i >= len(tokens) || tokens[i].kind > quote {
		return dotted{}, false
	}
	start := tokens[i].start
	for i+2 < len(tokens) && isOne(sql, tokens[i+1], ".") && tokens[i+2].kind <= quote {
		i += 2
	}
	last := tokens[i]
	return dotted{start, last.end, sqltoken.Unquote(sql[last.start:last.end])}, true
}
