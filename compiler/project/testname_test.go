package project

import (
	"regexp"
	"testing"
)

// dbtTestName is dbt's rule (parser/generic_test_builders.py).
var dbtTestName = regexp.MustCompile(`^(?:([a-zA-Z_][0-9a-zA-Z_]*)\.)?([a-zA-Z_][0-9a-zA-Z_]*)`)

func FuzzSplitTestName(f *testing.F) {
	for _, text := range []string{"", "unique", "dbt_utils.recency", "a.b.c", ".a", "a.", "a-b", "1a", "_.a1", "a.1", "é"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		namespace, name, ok := splitTestName(text)
		want := dbtTestName.FindStringSubmatch(text)
		if ok != (want != nil) || ok && (namespace != want[1] || name != want[2]) {
			t.Errorf("%q: %q, %q, %v; want %q", text, namespace, name, ok, want)
		}
	})
}
