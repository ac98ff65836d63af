package template_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"elt/compiler/diag"
	"elt/compiler/template"
)

const definitions = `-- ignored
{% macro greet(name, punct='!') -%}
  hello {{ name }}{{ punct }}
{%- endmacro %}
{% test is_even(model, column_name) %}select {{ column_name }} from {{ model }}{% endtest %}
{% data_test other(model) %}{% enddata_test %}
{%- snapshot snap -%}
{{ config(a=1) }}
select 1
{% endsnapshot %}
{% materialization mine, adapter='duckdb', supported_languages=['sql', 'python'] %}m{% endmaterialization %}
{% materialization yours, default %}y{% endmaterialization %}
{% docs intro %}
# Title {{ 1 }}
{% enddocs %}
{% macro f(n) %}{{ return(n if n < 2 else f(n - 1) + f(n - 2)) }}{% endmacro %}
`

func parse(t testing.TB, text string) *template.Template {
	t.Helper()
	tpl, err := template.Parse(diag.NewSource("macros.sql", text))
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

func block(t testing.TB, tpl *template.Template, name string) *template.Block {
	t.Helper()
	for _, b := range tpl.Blocks() {
		if b.Name == name {
			return b
		}
	}
	t.Fatalf("no block %q", name)
	return nil
}

func TestBlocks(t *testing.T) {
	t.Parallel()
	var got []string
	for _, b := range parse(t, definitions).Blocks() {
		var params []string
		for _, p := range b.Params {
			params = append(params, fmt.Sprintf("%s %v", p.Name, p.HasDefault))
		}
		got = append(got, fmt.Sprintf("%s %s (%s) at %s: %q", b.Kind, b.Name, strings.Join(params, ", "),
			b.Place, b.RawBody()))
	}
	want := []string{
		`macro greet (name false, punct true) at macros.sql:2:1: "hello {{ name }}{{ punct }}"`,
		`test is_even (model false, column_name false) at macros.sql:5:1: "select {{ column_name }} from {{ model }}"`,
		`test other (model false) at macros.sql:6:1: ""`,
		`snapshot snap () at macros.sql:7:1: "{{ config(a=1) }}\nselect 1\n"`,
		`materialization mine () at macros.sql:11:1: "m"`,
		`materialization yours () at macros.sql:12:1: "y"`,
		`docs intro () at macros.sql:13:1: "\n# Title {{ 1 }}\n"`,
		`macro f (n false) at macros.sql:16:1: "{{ return(n if n < 2 else f(n - 1) + f(n - 2)) }}"`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error("blocks (-want +got)\n" + d)
	}
	src := definitions
	for _, b := range parse(t, src).Blocks() {
		whole := src[b.Whole.Start:b.Whole.End]
		if !strings.HasPrefix(whole, "{%") || !strings.HasSuffix(whole, "%}") || !strings.Contains(whole, b.RawBody()) {
			t.Errorf("%s: whole is %q", b.Name, whole)
		}
	}
}

func TestMaterializationOptions(t *testing.T) {
	t.Parallel()
	tpl := parse(t, definitions)
	mine := block(t, tpl, "mine").Options
	if mine["adapter"] != "duckdb" || template.Repr(mine["supported_languages"]) != "['sql', 'python']" {
		t.Errorf("mine: %v", mine)
	}
	yours := block(t, tpl, "yours").Options
	if yours["default"] != true || template.Repr(yours["supported_languages"]) != "['sql']" {
		t.Errorf("yours: %v", yours)
	}
}

func call(t testing.TB, fn template.Callable, args ...template.Value) (template.Value, error) {
	t.Helper()
	return fn.Call(&template.Call{Args: args, Thread: template.NewThread(context.Background())})
}

func TestMacroIsBoundLate(t *testing.T) {
	t.Parallel()
	tpl := parse(t, definitions)
	scope := template.MapScope{"return": template.NewFunc("return", returns)}
	scope["f"] = block(t, tpl, "f").Macro(scope)
	v, err := call(t, scope["f"].(template.Callable), int64(12))
	if err != nil || v != int64(144) {
		t.Errorf("f(12): got %v %v, want 144", v, err)
	}
	v, err = call(t, block(t, tpl, "greet").Macro(scope), "you")
	if err != nil || v != "hello you!" {
		t.Errorf("greet: got %q %v", v, err)
	}
}

func TestMacroDoesNotSeeItsFile(t *testing.T) {
	t.Parallel()
	tpl := parse(t, "{% set x = 'file' %}{% macro m() %}{{ x }}{{ other() }}{% endmacro %}{% macro other() %}o{% endmacro %}")
	scope := template.MapScope{"x": "scope", "other": template.NewFunc("other",
		func(*template.Call) (template.Value, error) { return "global", nil })}
	if v, err := call(t, block(t, tpl, "m").Macro(scope)); err != nil || v != "scopeglobal" {
		t.Errorf("got %v %v", v, err)
	}
}

func TestReturn(t *testing.T) {
	t.Parallel()
	scope := template.MapScope{"return": template.NewFunc("return", returns)}
	for name, c := range map[string]struct{ text, want string }{
		"from a loop":       {"{% macro m() %}a{% for x in [1, 2] %}{% if x == 2 %}{% do return([x]) %}{% endif %}{% endfor %}b{% endmacro %}{{ m()[0] }}", "2"},
		"none":              {"{% macro m() %}{{ return(none) }}{% endmacro %}{{ m() }}", "None"},
		"inside a set":      {"{% macro m() %}{% set x %}{{ return(7) }}{% endset %}{% endmacro %}{{ m() + 1 }}", "8"},
		"inside arguments":  {"{% macro m() %}{{ [1, return(3)] }}{% endmacro %}{{ m() }}", "3"},
		"through a call":    {"{% macro w() %}[{{ caller() }}]{% endmacro %}{% macro m() %}{% call w() %}{{ return('r') }}{% endcall %}!{% endmacro %}{{ m() }}", "r!"},
		"text goes on":      {"{% macro m() %}{{ return(1) }}{% endmacro %}a{{ m() }}b", "a1b"},
		"inner macro only":  {"{% macro i() %}{{ return(1) }}{% endmacro %}{% macro m() %}x{{ i() }}y{% endmacro %}{{ m() }}", "x1y"},
		"default parameter": {"{% macro m(a=return(4)) %}{{ a }}{% endmacro %}{{ m() }}", "4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := render(c.text, scope); err != nil || got != c.want {
				t.Errorf("got %q %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestRenderBody(t *testing.T) {
	t.Parallel()
	tpl := parse(t, definitions)
	scope := template.MapScope{"config": template.NewFunc("config", func(*template.Call) (template.Value, error) { return "", nil })}
	out, err := block(t, tpl, "snap").RenderBody(template.NewThread(context.Background()), scope)
	if err != nil || out.Text != "\nselect 1" {
		t.Fatalf("got %q %v", out.Text, err)
	}
	if p, ok := out.Map.Origin(1); !ok || p.String() != "macros.sql:9:1" {
		t.Errorf("origin of the first word: %v", p)
	}
	out, err = block(t, tpl, "intro").RenderBody(template.NewThread(context.Background()), nil)
	if err != nil || out.Text != "\n# Title 1" {
		t.Errorf("docs: got %q %v", out.Text, err)
	}
}

func TestCalls(t *testing.T) {
	t.Parallel()
	text := `{{ config(tags=dbt_utils.tags()) }}
{% set x = ref('a', v=var('n')) %}{% macro m(p=env_var('E')) %}{{ adapter.dispatch('d', 'pkg')(p, this) }}{% endmacro %}
{% if execute and is_incremental() %}{{ m(x.y) }}{% endif %}{% for r in run_query(q)|map(attribute=z) if keep(r) %}{% endfor %}`
	var got []string
	for _, c := range parse(t, text).Calls() {
		s := c.Name
		if c.Called {
			s += "()"
		}
		if c.Args != nil {
			s += fmt.Sprint(c.Args)
		}
		if c.Place.Text() != c.Name {
			t.Errorf("%s: place covers %q", c.Name, c.Place.Text())
		}
		got = append(got, s)
	}
	want := []string{"config()", "dbt_utils.tags()", "ref()[a]", "var()[n]", "env_var()[E]", "adapter.dispatch()[d pkg]",
		"this", "execute", "is_incremental()", "m()", "run_query()", "q", "z", "keep()"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error("calls (-want +got)\n" + d)
	}
	if n := len(block(t, parse(t, text), "m").Calls()); n != 3 {
		t.Errorf("the macro uses %d names, want 3", n)
	}
}

func TestIsPlain(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"select 1": true, "a { b }": true, "{{ x }}": false, "a }} b": false,
		"{# c #}": false, "a %} b": false, "": true} {
		if got := parse(t, text).IsPlain(); got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestParseBlocksReadsNothingElse(t *testing.T) {
	t.Parallel()
	text := "# Doc {{ a: 1 }} {% nonsense \"%}\" %}\n{# {% docs hidden %}{% enddocs %} #}\n" +
		"{% raw %}{% docs raw %}{% enddocs %}{% endraw %}\n{% docs one %}\n{{ 1 + 1 }}\n{% enddocs %}\n" +
		"it's {{ {'x': 1} %} {% macro m( %}\n{%- docs two -%} b {%- enddocs -%} {{"
	tpl, err := template.ParseBlocks(diag.NewSource("a.md", text), "docs")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range tpl.Blocks() {
		out, err := b.RenderBody(template.NewThread(context.Background()), nil)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b.Name+"="+out.Text)
	}
	if d := cmp.Diff([]string{"one=\n2", "two=b"}, got); d != "" {
		t.Error("docs (-want +got)\n" + d)
	}
	if _, err := template.ParseBlocks(diag.NewSource("a.md", "{% docs x %}{{ 1 + }}{% enddocs %}"), "docs"); err == nil {
		t.Error("an error inside of a block is not reported")
	}
	if _, err := template.ParseBlocks(diag.NewSource("a.md", "{% docs x %}"), "docs"); err == nil {
		t.Error("a block that is not closed is not reported")
	}
}
