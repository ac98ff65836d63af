package sqltoken

import (
	"strings"

	"elt/compiler/diag"
)

// lexer cuts sql from pos on. After next returned true, tok is the token found.
type lexer struct {
	sql string
	pos int
	tok Token
}

// next finds the next token; false means that only white space was left.
func (l *lexer) next() bool {
	sql, i := l.sql, l.pos
	for {
		n := spaceLen(sql, i)
		if n == 0 {
			break
		}
		i += n
	}
	if i >= len(sql) {
		l.pos = i
		return false
	}
	kind, end := scan(sql, i)
	l.tok = Token{Kind: kind, Span: diag.Span{Start: i, End: end}}
	l.pos = end
	return true
}

// significant finds the next token that is not a comment.
func (l *lexer) significant() bool {
	for l.next() {
		if l.tok.Kind != Comment {
			return true
		}
	}
	return false
}

// spaceLen returns the length of the white space character at i, or 0. DuckDB
// takes some of Unicode's spaces for white space outside of quotes, among them
// the no-break space and the byte order mark, but not the vertical tab.
func spaceLen(sql string, i int) int {
	if i >= len(sql) {
		return 0
	}
	switch c := sql[i]; {
	case c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f':
		return 1
	case c < 0xC2:
		return 0
	}
	return unicodeSpaceLen(sql[i:])
}

func unicodeSpaceLen(s string) int {
	if strings.HasPrefix(s, "\u00a0") {
		return 2
	}
	if len(s) < 3 {
		return 0
	}
	switch s[:3] {
	case "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007",
		"\u2008", "\u2009", "\u200a", "\u200b", "\u202f", "\u205f", "\u2060", "\u3000", "\ufeff":
		return 3
	}
	return 0
}

// scan returns the kind and the end of the token that starts at i.
func scan(sql string, i int) (Kind, int) {
	switch c := sql[i]; {
	case isWordStart(c):
		return scanWord(sql, i)
	case isDigit(c):
		return Number, scanNumber(sql, i)
	case c == '"':
		return scanQuoted(sql, i)
	case c == '\'':
		return scanString(sql, i, plain)
	case c == '.':
		return scanDot(sql, i)
	case strings.IndexByte("()[]{},;", c) >= 0:
		return Punct, i + 1
	case c == ':':
		if at(sql, i+1) == ':' || at(sql, i+1) == '=' {
			return Operator, i + 2
		}
		return Punct, i + 1
	case c == '-' && at(sql, i+1) == '-':
		return Comment, lineEnd(sql, i)
	case c == '/' && at(sql, i+1) == '*':
		return scanBlockComment(sql, i)
	case c == '$':
		return scanDollar(sql, i)
	case c == '#': // a column by position; joins no other operator
		return Operator, i + 1
	case c == '?':
		return Param, digits(sql, i+1)
	case isOperator(c):
		return Operator, scanOperator(sql, i)
	}
	return Invalid, i + 1
}

// at returns the byte at i, or 0 behind the end.
func at(sql string, i int) byte {
	if i < len(sql) {
		return sql[i]
	}
	return 0
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isWordStart(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c >= 0x80
}

func isWordPart(c byte) bool { return isWordStart(c) || isDigit(c) || c == '$' }

func isOperator(c byte) bool { return strings.IndexByte("+-*/<>=~!@%^&|`", c) >= 0 }

// wordEnd returns where the word that i is in ends.
func wordEnd(sql string, i int) int {
	for i < len(sql) && isWordPart(sql[i]) && (sql[i] < 0x80 || spaceLen(sql, i) == 0) {
		i++
	}
	return i
}

// scanWord reads a word, or the string of which it is the prefix.
func scanWord(sql string, i int) (Kind, int) {
	if at(sql, i+1) == '\'' {
		switch sql[i] {
		case 'e', 'E':
			return scanString(sql, i+1, escaped)
		case 'n', 'N':
			return scanString(sql, i+1, plain)
		case 'b', 'B', 'x', 'X':
			return scanString(sql, i+1, digitString)
		}
	}
	return Word, wordEnd(sql, i)
}

// digits returns where a run of digits, grouped by single underscores, ends.
func digits(sql string, i int) int {
	for isDigit(at(sql, i)) || at(sql, i) == '_' && isDigit(sql[i-1]) && isDigit(at(sql, i+1)) {
		i++
	}
	return i
}

func scanNumber(sql string, i int) int {
	i = digits(sql, i)
	if at(sql, i) == '.' && at(sql, i+1) != '.' {
		i = digits(sql, i+1)
	}
	return exponent(sql, i)
}

// exponent returns where an exponent that starts at i ends: i if there is none.
func exponent(sql string, i int) int {
	if c := at(sql, i); c != 'e' && c != 'E' {
		return i
	}
	start := i + 1
	if c := at(sql, start); c == '+' || c == '-' {
		start++
	}
	if end := digits(sql, start); end > start {
		return end
	}
	return i
}

// scanDot reads a fraction without an integer part, two dots, or one.
func scanDot(sql string, i int) (Kind, int) {
	if isDigit(at(sql, i+1)) {
		return Number, exponent(sql, digits(sql, i+1))
	}
	if at(sql, i+1) == '.' {
		return Operator, i + 2
	}
	return Punct, i + 1
}

func lineEnd(sql string, i int) int {
	if n := strings.IndexAny(sql[i:], "\n\r"); n >= 0 {
		return i + n
	}
	return len(sql)
}

func scanBlockComment(sql string, i int) (Kind, int) {
	depth := 0
	for i < len(sql) {
		switch {
		case sql[i] == '/' && at(sql, i+1) == '*':
			depth++
			i += 2
		case sql[i] == '*' && at(sql, i+1) == '/':
			depth--
			i += 2
			if depth == 0 {
				return Comment, i
			}
		default:
			i++
		}
	}
	return Invalid, len(sql)
}

// scanQuoted reads a quoted identifier; DuckDB refuses an empty one.
func scanQuoted(sql string, start int) (Kind, int) {
	i := start + 1
	for {
		n := strings.IndexByte(sql[i:], '"')
		if n < 0 {
			return Invalid, len(sql)
		}
		i += n + 1
		if at(sql, i) == '"' {
			i++
			continue
		}
		if i == start+2 {
			return Invalid, i
		}
		return Quoted, i
	}
}

// quoting says what a quote inside a string is written like.
type quoting uint8

const (
	plain       quoting = iota // ''
	escaped                    // '' or \'
	digitString                // there is none
)

// scanString reads a string whose opening quote is at i, and what continues it:
// another quote after white space that holds a line end, as the standard has it.
func scanString(sql string, i int, q quoting) (Kind, int) {
	for {
		end := stringEnd(sql, i+1, q)
		if end < 0 {
			return Invalid, len(sql)
		}
		next, ok := continuation(sql, end)
		if !ok {
			return String, end
		}
		i = next
	}
}

// stringEnd returns the offset behind the closing quote of a string whose text
// starts at i, or -1 if it is not closed.
func stringEnd(sql string, i int, q quoting) int {
	for i < len(sql) {
		switch {
		case sql[i] == '\\' && q == escaped:
			i += 2
		case sql[i] != '\'':
			i++
		case at(sql, i+1) == '\'' && q != digitString:
			i += 2
		default:
			return i + 1
		}
	}
	return -1
}

// continuation returns the opening quote that continues a string which ends at i.
// Line comments may stand between, block comments may not.
func continuation(sql string, i int) (int, bool) {
	newline := false
	for i < len(sql) {
		switch n := spaceLen(sql, i); {
		case n > 0:
			newline = newline || sql[i] == '\n' || sql[i] == '\r'
			i += n
		case sql[i] == '-' && at(sql, i+1) == '-':
			i = lineEnd(sql, i)
		default:
			return i, newline && sql[i] == '\''
		}
	}
	return 0, false
}

// scanDollar reads a dollar-quoted string, else a parameter.
func scanDollar(sql string, i int) (Kind, int) {
	tag := i + 1
	if isWordStart(at(sql, tag)) {
		for tag < len(sql) && sql[tag] != '$' && isWordPart(sql[tag]) && spaceLen(sql, tag) == 0 {
			tag++
		}
	}
	if at(sql, tag) == '$' {
		quote := sql[i : tag+1]
		if n := strings.Index(sql[tag+1:], quote); n >= 0 {
			return String, tag + 1 + n + len(quote)
		}
		return Invalid, len(sql)
	}
	if tag > i+1 {
		return Param, tag
	}
	if end := digits(sql, tag); end > tag {
		return Param, end
	}
	return Invalid, tag
}

// scanOperator reads the longest operator, by PostgreSQL's rule: it stops before a
// comment, and it may end in + or - only if a character occurs in it that no
// operator of standard SQL has.
func scanOperator(sql string, i int) int {
	end, free := i, false
	for end < len(sql) && isOperator(sql[end]) {
		if two := sql[end:min(end+2, len(sql))]; two == "--" || two == "/*" {
			break
		}
		free = free || strings.IndexByte("~!@%^&|`", sql[end]) >= 0
		end++
	}
	for !free && end > i+1 && (sql[end-1] == '+' || sql[end-1] == '-') {
		end--
	}
	return end
}
