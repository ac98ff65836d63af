package selector

import (
	"strings"
	"unicode/utf8"
)

// pattern is a wildcard pattern as Python's fnmatch reads it: * is any text, dots
// and slashes included, ? any character, [abc] and [a-z] one of them, [!abc] none
// of them. A "[" that is not closed is an ordinary character. Letter case counts.
type pattern struct {
	text  string
	plain bool // holds no wildcard
	parts []part
}

// part is one step of a pattern.
type part struct {
	kind   partKind
	char   rune
	ranges []runeRange
}

type partKind uint8

const (
	literal partKind = iota
	anyText
	anyChar
	oneOf
	noneOf
)

type runeRange struct{ low, high rune }

func newPattern(text string) pattern {
	p := pattern{text: text, plain: !strings.ContainsAny(text, "*?[")}
	if p.plain {
		return p
	}
	runes := []rune(text)
	for i := 0; i < len(runes); {
		switch r := runes[i]; r {
		case '*':
			if n := len(p.parts); n == 0 || p.parts[n-1].kind != anyText {
				p.parts = append(p.parts, part{kind: anyText})
			}
			i++
		case '?':
			p.parts = append(p.parts, part{kind: anyChar})
			i++
		case '[':
			class, next := newClass(runes, i)
			p.parts = append(p.parts, class)
			i = next
		default:
			p.parts = append(p.parts, part{kind: literal, char: r})
			i++
		}
	}
	return p
}

// newClass reads a class whose "[" is at i, and returns where it ends.
func newClass(runes []rune, i int) (part, int) {
	start := i + 1
	end := start
	if end < len(runes) && runes[end] == '!' {
		end++
	}
	if end < len(runes) && runes[end] == ']' { // a first "]" is a member
		end++
	}
	for end < len(runes) && runes[end] != ']' {
		end++
	}
	if end >= len(runes) {
		return part{kind: literal, char: '['}, i + 1
	}
	class := part{kind: oneOf}
	members := runes[start:end]
	if len(members) > 0 && members[0] == '!' {
		class.kind, members = noneOf, members[1:]
	}
	for j := 0; j < len(members); j++ {
		low, high := members[j], members[j]
		if j+2 < len(members) && members[j+1] == '-' {
			high = members[j+2]
			j += 2
		}
		if low <= high { // [z-a] holds nothing
			class.ranges = append(class.ranges, runeRange{low, high})
		}
	}
	return class, end + 1
}

// takes reports whether a part that is not anyText takes a character.
func (p *part) takes(r rune) bool {
	switch p.kind {
	case literal:
		return p.char == r
	case anyChar:
		return true
	}
	for _, x := range p.ranges {
		if x.low <= r && r <= x.high {
			return p.kind == oneOf
		}
	}
	return p.kind == noneOf
}

// match reports whether the whole text fits the pattern. It never looks at a
// character more often than the pattern has parts.
func (p pattern) match(text string) bool {
	if p.plain {
		return p.text == text
	}
	at, i := 0, 0        // next part and next byte
	star, retry := -1, 0 // the last anyText, and where its text ends for now
	for i < len(text) {
		if at < len(p.parts) && p.parts[at].kind == anyText {
			star, retry = at, i
			at++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if at < len(p.parts) && p.parts[at].takes(r) {
			at++
			i += size
			continue
		}
		if star < 0 {
			return false
		}
		_, size = utf8.DecodeRuneInString(text[retry:])
		retry += size
		at, i = star+1, retry
	}
	for at < len(p.parts) && p.parts[at].kind == anyText {
		at++
	}
	return at == len(p.parts)
}
