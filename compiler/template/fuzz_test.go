package template_test

import (
	"strings"
	"testing"

	"elt/compiler/diag"
	"elt/compiler/template"
)

func addSeeds(f *testing.F) {
	f.Helper()
	for _, file := range []string{"snippets.json", "snippets_constructs.json"} {
		for _, s := range readSnippets(f, file) {
			f.Add(s.Template)
		}
	}
	f.Add(definitions)
	f.Add(loopModel)
}

// FuzzParse checks that no text makes the parser panic, that places of errors lie in
// the text, and that blocks are where they say.
func FuzzParse(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, text string) {
		tpl, err := template.Parse(diag.NewSource("f.sql", text))
		if err != nil {
			d, ok := err.(*diag.Diagnostic)
			if !ok || d.Place.IsZero() || d.Place.Span.Start > len(text) {
				t.Fatalf("error without a place in the text: %v", err)
			}
			return
		}
		for _, b := range tpl.Blocks() {
			if b.Body.Start < b.Whole.Start || b.Body.End < b.Body.Start || b.Whole.End > len(text) || b.Whole.End < b.Body.End {
				t.Fatalf("block %s: whole %v, body %v", b.Name, b.Whole, b.Body)
			}
		}
		tpl.Calls()
	})
}

// FuzzRender checks that no template makes rendering panic or hang, and that every
// byte of the result has an origin in the text.
func FuzzRender(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, text string) {
		tpl, err := template.Parse(diag.NewSource("f.sql", text))
		if err != nil {
			return
		}
		th := template.NewThread(t.Context())
		th.Limits = template.Limits{Steps: 20_000, Output: 1 << 20, Depth: 50}
		out, err := tpl.Render(th, snippetScope())
		if err != nil {
			return
		}
		if !strings.Contains(text, "{") && out.Text != strings.TrimSuffix(out.Text, "\r") {
			t.Fatalf("CR is left in %q", out.Text)
		}
		for i := range len(out.Text) {
			if p, ok := out.Map.Origin(i); !ok || p.Span.Start > len(text) {
				t.Fatalf("offset %d of %q has no origin", i, out.Text)
			}
		}
	})
}
