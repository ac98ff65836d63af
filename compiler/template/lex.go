package template

import (
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind is the kind of a token inside a tag.
type tokenKind uint8

const (
	tokEnd tokenKind = iota // the end of the tag
	tokName
	tokString
	tokInt
	tokFloat
	tokOp
)

// token is one token of a tag. text is the name, the operator, the digits or the
// decoded string.
type token struct {
	kind       tokenKind
	text       string
	start, end int32
}

// is reports whether the token is a given operator.
func (t token) is(op string) bool { return t.kind == tokOp && t.text == op }

// isName reports whether the token is a given name.
func (t token) isName(name string) bool { return t.kind == tokName && t.text == name }

// operators, longest first.
var twoCharOps = [...]string{"//", "**", "==", "!=", ">=", "<="}

const oneCharOps = "+-*/%~[](){}><=.:|,;"

// lexTag reads the tokens of a tag that starts at p.at, up to its end ("%}" or "}}",
// maybe with a trim sign), and leaves p.at behind it.
func (p *parser) lexTag(end string) {
	p.toks, p.next = p.toks[:0], 0
	var open []byte
	for {
		p.skipSpace()
		if len(open) == 0 && p.tagEnd(end) {
			return
		}
		if p.at >= len(p.text) {
			p.lexEOF(end)
		}
		start := p.at
		t := p.lexToken()
		t.start, t.end = int32(start), int32(p.at)
		if t.kind == tokOp {
			open = p.balance(open, t)
		}
		p.toks = append(p.toks, t)
	}
}

// lexEOF reports a tag that never ends.
func (p *parser) lexEOF(end string) {
	what := "statement block"
	if end == "}}" {
		what = "print statement"
	}
	p.failHint(pos{int32(p.tagStart), int32(min(p.tagStart+2, len(p.text)))},
		"close it with \""+end+"\"", "unexpected end of template, expected token 'end of %s'", what)
}

// tagEnd consumes the end of a tag where there is one.
func (p *parser) tagEnd(end string) bool {
	rest := p.text[p.at:]
	switch {
	case strings.HasPrefix(rest, end):
		p.endToken(2)
	case strings.HasPrefix(rest, "-"+end[:1]) && strings.HasPrefix(rest[1:], end):
		p.endToken(3)
		p.skipSpace()
	case end == "%}" && strings.HasPrefix(rest, "+%}"):
		p.endToken(3)
	default:
		return false
	}
	return true
}

func (p *parser) endToken(n int) {
	p.toks = append(p.toks, token{kind: tokEnd, start: int32(p.at), end: int32(p.at + n)})
	p.at += n
}

// balance keeps the stack of open brackets.
func (p *parser) balance(open []byte, t token) []byte {
	switch t.text {
	case "(":
		return append(open, ')')
	case "[":
		return append(open, ']')
	case "{":
		return append(open, '}')
	case ")", "]", "}":
		if len(open) == 0 {
			p.fail(pos{t.start, t.end}, "unexpected '%s'", t.text)
		}
		if want := open[len(open)-1]; want != t.text[0] {
			p.fail(pos{t.start, t.end}, "unexpected '%s', expected '%c'", t.text, want)
		}
		return open[:len(open)-1]
	}
	return open
}

func (p *parser) skipSpace() {
	for p.at < len(p.text) {
		r, n := utf8.DecodeRuneInString(p.text[p.at:])
		if !isSpace(r) {
			return
		}
		p.at += n
	}
}

func (p *parser) lexToken() token {
	c := p.text[p.at]
	rest := p.text[p.at:]
	switch {
	case c >= '0' && c <= '9':
		return p.lexNumber()
	case c == '"' || c == '\'':
		return p.lexString()
	}
	if n := nameLen(rest); n > 0 {
		name := rest[:n]
		if r, _ := utf8.DecodeRuneInString(name); r != '_' && !unicode.IsLetter(r) && !unicode.Is(unicode.Nl, r) {
			p.fail(pos{int32(p.at), int32(p.at + n)}, "Invalid character in identifier")
		}
		p.at += n
		return token{kind: tokName, text: name}
	}
	for _, op := range twoCharOps {
		if strings.HasPrefix(rest, op) {
			p.at += 2
			return token{kind: tokOp, text: op}
		}
	}
	if i := strings.IndexByte(oneCharOps, c); i >= 0 {
		p.at++
		return token{kind: tokOp, text: oneCharOps[i : i+1]}
	}
	r, n := utf8.DecodeRuneInString(rest)
	p.fail(pos{int32(p.at), int32(p.at + n)}, "unexpected char %s at %d", Repr(string(r)), p.at)
	return token{}
}

func nameLen(s string) int {
	for i, r := range s {
		switch {
		case r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9':
		case r >= 0x80 && (unicode.IsLetter(r) || unicode.Is(unicode.N, r) || unicode.Is(unicode.M, r)):
		default:
			return i
		}
	}
	return len(s)
}

// digitRun returns the length of a run of digits that may be joined by single
// underscores.
func digitRun(s string, is func(byte) bool) int {
	n := 0
	for n < len(s) {
		if is(s[n]) {
			n++
		} else if s[n] == '_' && n > 0 && n+1 < len(s) && is(s[n+1]) {
			n += 2
		} else {
			break
		}
	}
	return n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

// lexNumber reads an int or a float. A number right behind a dot is an int, so that
// x.0.1 reads as two lookups.
func (p *parser) lexNumber() token {
	s := p.text[p.at:]
	afterDot := p.at > 0 && p.text[p.at-1] == '.'
	if n := floatLen(s); n > 0 && !afterDot {
		p.at += n
		return token{kind: tokFloat, text: s[:n]}
	}
	n := intLen(s)
	p.at += n
	return token{kind: tokInt, text: s[:n]}
}

// floatLen returns the length of the float at the start of s, or 0.
func floatLen(s string) int {
	n := digitRun(s, isDigit)
	if n < len(s) && s[n] == '.' {
		if f := digitRun(s[n+1:], isDigit); f > 0 {
			n += 1 + f
			return n + exponentLen(s[n:])
		}
		return 0
	}
	if e := exponentLen(s[n:]); e > 0 {
		return n + e
	}
	return 0
}

func exponentLen(s string) int {
	if s == "" || s[0]|0x20 != 'e' {
		return 0
	}
	i := 1
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	d := digitRun(s[i:], isDigit)
	if d == 0 {
		return 0
	}
	return i + d
}

func intLen(s string) int {
	if s[0] != '0' {
		return digitRun(s, isDigit)
	}
	if len(s) > 2 {
		var is func(byte) bool
		switch s[1] | 0x20 {
		case 'x':
			is = isHex
		case 'o':
			is = func(c byte) bool { return c >= '0' && c <= '7' }
		case 'b':
			is = func(c byte) bool { return c == '0' || c == '1' }
		}
		if is != nil {
			from := 2
			if s[2] == '_' {
				from = 3
			}
			if n := digitRun(s[from:], is); n > 0 {
				return from + n
			}
		}
	}
	return digitRun(s, func(c byte) bool { return c == '0' })
}

// intValue is the value of an int token.
func intValue(text string) Value {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && text[0] != '0' {
		return n
	}
	n, _ := new(big.Int).SetString(strings.ReplaceAll(text, "_", ""), 0)
	return normInt(n)
}

// floatValue is the value of a float token.
func floatValue(text string) Value {
	f, _ := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	return f
}

// lexString reads a string literal and decodes it.
func (p *parser) lexString() token {
	q := p.text[p.at]
	start := p.at + 1
	plain := true
	for i := start; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == q:
			raw := p.text[start:i]
			p.at = i + 1
			if plain {
				return token{kind: tokString, text: raw}
			}
			s, problem := decodeString(raw)
			if problem != "" {
				p.fail(pos{int32(start - 1), int32(p.at)}, "%s", problem)
			}
			return token{kind: tokString, text: s}
		case c == '\\':
			plain = false
			i++
		case c == '\r':
			plain = false
		}
	}
	p.failHint(pos{int32(p.at), int32(p.at + 1)}, "close the string with the quote it starts with",
		"unexpected char %s at %d", Repr(string(q)), p.at)
	return token{}
}
