package selector

import "testing"

// TestPattern holds what Python's fnmatch.fnmatchcase says.
func TestPattern(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, text string
		want          bool
	}{
		{`*`, "abc", true},
		{`*`, "", true},
		{`?`, "", false},
		{`a*c`, "abc", true},
		{`a?c`, "abc", true},
		{`a*c`, "a.b/c", true},
		{`[a-c]bc`, "abc", true},
		{`[!a-c]bc`, "dbc", true},
		{`[!a-c]bc`, "abc", false},
		{`[abc`, "[abc", true},
		{`[]]`, "]", true},
		{`[]]`, "a", false},
		{`[!]]`, "]", false},
		{`[!]]`, "a", true},
		{`[a-]`, "-", true},
		{`[-a]`, "-", true},
		{`[a-]`, "b", false},
		{`[z-a]`, "b", false},
		{`[!z-a]`, "b", true},
		{`?`, "é", true},
		{`??`, "日本", true},
		{`a[*]b`, "a*b", true},
		{`a[*]b`, "axb", false},
		{`a\b`, "a\\b", true},
		{`a\*`, "a*", false},
		{`a\*`, "a\\x", true},
		{`*a*b`, "aaab", true},
		{`a**b`, "ab", true},
		{`*b`, "abc", false},
		{`a*b`, "a\nb", true},
		{`[^a]`, "^", true},
		{`[^a]`, "a", true},
		{`[^a]`, "b", false},
		{`[a-cx-z]`, "x", true},
		{`[a-c-e]`, "-", true},
		{`[a-c-e]`, "d", false},
		{`[a!]`, "!", true},
		{`[]`, "[]", true},
		{`[!]`, "[!]", true},
		{`[!a]`, "", false},
		{`a`, "A", false},
		{`[a--]`, "a", false},
		{`[--0]`, ".", true},
		{`[a-b-c]`, "b", true},
		{`[a-b-c]`, "c", true},
		{`[a-b-c]`, "-", true},
		{`[!--a]`, "-", false},
		{`a[-]z`, "a-z", true},
		{`[%--]`, "&", true},
		{`[--]`, "a", false},
		{`[--]`, "-", true},
		{`[---]`, "-", true},
	}
	for _, tt := range tests {
		if got := newPattern(tt.pattern).match(tt.text); got != tt.want {
			t.Errorf("%q matches %q: %v, want %v", tt.pattern, tt.text, got, tt.want)
		}
	}
}

// TestPathPattern holds what pathlib's glob finds; a slash at the end is a folder.
func TestPathPattern(t *testing.T) {
	t.Parallel()
	tests := []struct {
		glob, name string
		want       bool
	}{
		{"models", "models/", true},
		{"models/", "models/", true},
		{"./models/./a.sql", "models/a.sql", true},
		{"models/*", "models/a.sql", true},
		{"models/*", "models/a/b.sql", false},
		{"models/*", "models/", false},
		{"**", "models/", true},
		{"**", "models/a.sql", false},
		{"models/**", "models/", true},
		{"models/**", "models/a/b/", true},
		{"models/**", "models/a.sql", false},
		{"models/**/b.sql", "models/b.sql", true},
		{"models/**/b.sql", "models/a/c/b.sql", true},
		{"models/**/**/b.sql", "models/a/b.sql", true},
		{"**/c/*.sql", "a/b/c/d.sql", true},
		{"**/c/*.sql", "a/b/d.sql", false},
		{"**/a/**/b", "a/x/a/b", true},
		{"mod**/a.sql", "models/a.sql", true},
		{"/home/you/shop/models", "models/", true},
		{"/home/you/other/models", "models/", false},
		{"../models", "models/", false},
	}
	for _, tt := range tests {
		if got := newPathPattern(tt.glob, "/home/you/shop").matchFile(tt.name); got != tt.want {
			t.Errorf("%q matches %q: %v, want %v", tt.glob, tt.name, got, tt.want)
		}
	}
}

func TestCompareVersions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want int
	}{{"2", "10", -1}, {"2", "2.0", 0}, {"1.10", "1.9", -1}, {"b", "a", 1}, {"10", "a", -1}, {"a", "a", 0}}
	for _, tt := range tests {
		if got := compareVersions(tt.a, tt.b); got != tt.want {
			t.Errorf("%q against %q is %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
