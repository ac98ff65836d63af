package duckdb

import (
	"strings"
	"unicode/utf8"
)

// tokenKind is what a token of SQL is, as far as this package cares.
type tokenKind int

const (
	word   tokenKind = iota // identifier or keyword
	quote                   // "quoted" identifier
	symbol                  // one byte of punctuation
	other                   // string, number, parameter
)

// token is a piece of SQL that is not a space or a comment.
type token struct {
	kind       tokenKind
	start, end int
}

// lex cuts SQL into tokens. It never fails: what is not closed ends with the text.
func lex(sql string) []token {
	var tokens []token
	for i := 0; i < len(sql); {
		if end := skip(sql, i); end > i {
			i = end
			continue
		}
		kind, end := lexToken(sql, i)
		tokens = append(tokens, token{kind, i, end})
		i = end
	}
	return tokens
}

// skip returns the end of the space or comment at i, or i.
func skip(sql string, i int) int {
	switch rest := sql[i:]; {
	case strings.HasPrefix(rest, "--"):
		if n := strings.IndexByte(rest, '\n'); n >= 0 {
			return i + n + 1
		}
		return len(sql)
	case strings.HasPrefix(rest, "/*"):
		return blockEnd(sql, i)
	case strings.IndexByte(" \t\r\n\f\v", rest[0]) >= 0:
		return i + 1
	case strings.HasPrefix(rest, "\u00a0"), strings.HasPrefix(rest, "\ufeff"):
		_, size := utf8.DecodeRuneInString(rest)
		return i + size
	}
	return i
}

// blockEnd returns the end of the comment at i; comments nest.
func blockEnd(sql string, i int) int {
	depth := 0
	for i < len(sql) {
		switch {
		case strings.HasPrefix(sql[i:], "/*"):
			depth++
			i += 2
		case strings.HasPrefix(sql[i:], "*/"):
			depth--
			i += 2
		default:
			i++
		}
		if depth == 0 {
			return i
		}
	}
	return len(sql)
}

func lexToken(sql string, i int) (tokenKind, int) {
	c := sql[i]
	switch {
	case c == '"':
		return quote, quotedEnd(sql, i, '"', false)
	case c == '\'':
		return other, quotedEnd(sql, i, '\'', false)
	case (c == 'e' || c == 'E') && i+1 < len(sql) && sql[i+1] == '\'':
		return other, quotedEnd(sql, i+1, '\'', true)
	case c == '$':
		return other, dollarEnd(sql, i)
	case isWordStart(c):
		end := i + 1
		for end < len(sql) && (isWordStart(sql[end]) || isDigit(sql[end]) || sql[end] == '$') {
			end++
		}
		return word, end
	case isDigit(c):
		end := i + 1
		for end < len(sql) && (isDigit(sql[end]) || isWordStart(sql[end])) {
			end++
		}
		return other, end
	}
	return symbol, i + 1
}

// quotedEnd returns the end of the text quoted at i; a doubled quote is part of it.
func quotedEnd(sql string, i int, mark byte, backslash bool) int {
	for i++; i < len(sql); i++ {
		switch {
		case backslash && sql[i] == '\\':
			i++
		case sql[i] != mark:
		case i+1 < len(sql) && sql[i+1] == mark:
			i++
		default:
			return i + 1
		}
	}
	return len(sql)
}

// dollarEnd returns the end of the $tag$text$tag$ at i, or of the parameter.
func dollarEnd(sql string, i int) int {
	end := i + 1
	for end < len(sql) && (isWordStart(sql[end]) || isDigit(sql[end])) {
		end++
	}
	if end == len(sql) || sql[end] != '$' {
		return end
	}
	tag := sql[i : end+1]
	if n := strings.Index(sql[end+1:], tag); n >= 0 {
		return end + 1 + n + len(tag)
	}
	return len(sql)
}

func isWordStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// secondStatement returns where a second statement begins, or -1.
func secondStatement(sql string) int {
	ended, began := false, false
	for _, t := range lex(sql) {
		if t.kind == symbol && sql[t.start] == ';' {
			ended = began
			continue
		}
		if ended {
			return t.start
		}
		began = true
	}
	return -1
}

// chain is a dotted name: its span and its parts, unquoted.
type chain struct {
	start, end int
	parts      []string
}

// chainAt reads the dotted name that begins with token i.
func chainAt(sql string, tokens []token, i int) (chain, bool) {
	if i >= len(tokens) || tokens[i].kind > quote {
		return chain{}, false
	}
	c := chain{start: tokens[i].start, end: tokens[i].end, parts: []string{nameOf(sql, tokens[i])}}
	for i+2 < len(tokens) && tokens[i+1].kind == symbol && sql[tokens[i+1].start] == '.' && tokens[i+2].kind <= quote {
		i += 2
		c.end = tokens[i].end
		c.parts = append(c.parts, nameOf(sql, tokens[i]))
	}
	return c, true
}

// nameOf is the name a token stands for.
func nameOf(sql string, t token) string {
	text := sql[t.start:t.end]
	if t.kind == quote {
		return strings.ReplaceAll(strings.TrimSuffix(text[1:], `"`), `""`, `"`)
	}
	return text
}
