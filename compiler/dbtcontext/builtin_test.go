package dbtcontext

import (
	"slices"
	"testing"
)

// The index of built-in macros is read from the text of the files; it must be what
// the files define.
func TestBuiltinIndexIsWhatTheFilesDefine(t *testing.T) {
	t.Parallel()
	x := New(Settings{Name: "p"}).builtins()
	for _, pkg := range internalPackages {
		parsed := slices.Sorted(slices.Values(x.whole(pkg).names))
		if indexed := x.names(pkg); len(parsed) == 0 || !slices.Equal(parsed, indexed) {
			t.Errorf("package %s: the index has\n%q\nthe files define\n%q", pkg, indexed, parsed)
		}
	}
	for _, f := range x.files {
		seen := map[string]bool{}
		for _, m := range f.load().names {
			if x.by[f.pkg+"."+m] != f || seen[m] {
				t.Errorf("%s: %s is defined twice", f.name, m)
			}
			seen[m] = true
		}
	}
	for test := range utilsTests {
		if x.find(eltPackage, test) == nil {
			t.Errorf("dbt_utils.%s is promised but not there", test)
		}
	}
}
