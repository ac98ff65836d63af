package report

import (
	"strings"
	"testing"

	"elt/compiler/diag"
)

// place returns the place of the first occurrence of text in a source.
func place(src *diag.Source, text string) diag.Place {
	at := strings.Index(src.Text, text)
	if at < 0 {
		panic("no " + text)
	}
	return diag.Place{Source: src, Span: diag.Span{Start: at, End: at + len(text)}}
}

func TestDiagnostics(t *testing.T) {
	t.Parallel()
	customers := diag.NewSource("models/marts/customers.sql", "select *\nfrom {{ ref('stg_orders') }} o\nwhere custmer_id is not null\n")
	compiled := diag.NewSource("target/compiled/marts/customers.sql", "select *\nfrom x o\nwhere custmer_id is not null\n")
	at := place(compiled, "custmer_id")
	a := diag.NewSource("models/a.sql", "select *\nfrom\n    {{ ref('b') }}\n")
	b := diag.NewSource("models/b.sql", "select 1 from {{ ref('a') }}\n")
	long := diag.NewSource("models/long.sql", "select "+strings.Repeat("aaaa, ", 30)+"wrong, "+strings.Repeat("bbbb, ", 30)+"1\n")
	cases := map[string]diag.List{
		"column": {func() *diag.Diagnostic {
			d := diag.New(diag.SQL, place(customers, "custmer_id"), "column %q not found", "custmer_id").WithHint("did you mean %q?", "customer_id")
			d.Compiled = &at
			return d
		}()},
		"cycle": {diag.New(diag.Cycle, diag.Place{}, "these models depend on each other").
			WithNote(place(a, "{{ ref('b') }}"), "a → b").WithNote(place(b, "{{ ref('a') }}"), "b → a")},
		"several": {
			diag.New(diag.UnknownRef, place(a, "ref('b')"), "no model, seed or snapshot is named %q", "b"),
			diag.Warn(diag.UnknownKey, place(b, "select"), "key %q is not known", "tagz").WithHint("did you mean %q?", "tags"),
			diag.New(diag.NoProject, diag.Place{}, "there is no project here").WithHint("elt init my_project makes one\nor go to a folder that has one"),
		},
		"tab_and_wide": {
			diag.New(diag.SQL, place(diag.NewSource("m.sql", "\tselect '東京', colum from t\n"), "colum"), "column %q not found", "colum"),
			diag.New(diag.SQL, place(diag.NewSource("m.sql", "select '東京'\n"), "'東京'"), "wide"),
		},
		"long_line": {diag.New(diag.SQL, place(long, "wrong"), "column %q not found", "wrong")},
		"multiline": {
			diag.New(diag.RaisedError, place(a, "{{ ref('b') }}"), "first line\nsecond line\n\x1b[31mred"),
			diag.New(diag.YAMLSyntax, place(customers, "from {{ ref('stg_orders') }} o\nwhere"), "marks the first line only"),
		},
		"end_of_file": {diag.New(diag.TemplateSyntax, diag.Place{Source: b, Span: diag.Span{Start: len(b.Text) - 1, End: len(b.Text) - 1}}, "the block is not closed")},
		"no_text":     {diag.New(diag.Seed, diag.Place{Source: diag.NewSource("seeds/x.csv", "")}, "the file is empty")},
	}
	for name, list := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if err := WriteDiagnostics(&out, list, 80, Style{}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				if Width(strings.TrimSuffix(line, "\n")) > 100 {
					t.Errorf("too wide: %q", line)
				}
			}
			golden(t, "diagnostic_"+name+".txt", out.String())
		})
	}
}

func TestColourIsOnlyAddedNeverNeeded(t *testing.T) {
	t.Parallel()
	src := diag.NewSource("m.sql", "select colum\n")
	list := diag.List{diag.New(diag.SQL, place(src, "colum"), "column not found").WithHint("look").WithNote(place(src, "select"), "here")}
	var plain, coloured strings.Builder
	WriteDiagnostics(&plain, list, 80, Style{})
	WriteDiagnostics(&coloured, list, 80, Style{On: true})
	if plain.String() == coloured.String() {
		t.Error("no colour at all")
	}
	if got := stripColour(coloured.String()); got != plain.String() {
		t.Errorf("colour changes the text:\n%s\n%s", got, plain.String())
	}
}

func stripColour(text string) string {
	for {
		from := strings.Index(text, "\x1b[")
		if from < 0 {
			return text
		}
		to := strings.IndexByte(text[from:], 'm')
		text = text[:from] + text[from+to+1:]
	}
}

func TestWantColour(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		env      map[string]string
		terminal bool
		want     bool
	}{
		{"a terminal", nil, true, true},
		{"a pipe", nil, false, false},
		{"NO_COLOR on a terminal", map[string]string{"NO_COLOR": "1"}, true, false},
		{"empty NO_COLOR means nothing", map[string]string{"NO_COLOR": ""}, true, true},
		{"dumb terminal", map[string]string{"TERM": "dumb"}, true, false},
		{"FORCE_COLOR in a pipe", map[string]string{"FORCE_COLOR": "1"}, false, true},
		{"FORCE_COLOR beats NO_COLOR", map[string]string{"FORCE_COLOR": "1", "NO_COLOR": "1"}, false, true},
		{"FORCE_COLOR=0 switches off", map[string]string{"FORCE_COLOR": "0"}, true, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			env := func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }
			if got := WantColour(env, c.terminal); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
