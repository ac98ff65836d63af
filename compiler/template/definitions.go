package template

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// nextDefinition returns the offset of the next tag that opens a definition of the
// kinds wanted, or -1. It reads what lies between as little as dbt does: tags,
// expressions and comments are skipped, with the strings inside of them.
func (p *parser) nextDefinition(from int) int {
	s := p.text
	for {
		tag := nextTag(s, from)
		if tag < 0 {
			return -1
		}
		switch s[tag+1] {
		case '#':
			from = after(s, tag+2, "#}")
		case '{':
			from = afterTag(s, tag+2, "}}")
		default:
			name := tagName(s[tag+2:])
			if slices.Contains(p.only, name) {
				return tag
			}
			from = afterTag(s, tag+2, "%}")
			if name == "raw" {
				from = afterRaw(s, from)
			}
		}
		if from < 0 {
			from = tag + 2 // it never ends: mere braces in the text
		}
	}
}

// tagName returns the name of a tag, behind its "{%".
func tagName(s string) string {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	s = strings.TrimLeftFunc(s, isSpace)
	return s[:nameLen(s)]
}

// after returns the offset behind the next end, or -1.
func after(s string, from int, end string) int {
	i := strings.Index(s[min(from, len(s)):], end)
	if i < 0 {
		return -1
	}
	return from + i + len(end)
}

// afterTag is after for a tag, in whose strings the end does not count.
func afterTag(s string, from int, end string) int {
	for from < len(s) {
		switch {
		case strings.HasPrefix(s[from:], end):
			return from + len(end)
		case s[from] == '\'' || s[from] == '"':
			n := stringLen(s[from:])
			if n < 0 {
				return after(s, from, end)
			}
			from += n
		default:
			_, n := utf8.DecodeRuneInString(s[from:])
			from += n
		}
	}
	return -1
}

// stringLen returns the length of the string literal at the start of s, or -1.
func stringLen(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case s[0]:
			return i + 1
		case '\\':
			i++
		}
	}
	return -1
}

// afterRaw returns the offset behind the next endraw tag.
func afterRaw(s string, from int) int {
	for from >= 0 {
		i := strings.Index(s[from:], "{%")
		if i < 0 {
			return -1
		}
		from += i + 2
		if tagName(s[from:]) == "endraw" {
			return after(s, from, "%}")
		}
	}
	return -1
}
