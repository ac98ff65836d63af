package template_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"elt/compiler/diag"
	"elt/compiler/template"
)

type snippet struct {
	Name     string `json:"name"`
	Template string `json:"template"`
	Expected string `json:"expected"`
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

// outer is a function of the snippets that returns a function.
func outer(c *template.Call) (template.Value, error) {
	return template.NewFunc("inner", func(d *template.Call) (template.Value, error) {
		return c.Args[0].(string) + d.Args[0].(string), nil
	}), nil
}

func render(text string, scope template.Scope) (string, error) {
	t, err := template.Parse(diag.NewSource("model.sql", text))
	if err != nil {
		return "", err
	}
	out, err := t.Render(template.NewThread(nil), scope)
	return out.Text, err
}

// TestSnippets renders templates whose text Jinja's own renderer has given. An
// expected text "ERR Class: message" is the message of an error.
func TestSnippets(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/snippets*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no snippets", err)
	}
	for _, file := range files {
		for _, s := range readSnippets(t, filepath.Base(file)) {
			t.Run(s.Name, func(t *testing.T) {
				t.Parallel()
				checkSnippet(t, s)
			})
		}
	}
}

func checkSnippet(t *testing.T, s snippet) {
	t.Helper()
	got, err := render(s.Template, template.MapScope{"outer": template.NewFunc("outer", outer)})
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
	_, message, _ := strings.Cut(want, ": ")
	if d.Message != message {
		t.Fatalf("template %q: got error %q, want %q", s.Template, d.Message, message)
	}
	if d.Place.IsZero() {
		t.Fatalf("template %q: error without a place: %v", s.Template, err)
	}
}
