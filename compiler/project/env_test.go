package project

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"elt/compiler/diag"
)

func TestDotenv(t *testing.T) {
	t.Parallel()
	env := func(name string) (string, bool) { return "from outside", name == "OUTER" }
	for _, c := range []struct {
		name, text string
		want       map[string]string
	}{
		{"plain values", "A=1\nB = two words \n", map[string]string{"A": "1", "B": "two words"}},
		{"comments and empty lines", "# x\n\nA=1 # y\nB=x#y\nC=#z\n", map[string]string{"A": "1", "B": "x#y", "C": ""}},
		{"export and CRLF", "export A=1\r\nB=2\r\n", map[string]string{"A": "1", "B": "2"}},
		{"single quotes keep everything but \\'", `A='${B} \n it\'s'`, map[string]string{"A": `${B} \n it's`}},
		{"double quotes know escapes", `A="x\ty\"z\\ \$"`, map[string]string{"A": "x\ty\"z\\ \\$"}},
		{"quotes over several lines", "A=\"one\ntwo\"\nB=3", map[string]string{"A": "one\ntwo", "B": "3"}},
		{"names filled in", "A=1\nB=${A}${MISSING}${NONE:-def}\nC=$A\nD=${OUTER}", map[string]string{"A": "1", "B": "1def", "C": "$A", "D": "from outside"}},
		{"byte order mark", "\ufeffA=1", map[string]string{"A": "1"}},
		{"empty values", "A=\nB=''\n", map[string]string{"A": "", "B": ""}},
		{"an equals sign in the value", "A=b=c", map[string]string{"A": "b=c"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var diags report
			got := parseDotenv(diag.NewSource(".env", c.text), env, &diags)
			if diff := cmp.Diff(c.want, got); diff != "" || len(diags.list) > 0 {
				t.Errorf("%v (-want +got)\n%s", diags.list, diff)
			}
		})
	}
}

func TestDatabaseName(t *testing.T) {
	t.Parallel()
	// What current_database() says in DuckDB 1.5.5 for a file of each name.
	for path, want := range map[string]string{
		"": "memory", ":memory:": "memory", ":memory:named": "named", "a.b.duckdb": "a", "/x/my wh.duckdb": "my wh",
		"main.duckdb": "main_db", "temp.db": "temp_db", "system.db": "system_db", "noext": "noext", ".hid.db": "hid",
		"md:shop": "shop", "md:": "my_db", "s3://bucket/dir/x.db?a=b": "x", "ducklake:meta.db": "meta",
		"a?b/x?y.db": "x",
	} {
		if got := DatabaseName(path); got != want {
			t.Errorf("%q: got %q, want %q", path, got, want)
		}
	}
}
