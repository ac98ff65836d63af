package template

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// specialUpper replaces characters whose upper case is several characters.
func specialUpper(s string) string {
	if isASCII(s) {
		return s
	}
	return upperSpecials.Replace(s)
}

var upperSpecials = strings.NewReplacer("ß", "SS", "ŉ", "ʼN", "ǰ", "J̌", "ﬀ", "FF", "ﬁ", "FI", "ﬂ", "FL",
	"ﬃ", "FFI", "ﬄ", "FFL", "ﬅ", "ST", "ﬆ", "ST", "ΐ", "Ϊ́", "ΰ", "Ϋ́", "և", "ԵՒ", "ẖ", "H̱", "ẗ", "T̈", "ẘ", "W̊", "ẙ", "Y̊")

// lower is Python's str.lower, with a final sigma where Greek has one.
func lower(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	if strings.ContainsRune(s, 'Σ') {
		s = finalSigma(s)
	}
	return strings.ToLower(strings.ReplaceAll(s, "İ", "i̇"))
}

func finalSigma(s string) string {
	runes := []rune(s)
	for i, r := range runes {
		if r == 'Σ' && i > 0 && unicode.IsLetter(runes[i-1]) &&
			(i+1 == len(runes) || !unicode.IsLetter(runes[i+1])) {
			runes[i] = 'ς'
		}
	}
	return string(runes)
}

// caseFold is Python's str.casefold.
func caseFold(s string) Value {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	s = strings.ReplaceAll(specialUpper(s), "İ", "i̇")
	return foldSpecials.Replace(strings.ToLower(s))
}

var foldSpecials = strings.NewReplacer("ß", "ss", "ς", "σ", "ſ", "s", "µ", "μ", "ͅ", "ι")

func isCased(r rune) bool { return unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r) }

func isLower(s string) bool {
	cased := false
	for _, r := range s {
		if unicode.IsUpper(r) || unicode.IsTitle(r) {
			return false
		}
		cased = cased || unicode.IsLower(r)
	}
	return cased
}

func isUpper(s string) bool {
	cased := false
	for _, r := range s {
		if unicode.IsLower(r) || unicode.IsTitle(r) {
			return false
		}
		cased = cased || unicode.IsUpper(r)
	}
	return cased
}

func isTitle(s string) bool {
	any, afterCased := false, false
	for _, r := range s {
		switch {
		case unicode.IsUpper(r) || unicode.IsTitle(r):
			if afterCased {
				return false
			}
			any, afterCased = true, true
		case unicode.IsLower(r):
			if !afterCased {
				return false
			}
			any = true
		default:
			afterCased = false
		}
	}
	return any
}

func titleRune(r rune) string {
	if s := specialUpper(string(r)); s != string(r) {
		return string([]rune(s)[0]) + strings.ToLower(string([]rune(s)[1:]))
	}
	return string(unicode.ToTitle(r))
}

// title is Python's str.title: letters that follow no cased letter become title case.
func title(s string) string {
	var b strings.Builder
	afterCased := false
	for i, r := range s {
		if afterCased {
			if r == 'Σ' && !startsCased(s[i+len("Σ"):]) {
				r = 'ς'
			}
			b.WriteString(lower(string(r)))
		} else {
			b.WriteString(titleRune(r))
		}
		afterCased = isCased(r)
	}
	return b.String()
}

func startsCased(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s != "" && isCased(r)
}

func capitalize(s string) Value {
	if s == "" {
		return s
	}
	n := runeLen(s)
	return titleRune([]rune(s[:n])[0]) + lower(finalSigma(s)[n:])
}

func swapCase(s string) Value {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsUpper(r) {
			b.WriteString(lower(string(r)))
		} else {
			b.WriteString(strings.ToUpper(specialUpper(string(r))))
		}
	}
	return b.String()
}
