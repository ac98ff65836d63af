package template

import (
	"strings"
	"unicode"
)

// isSpace is Python's str.isspace for one character; the characters \x1c to \x1f
// count, unlike in Go.
func isSpace(r rune) bool {
	switch {
	case r == ' ' || r >= '\t' && r <= '\r' || r >= 0x1c && r <= 0x1f:
		return true
	case r < 0x80:
		return false
	}
	return unicode.IsSpace(r)
}

// asciiDigits replaces decimal digits of other scripts by ASCII ones, as Python's
// number parsers do.
func asciiDigits(s string) string {
	if isASCII(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if d := digitValue(r); d >= 0 {
			return rune('0' + d)
		}
		return r
	}, s)
}

// digitValue returns the value of a decimal digit, or -1. Unicode lists the ten
// digits of a script in a row, starting with its zero.
func digitValue(r rune) int {
	if !unicode.Is(unicode.Nd, r) {
		return -1
	}
	for _, rng := range unicode.Nd.R16 {
		if rune(rng.Lo) <= r && r <= rune(rng.Hi) {
			return int(r-rune(rng.Lo)) % 10
		}
	}
	for _, rng := range unicode.Nd.R32 {
		if rune(rng.Lo) <= r && r <= rune(rng.Hi) {
			return int(r-rune(rng.Lo)) % 10
		}
	}
	return -1
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
