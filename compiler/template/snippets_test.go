package template_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// snippet is a template and what Jinja, set up as dbt does, makes of it. An expected
// text "ERR message" is an error; of a native rendering it is type and repr.
type snippet struct {
	Name     string `json:"name"`
	Template string `json:"template"`
	Expected string `json:"expected"`
	Native   bool   `json:"native"`
	Lax      bool   `json:"lax"`
}

func readSnippets(t testing.TB, name string) []snippet {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var out []snippet
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// snippetScope holds the names that the snippets use.
func snippetScope() template.MapScope {
	return template.MapScope{
		"g2": "G", "k": "K", // for scopes
		"g": template.FromGo(map[string]any{"k": 1, "l": []any{3, 1, 2}, "s": "abc", "n": nil, "f": 1.5, "b": true}),
		"rows": template.FromGo([]any{map[string]any{"n": 1, "t": "b"}, map[string]any{"n": 2, "t": "a"},
			map[string]any{"n": 3, "t": "B"}}),
		"outer":  template.NewFunc("outer", outer),
		"set":    template.NewFunc("set", newSet),
		"return": template.NewFunc("return", returns),
	}
}

// outer is a function of the snippets that returns a function.
func outer(c *template.Call) (template.Value, error) {
	return template.NewFunc("inner", func(d *template.Call) (template.Value, error) {
		return c.Args[0].(string) + d.Args[0].(string), nil
	}), nil
}

func newSet(c *template.Call) (template.Value, error) {
	var elems []template.Value
	if err := c.Unpack("set", "elems?", &elems); err != nil {
		return nil, err
	}
	return template.NewSet(elems...)
}

func returns(c *template.Call) (template.Value, error) {
	var v template.Value
	if err := c.Unpack("return", "data", &v); err != nil {
		return nil, err
	}
	return nil, template.Return(v)
}

func render(text string, scope template.Scope) (string, error) {
	t, err := template.Parse(diag.NewSource("model.sql", text))
	if err != nil {
		return "", err
	}
	out, err := t.Render(template.NewThread(context.Background()), scope)
	return out.Text, err
}

func (s snippet) run() (string, error) {
	t, err := template.Parse(diag.NewSource("model.sql", s.Template))
	if err != nil {
		return "", err
	}
	th := template.NewThread(context.Background())
	th.LaxUndefined = s.Lax
	if s.Native {
		v, err := t.RenderNative(th, snippetScope())
		return template.TypeName(v) + " " + template.Repr(v), err
	}
	out, err := t.Render(th, snippetScope())
	return out.Text, err
}

// TestSnippets renders templates whose text the real Jinja has given.
func TestSnippets(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/snippets*.json")
	if err != nil || len(files) < 5 {
		t.Fatal("snippets are missing", err)
	}
	for _, file := range files {
		for _, s := range readSnippets(t, filepath.Base(file)) {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".json")+"/"+s.Name, func(t *testing.T) {
				t.Parallel()
				s.check(t)
			})
		}
	}
}

func (s snippet) check(t *testing.T) {
	t.Helper()
	got, err := s.run()
	want, isErr := strings.CutPrefix(s.Expected, "ERR ")
	if !isErr {
		if err != nil || got != s.Expected {
			t.Fatalf("template %q\n got %q (error %v)\nwant %q", s.Template, got, err, s.Expected)
		}
		return
	}
	var d *diag.Diagnostic
	if !errors.As(err, &d) {
		t.Fatalf("template %q: got %q (error %v), want error %q", s.Template, got, err, want)
	}
	got = d.Message
	if d.Err != nil {
		got = d.Err.Error() // Jinja's words
	}
	if got != strings.TrimPrefix(want, "UndefinedError: ") {
		t.Fatalf("template %q: got error %q, want %q", s.Template, got, want)
	}
	if d.Place.IsZero() {
		t.Fatalf("template %q: error without a place: %v", s.Template, err)
	}
}
