package template

import (
	"strings"
	"testing"

	"github.com/flosch/pongo2/v6"

	"elt/compiler/diag"
)

// emit returns the document that pongo2 gets for a template.
func emit(t *testing.T, text string) string {
	t.Helper()
	p := &parser{src: diag.NewSource("m.sql", text), text: text}
	e := emitter{prog: &program{}}
	e.body(p.document())
	return e.doc.String()
}

func TestDocumentHoldsOnlyHandles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a{{ b }}{% set x = 1 %}c":                                                      "{%run 0%}",
		"{% if x %}{% include %}{% endif %}":                                            "",
		"a{% if x %}b{% elif y %}{% else %}c{% endif %}d":                               "{%run 0%}{%if 0%}{%run 1%}{%elif 1%}{%else%}{%run 2%}{%endif%}{%run 3%}",
		"{% for x in y %}{% if x %}{% break %}{% endif %}{% else %}e{% endfor %}":       "{%for 0%}{%if 0%}{%run 0%}{%endif%}{%else%}{%run 1%}{%endfor%}",
		"{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{% endcall %}":        "{%macro 0%}{%run 0%}{%endmacro%}{%call 0%}{%endcall%}",
		"{% set x %}{% filter upper %}a{% endfilter %}{% endset %}":                     "{%set 0%}{%filter 0%}{%run 0%}{%endfilter%}{%endset%}",
		"{% raw %}{% if %}{% endraw %}{% if x %}{{ '{% ssi %}' }}{% endif %}":           "{%run 0%}{%if 0%}{%run 1%}{%endif%}",
		"{% snapshot s %}{{ x }}{% endsnapshot %}{% data_test t() %}{% enddata_test %}": "{%snapshot 0%}{%run 0%}{%endsnapshot%}{%test 1%}{%endtest%}",
	} {
		if want == "" {
			if _, err := Parse(diag.NewSource("m.sql", text)); err == nil {
				t.Errorf("%q parses", text)
			}
			continue
		}
		if got := emit(t, text); got != want {
			t.Errorf("%q:\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestTagsOfPongo2AreBanned(t *testing.T) {
	t.Parallel()
	for _, name := range bannedTags {
		_, err := newSet().FromString("{% " + name + " \"x\" %}{% end" + name + " %}")
		if err == nil || !strings.Contains(err.Error(), "not allowed") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := newSet().FromString("{% run x %}"); err == nil {
		t.Error("a tag without a handle is accepted")
	}
	if _, err := newSet().FromFile("document_test.go"); err == nil {
		t.Error("a set reads files")
	}
}

func TestDocumentNeedsItsProgram(t *testing.T) {
	t.Parallel()
	doc, err := newSet().FromString("{%document%}{%run 0%}{%enddocument%}")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := doc.Execute(pongo2.Context{}); err == nil {
		t.Error("a document runs without its program")
	}
}

// BenchmarkScan is the first half of Parse: the template is cut into texts and tags, and
// the expressions in them are read. pongo2 has no part in it.
func BenchmarkScan(b *testing.B) {
	for _, m := range []struct{ name, text string }{
		{"text", strings.Repeat("select a, b -- plain SQL\n", 40)},
		{"expressions", strings.Repeat("{{ config(materialized='table', tags=['a', 'b']) }} {{ ref('orders')[1:] | upper ~ x.y(z, k=1 + 2 * 3) }}\n", 10)},
		{"blocks", strings.Repeat("{% for a in b if a %}{% if a is none %}{{ a }}{% else %}x{% endif %}{% endfor %}\n", 10)},
	} {
		b.Run(m.name, func(b *testing.B) {
			src := diag.NewSource("m.sql", m.text)
			b.ReportAllocs()
			b.SetBytes(int64(len(m.text)))
			for b.Loop() {
				p := &parser{src: src, text: m.text}
				if len(p.document()) == 0 {
					b.Fatal("nothing found")
				}
			}
		})
	}
}
