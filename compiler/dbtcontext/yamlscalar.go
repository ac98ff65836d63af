package dbtcontext

import (
	"fmt"
	"strings"
)

// scalar writes a text plain, in single quotes or in double ones: the first of them that
// is read as the same text.
func (e *yamlEmitter) scalar(n *yamlNode, c yamlContext) {
	plain, single := quoting(n.text)
	multiline := strings.ContainsFunc(n.text, isYAMLBreak)
	switch {
	case n.plain && plain && !(c.simpleKey && (n.text == "" || multiline)):
		e.plain(n.text, c)
	case single && !(c.simpleKey && multiline):
		e.singleQuoted([]rune(n.text), !c.simpleKey)
	default:
		e.doubleQuoted([]rune(n.text), !c.simpleKey)
	}
}

// quoting reports whether a text can stand in a block without quotes, and whether it can
// in single ones: PyYAML's analyze_scalar.
func quoting(text string) (plain, single bool) {
	if text == "" {
		return true, true
	}
	runes := []rune(text)
	plain, single = true, true
	if strings.HasPrefix(text, "---") || strings.HasPrefix(text, "...") {
		plain = false
	}
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return ' '
		}
		return runes[i]
	}
	for i, r := range runes {
		before, after := isYAMLSpace(at(i-1)), isYAMLSpace(at(i+1))
		switch {
		case i == 0 && strings.ContainsRune("#,[]{}&*!|>'\"%@`", r),
			i == 0 && strings.ContainsRune("?:-", r) && after,
			i > 0 && r == ':' && after,
			i > 0 && r == '#' && before,
			isYAMLBreak(r),
			r == ' ' && (i == 0 || i == len(runes)-1):
			plain = false
		}
		if r != '\n' && (r < ' ' || r > '~') || // it is escaped
			r == ' ' && i > 0 && isYAMLBreak(runes[i-1]) ||
			isYAMLBreak(r) && at(i-1) == ' ' && i > 0 {
			plain, single = false, false
		}
	}
	return plain, single
}

func (e *yamlEmitter) plain(text string, c yamlContext) {
	e.openEnded = e.openEnded || c.root
	if !e.whitespace && text != "" {
		e.write(" ")
	}
	e.whitespace, e.indention = false, false
	e.folded([]rune(text), !c.simpleKey, false)
}

func (e *yamlEmitter) singleQuoted(text []rune, split bool) {
	e.indicator("'", true, false, false)
	e.folded(text, split, true)
	e.indicator("'", false, false, false)
}

// folded writes a text whose lines may be broken at single spaces; a line end in it is
// written twice.
func (e *yamlEmitter) folded(text []rune, split, quoted bool) {
	for at := 0; at < len(text); {
		end := at
		switch {
		case text[at] == ' ':
			for end < len(text) && text[end] == ' ' {
				end++
			}
			inside := !quoted || at != 0 && end != len(text)
			if at+1 == end && e.column > yamlWidth && split && inside {
				e.writeIndent()
				e.whitespace, e.indention = e.whitespace && quoted, e.indention && quoted
			} else {
				e.write(string(text[at:end]))
			}
		case isYAMLBreak(text[at]):
			e.lineBreak()
			for end < len(text) && isYAMLBreak(text[end]) {
				e.lineBreak()
				end++
			}
			e.writeIndent()
		case text[at] == '\'' && quoted:
			end++
			e.write("''")
		default:
			for end < len(text) && text[end] != ' ' && !isYAMLBreak(text[end]) && !(quoted && text[end] == '\'') {
				end++
			}
			e.write(string(text[at:end]))
		}
		at = end
	}
}

var yamlEscapes = map[rune]string{
	0: "0", '\a': "a", '\b': "b", '\t': "t", '\n': "n", '\v': "v", '\f': "f", '\r': "r", 0x1b: "e",
	'"': `"`, '\\': `\`, 0x85: "N", 0xa0: "_", 0x2028: "L", 0x2029: "P",
}

func yamlEscape(r rune) string {
	if s, ok := yamlEscapes[r]; ok {
		return `\` + s
	}
	switch {
	case r <= 0xff:
		return fmt.Sprintf(`\x%02X`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04X`, r)
	}
	return fmt.Sprintf(`\U%08X`, r)
}

func (e *yamlEmitter) doubleQuoted(text []rune, split bool) {
	e.indicator(`"`, true, false, false)
	start := 0
	for end, r := range text {
		if r == '"' || r == '\\' || r < ' ' || r > '~' {
			e.write(string(text[start:end]))
			e.write(yamlEscape(r))
			start = end + 1
		}
		if split && end > 0 && end < len(text)-1 && (r == ' ' || start >= end) && e.column+end-start > yamlWidth {
			if start < end {
				e.write(string(text[start:end]))
				start = end
			}
			e.write(`\`)
			e.writeIndent()
			e.whitespace, e.indention = false, false
			if text[start] == ' ' {
				e.write(`\`)
			}
		}
	}
	if start < len(text) {
		e.write(string(text[start:]))
	}
	e.indicator(`"`, false, false, false)
}
