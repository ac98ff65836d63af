// Package sqltoken cuts DuckDB SQL into tokens, and answers the questions that
// need tokens but no parser: where statements end, which dotted names occur, where
// a CTE can be put in, whether a text is the same query in other white space.
//
// It follows the lexer of DuckDB 1.5.5, quirks included: comments nest, 0x1F is
// the number 0 and the name x1F, adjacent strings on separate lines are one. It
// is total: any text, however broken, is cut without a panic, and what is not SQL
// becomes an [Invalid] token. It is lossless: tokens are byte spans, in order, and
// only white space lies between them. It decides nothing a grammar would have to:
// that a name is a table rather than a column is the business of whoever asks.
// Start reading at [Tokens] and [Chains].
package sqltoken

import (
	"iter"
	"strings"

	"elt/compiler/diag"
)

// Kind is the kind of a token.
type Kind uint8

// The kinds.
const (
	Word     Kind = iota // plain identifier or keyword: orders, SELECT, größe
	Quoted               // "quoted identifier"
	String               // 'x', E'x', x'41', $tag$x$tag$, with its continuation on further lines
	Number               // 1, 1_000, .5, 1e-5
	Comment              // -- to the end of the line (line end excluded), /* nested */
	Operator             // + <= ->> :: := =>
	Punct                // one of ( ) [ ] { } , ; . :
	Param                // ?, ?1, $1, $name
	Invalid              // unterminated string, identifier or comment, or a stray byte
)

// Token is one token and where it stands.
type Token struct {
	Kind Kind
	Span diag.Span
}

// Text returns the token's text in the SQL it was found in.
func (t Token) Text(sql string) string { return sql[t.Span.Start:t.Span.End] }

// is reports whether the token is the one-byte punctuation or operator c.
func (t Token) is(sql string, c byte) bool {
	return (t.Kind == Punct || t.Kind == Operator) && t.Span.End == t.Span.Start+1 && sql[t.Span.Start] == c
}

// word reports whether the token is a plain word that means the upper-case keyword.
func (t Token) word(sql, keyword string) bool {
	return t.Kind == Word && equalFold(sql[t.Span.Start:t.Span.End], keyword)
}

// Starts are the byte offsets at which tokens of a text begin, comments left out: what stands
// there is not within a comment, a text or a longer name.
func Starts(sql string) map[int]bool {
	starts := map[int]bool{}
	for tok := range Tokens(sql) {
		if tok.Kind != Comment {
			starts[tok.Span.Start] = true
		}
	}
	return starts
}

// FromStarts are [Starts] at which a FROM item may begin: of the texts in quotes just those that
// stand where DuckDB takes them for files.
func FromStarts(sql string) map[int]bool {
	starts, before := map[int]bool{}, ""
	inFrom := []bool{false} // for each open parenthesis: the list of a FROM is what a comma goes on with
	for tok := range Tokens(sql) {
		if tok.Kind == Comment {
			continue
		}
		last := len(inFrom) - 1
		starts[tok.Span.Start] = tok.Kind != String || before == "FROM" || before == "JOIN" || before == "," && inFrom[last]
		before = strings.ToUpper(tok.Text(sql))
		switch before {
		case "(":
			inFrom = append(inFrom, false)
		case ")":
			inFrom = inFrom[:max(last, 1)]
		case "FROM":
			inFrom[last] = true
		case "SELECT", "ON", "USING", "WHERE", "GROUP", "HAVING", "ORDER", "WINDOW", "QUALIFY", "LIMIT":
			inFrom[last] = false
		}
	}
	return starts
}

// Tokens returns the tokens of a text, comments included, in order. Everything
// between two tokens is white space.
func Tokens(sql string) iter.Seq[Token] {
	return func(yield func(Token) bool) {
		l := lexer{sql: sql}
		for l.next() && yield(l.tok) {
		}
	}
}

// equalFold compares a text with an upper-case ASCII keyword.
func equalFold(text, keyword string) bool {
	if len(text) != len(keyword) {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c != keyword[i] {
			return false
		}
	}
	return true
}
