package template

import "unicode/utf8"

// Strings are indexed by code point. These functions are quick for ASCII.

func runeLen(s string) int {
	if s[0] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// strLen is len(s).
func strLen(s string) int { return utf8.RuneCountInString(s) }

// byteOffset returns the byte offset of the i-th character, len(s) beyond the end.
func byteOffset(s string, i int) int {
	if isASCII(s) {
		return min(max(i, 0), len(s))
	}
	off := 0
	for ; i > 0 && off < len(s); i-- {
		off += runeLen(s[off:])
	}
	return off
}

// substring is s[from:to] in characters, which must be in order and not negative.
func substring(s string, from, to int) string {
	a := byteOffset(s, from)
	return s[a : a+byteOffset(s[a:], to-from)]
}
