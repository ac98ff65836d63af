package project

import (
	"strings"
	"testing"

	"elt/compiler/diag"
)

func TestPythonReferences(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"references", "a = dbt.ref(\"a\")\nb = dbt.source('x', 'y')", "{{ref(\"a\")}}\n{{source('x', 'y')}}"},
		{"config with literals", `dbt.config(tags=["a)"], meta={"k": 1}, enabled=True)`, `{{config(tags=["a)"], meta={"k": 1}, enabled=True)}}`},
		{"over several lines", "dbt.ref(\n  'a',\n  v=2)", "{{ref(\n  'a',\n  v=2)}}"},
		{"a name that is not known here", "dbt.ref(name)\ndbt.config(x=f'{y}')", ""},
		{"what is no call", "# dbt.ref('a')\n\"dbt.ref('a')\"\n'''dbt.ref('a')\n'''\ndbt.config.get('a')\nmydbt.ref('a')", ""},
		{"a comment within", "dbt.ref( # no\n'a')", ""},
		{"calls within", "dbt.ref(lower('a'))", ""},
		{"which does not end", "dbt.ref('a'", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := PythonReferences(diag.NewSource("m.py", c.in)).Text
			if len(got) != len(c.in) {
				t.Errorf("%d bytes became %d", len(c.in), len(got))
			}
			var lines []string
			for line := range strings.Lines(got) {
				if line = strings.TrimSpace(line); line != "" {
					lines = append(lines, line)
				}
			}
			if want := strings.Join(strings.Fields(c.want), " "); strings.Join(strings.Fields(strings.Join(lines, " ")), " ") != want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// FuzzPythonReferences: whatever a file holds, its lines and its length stay.
func FuzzPythonReferences(f *testing.F) {
	for _, text := range []string{"", "dbt.ref('a')", "dbt.ref(", "é dbt.source(\"a\",\n'b') # x", "'''dbt.ref('a')", "dbt.config(a={'b': (1)})"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := PythonReferences(diag.NewSource("m.py", text)).Text
		if len(got) != len(text) || strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Errorf("%q became %q", text, got)
		}
	})
}
