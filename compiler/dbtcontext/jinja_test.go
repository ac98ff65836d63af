package dbtcontext_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/template"
)

// jinjaCase is a template and what dbt makes of it, as bench/jinja/fuzz.py records it.
type jinjaCase struct {
	Name, Macros, Body, Mode string
	Want                     *string // nil where dbt fails
	Error                    string
}

// TestAsJinja renders what random templates have shown to be different once, and
// compares it with what dbt's own Jinja prints. Where that fails, so must elt, with a place.
func TestAsJinja(t *testing.T) {
	t.Parallel()
	var cases []jinjaCase
	readJSON(t, "testdata/jinja.json", &cases)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			got, err := c.render(t)
			var d *diag.Diagnostic
			switch {
			case c.Want == nil && err == nil:
				t.Errorf("%s%s\n got %q\nwant an error: %s", c.Macros, c.Body, got, c.Error)
			case c.Want == nil && (!errors.As(err, &d) || d.Place.IsZero()):
				t.Errorf("%s%s: the error has no place: %v", c.Macros, c.Body, err)
			case c.Want != nil && (err != nil || got != *c.Want):
				t.Errorf("%s%s\n got %q (error %v)\nwant %q", c.Macros, c.Body, got, err, *c.Want)
			}
		})
	}
}

func (c jinjaCase) render(t *testing.T) (string, error) {
	t.Helper()
	p := testProject(t, nil)
	if c.Macros != "" {
		addMacros(t, p, "probe", "macros/m.sql", c.Macros)
	}
	parsed, err := template.Parse(diag.NewSource("models/m.sql", c.Body))
	if err != nil {
		return "", err
	}
	th := template.NewThread(context.Background())
	th.LaxUndefined = c.Mode == "parse"
	scope := p.Scope(&fakeHost{name: "m", parsing: c.Mode == "parse"}, "probe")
	for name, v := range jinjaValues() {
		scope.With(name, v)
	}
	if c.Mode == "native" {
		v, err := parsed.RenderNative(th, scope)
		name := template.TypeName(v)
		return name[strings.LastIndexByte(name, '.')+1:] + " " + template.Repr(v), err
	}
	out, err := parsed.Render(th, scope)
	return out.Text, err
}

// jinjaValues are the names the templates use.
func jinjaValues() map[string]template.Value {
	at := time.Date(2024, 2, 29, 13, 4, 5, 678900000, time.UTC)
	decimal := func(s string) template.Value { v, _ := dbtcontext.Decimal(s); return v }
	return map[string]template.Value{
		"g": template.FromGo(map[string]any{"k": 1, "l": []any{3, 1, 2}, "s": "abc", "n": nil, "f": 1.5, "b": true}),
		"rows": template.FromGo([]any{map[string]any{"n": 1, "t": "b"}, map[string]any{"n": 2, "t": "a"},
			map[string]any{"n": 3, "t": "B"}}),
		"dec": decimal("1.50"), "dec2": decimal("3"),
		"day": dbtcontext.Date(at), "dt": dbtcontext.NaiveDateTime(at), "dtz": dbtcontext.DateTime(at),
	}
}

// TestCombinationsAreBounded has templates that no memory would hold the result of.
func TestCombinationsAreBounded(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"long rows":     "{{ modules.itertools.combinations_with_replacement('abc', 1000)|list|length }}",
		"many rows":     "{{ modules.itertools.combinations(range(60), 30)|list|length }}",
		"endless rows":  "{{ modules.itertools.combinations_with_replacement('abc', 9223372036854775807)|list|length }}",
		"many products": "{{ modules.itertools.product(range(1000), range(1000), range(1000))|list|length }}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := jinjaCase{Body: body}.render(t)
			var d *diag.Diagnostic
			if !errors.As(err, &d) || d.Place.IsZero() || !strings.HasPrefix(d.Message, "more than 1048576 combinations") {
				t.Errorf("%s: %v", body, err)
			}
		})
	}
}
