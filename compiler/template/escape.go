package template

import (
	"strings"
	"unicode/utf8"
)

// decodeString reads the text between the quotes of a string literal as Jinja's lexer
// does: line ends become LF, escapes that Python knows are decoded, others stay as
// they are, backslash included. problem is the message for an escape that is broken.
func decodeString(raw string) (s, problem string) {
	raw = normalizeNewlines(raw)
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); {
		if raw[i] != '\\' || i+1 == len(raw) {
			b.WriteByte(raw[i])
			i++
			continue
		}
		n, problem := decodeEscape(&b, raw[i:])
		if problem != "" {
			return "", problem
		}
		i += n
	}
	return b.String(), ""
}

const simpleEscapes = "\\\\''\"\"a\ab\bf\fn\nr\rt\tv\v"

// decodeEscape decodes the escape at the start of s and returns its length.
func decodeEscape(b *strings.Builder, s string) (n int, problem string) {
	c := s[1]
	for i := 0; i < len(simpleEscapes); i += 2 {
		if simpleEscapes[i] == c {
			b.WriteByte(simpleEscapes[i+1])
			return 2, ""
		}
	}
	switch {
	case c == '\n':
		return 2, ""
	case c >= '0' && c <= '7':
		v, n := 0, 1
		for n < len(s) && n < 4 && s[n] >= '0' && s[n] <= '7' {
			v = v*8 + int(s[n]-'0')
			n++
		}
		b.WriteRune(rune(v))
		return n, ""
	case c == 'x':
		return hexEscape(b, s, 2, `truncated \xXX escape`)
	case c == 'u':
		return hexEscape(b, s, 4, `truncated \uXXXX escape`)
	case c == 'U':
		return hexEscape(b, s, 8, `truncated \UXXXXXXXX escape`)
	case c == 'N':
		return 0, `\N{...} escapes are not supported`
	case c >= utf8.RuneSelf:
		// Jinja first writes such characters as escapes, and the backslash before
		// then escapes the escape.
		r, size := utf8.DecodeRuneInString(s[1:])
		b.WriteString(escapeRune(r))
		return 1 + size, ""
	}
	b.WriteString(s[:2])
	return 2, ""
}

func hexEscape(b *strings.Builder, s string, digits int, truncated string) (int, string) {
	v := 0
	for i := 2; i < 2+digits; i++ {
		if i >= len(s) || !isHex(s[i]) {
			return 0, truncated
		}
		d := int(s[i] | 0x20)
		if d >= 'a' {
			d -= 'a' - 10
		} else {
			d = int(s[i] - '0')
		}
		v = v*16 + d
	}
	if v > utf8.MaxRune {
		return 0, "illegal Unicode character"
	}
	b.WriteRune(rune(v))
	return 2 + digits, ""
}

// normalizeNewlines turns CRLF and CR into LF.
func normalizeNewlines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}
