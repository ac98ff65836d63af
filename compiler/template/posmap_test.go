package template_test

import (
	"context"
	"strings"
	"testing"

	"elt/compiler/diag"
	"elt/compiler/template"
)

func renderOutput(t testing.TB, text string) template.Output {
	t.Helper()
	tpl, err := template.Parse(diag.NewSource("m.sql", text))
	if err != nil {
		t.Fatal(err)
	}
	out, err := tpl.Render(template.NewThread(context.Background()), template.MapScope{"ref": template.NewFunc("ref",
		func(*template.Call) (template.Value, error) { return "db.t", nil })})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// origins writes, for each stretch of the text, what of the source made it.
func origins(out template.Output) string {
	var b strings.Builder
	last := ""
	for i := range len(out.Text) {
		p, ok := out.Map.Origin(i)
		from := "?"
		if ok {
			from = p.Text()
		}
		// A byte of literal text maps to itself.
		if from == out.Text[i:i+1] && len(from) == 1 {
			from = "="
		}
		if from != last {
			b.WriteString("[" + from + "]")
			last = from
		}
		b.WriteString(out.Text[i : i+1])
	}
	return b.String()
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"plain text":        {"select 1\n", "[=]select 1"},
		"expression":        {"a {{ ref('x') }} b", "[=]a [ref('x')]db.t[=] b"},
		"trims":             {"a  {{- ref('x') -}}  b", "[=]a[ref('x')]db.t[=]b"},
		"loop":              {"{% for i in [1, 2] %}i{{ i * 10 }},{% endfor %}", "[=]i[i * 10]10[=],i[i * 10]20[=],"},
		"condition":         {"{% if true %}yes{% else %}no{% endif %}!", "[=]yes!"},
		"set block":         {"{% set x %}in {{ 1 }}{% endset %}[{{ x }}]", "[=][[x]in 1[=]]"},
		"macro":             {"{% macro m(a) %}<{{ a }}>{% endmacro %}x{{ m(5) }}y", "[=]x[m(5)]<5>[=]y"},
		"call block":        {"{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}b{% endcall %}", "[{% call m() %}]<b>"},
		"filter block":      {"{% filter upper %}ab{% endfilter %}c", "[{% filter upper %}]AB[=]c"},
		"raw":               {"{% raw %}{{ x }}{% endraw %}", "[=]{{ x }}"},
		"characters":        {"é{{ 'ü' }}ß", "[\u00e9]é"},
		"empty expressions": {"a{{ '' }}b", "[=]ab"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := renderOutput(t, c.text)
			if name == "characters" {
				checkBytes(t, c.text, out)
				return
			}
			if got := origins(out); got != c.want {
				t.Errorf("%q renders %q\n got %s\nwant %s", c.text, out.Text, got, c.want)
			}
		})
	}
}

// checkBytes checks offsets where characters are several bytes long.
func checkBytes(t *testing.T, text string, out template.Output) {
	t.Helper()
	for offset, want := range map[int]int{0: 0, 1: 1, 2: strings.Index(text, "'"), 4: strings.Index(text, "ß")} {
		if p, ok := out.Map.Origin(offset); !ok || p.Span.Start != want {
			t.Errorf("offset %d: got %v %v, want %d", offset, p.Span, ok, want)
		}
	}
}

func TestOriginOfOtherLineEnds(t *testing.T) {
	t.Parallel()
	text := "a\r\nb\rc\n{{ 1 }}\r\nd\r\n"
	out := renderOutput(t, text)
	if out.Text != "a\nb\nc\n1\nd" {
		t.Fatalf("got %q", out.Text)
	}
	for offset, want := range map[int]int{0: 0, 1: 1, 2: 3, 3: 4, 4: 5, 5: 6, 6: 10, 7: 14, 8: 16} {
		if p, _ := out.Map.Origin(offset); p.Span.Start != want {
			t.Errorf("offset %d (%q): got %d, want %d", offset, out.Text[offset], p.Span.Start, want)
		}
	}
}

func TestOriginOutside(t *testing.T) {
	t.Parallel()
	out := renderOutput(t, "ab")
	for _, offset := range []int{-1, 3, 100} {
		if p, ok := out.Map.Origin(offset); ok {
			t.Errorf("offset %d: got %v, want nothing", offset, p)
		}
	}
	var none *template.PosMap
	if _, ok := none.Origin(0); ok {
		t.Error("a nil map knows an origin")
	}
}

func TestEdit(t *testing.T) {
	t.Parallel()
	text := "select {{ ref('x') }} from t"
	out := renderOutput(t, text) // select db.t from t
	place := diag.Place{Source: diag.NewSource("other.sql", "other"), Span: diag.Span{Start: 0, End: 5}}
	m := out.Map.Edit(
		template.Edit{At: 0, Insert: 5, Place: place}, // "with " in front
		template.Edit{At: 12, Delete: 4, Insert: 2},   // "from" gives way to two bytes of nowhere
	)
	for _, c := range []struct {
		name   string
		offset int
		want   string
	}{
		{"inserted", 0, "other"}, {"inserted end", 4, "other"}, {"text behind it", 5, "s"},
		{"expression", 12, "ref('x')"}, {"space before the hole", 16, " "}, {"hole", 17, ""},
		{"behind the hole", 19, " "}, {"last", 20, "t"},
	} {
		p, _ := m.Origin(c.offset)
		if p.Text() != c.want {
			t.Errorf("%s (offset %d): got %q, want %q", c.name, c.offset, p.Text(), c.want)
		}
	}
	if p, _ := m.Origin(20); p.Span.Start != len(text)-1 {
		t.Errorf("last byte: got offset %d, want %d", p.Span.Start, len(text)-1)
	}
	if p, _ := out.Map.Origin(0); p.Text() != "s" {
		t.Error("the edited map was changed")
	}
}
