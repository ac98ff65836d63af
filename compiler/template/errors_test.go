package template_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// named is a scope that knows its names, for suggestions.
type named struct{ template.MapScope }

func (n named) Names() []string { return []string{"customer", "orders"} }

func TestErrorPlaces(t *testing.T) {
	t.Parallel()
	fails := template.NewFunc("fails", func(*template.Call) (template.Value, error) {
		return nil, errors.New("no luck")
	})
	bare := template.NewFunc("bare", func(*template.Call) (template.Value, error) {
		return nil, &diag.Diagnostic{Code: diag.RaisedError, Message: "raised"}
	})
	for name, c := range map[string]struct {
		text    string
		code    diag.Code
		at      string // the text the place covers
		message string
		hint    string
	}{
		"unclosed if":        {"a\n{% if x %}b", diag.TemplateSyntax, "{% if x %}", `the block "if" is not closed`, `close it with "{% endif %}"`},
		"wrong end":          {"{% if x %}{% endfor %}", diag.TemplateSyntax, "{% endfor %}", `unexpected tag "endfor" inside of "if"`, `close it with "{% endif %}"`},
		"unknown tag":        {"{% fro x in y %}", diag.TemplateSyntax, "{% fro x in y %}", `unexpected tag "fro"`, `did you mean "for"?`},
		"stray end":          {"{% endif %}", diag.TemplateSyntax, "{% endif %}", `unexpected tag "endif"`, "no block is open here"},
		"unclosed print":     {"a {{ b", diag.TemplateSyntax, "{{", "the tag is not closed", `close it with "}}"`},
		"unclosed comment":   {"a {# b", diag.TemplateSyntax, "{#", "the comment is not closed", `close it with "#}"`},
		"unclosed string":    {"{{ 'a }}", diag.TemplateSyntax, "'", "a string is not closed", "close the string with the quote it starts with"},
		"missing operand":    {"{{ 1 + }}", diag.TemplateSyntax, "}}", `unexpected "}}"`, ""},
		"two operands":       {"{{ a b }}", diag.TemplateSyntax, "b", `expected "}}", got "b"`, ""},
		"unknown filter":     {"{{ a|uper }}", diag.UnknownFilter, "uper", `no filter is named "uper"`, `did you mean "upper"?`},
		"unknown test":       {"{{ a is definedd }}", diag.UnknownFilter, "definedd", `no test is named "definedd"`, `did you mean "defined"?`},
		"undefined name":     {"{{ custmer.id }}", diag.UndefinedName, "custmer.id", `"custmer" is not defined`, `did you mean "customer"?`},
		"abbreviated name":   {"{{ cust.id }}", diag.UndefinedName, "cust.id", `"cust" is not defined`, `did you mean "customer"?`},
		"undefined call":     {"{{ zzz(1) }}", diag.UndefinedName, "zzz(1)", `"zzz" is not defined`, ""},
		"undefined item":     {"{{ {'a': 1}.b.c }}", diag.UndefinedName, "{'a': 1}.b.c", `a dict has no attribute "b"`, ""},
		"type error":         {"{{ 1 }}{{ 'a' + 1 }}", diag.TemplateError, "'a' + 1", `a string and an integer cannot be joined by "+"`, `"~" joins values of any type as text`},
		"function error":     {"{{ fails() ~ 1 }}", diag.TemplateError, "fails()", "no luck", ""},
		"bare diagnostic":    {"{{ [bare()] }}", diag.RaisedError, "bare()", "raised", ""},
		"filter error":       {"{{ 'a' ~ ([1, 'a']|sort) }}", diag.TemplateError, "[1, 'a']|sort", `"<" does not compare a string with an integer`, ""},
		"loop over a number": {"{% for x in 5 %}{% endfor %}", diag.TemplateError, "5", "an integer cannot be looped over", ""},
		"unpacking":          {"{% for a, b in [1] %}{% endfor %}", diag.TemplateError, "a, b", "an integer cannot be unpacked into several names", ""},
		"return at the top":  {"{{ return(1) }}", diag.TemplateError, "return(1)", "return() was called outside of a macro", "use return() inside of a macro, and print or set values elsewhere"},
		"test in a block":    {"{% if x %}{% test t(a) %}{% endtest %}{% endif %}", diag.TemplateSyntax, "{% test t(a) %}", "a test must be at the top level of a file", "move it out of the block around it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scope := named{template.MapScope{"fails": fails, "bare": bare, "return": template.NewFunc("return", returns)}}
			_, err := render(c.text, scope)
			var d *diag.Diagnostic
			if !errors.As(err, &d) {
				t.Fatalf("%q: error %v, want a diagnostic", c.text, err)
			}
			if d.Code != c.code || d.Place.Text() != c.at || d.Message != c.message || d.Hint != c.hint {
				t.Errorf("%q:\n got %s %q %q (hint %q)\nwant %s %q %q (hint %q)", c.text,
					d.Code, d.Place.Text(), d.Message, d.Hint, c.code, c.at, c.message, c.hint)
			}
		})
	}
}

func TestErrorInMacroNamesTheCalls(t *testing.T) {
	t.Parallel()
	text := "{% macro inner(x) %}{{ x.y }}{% endmacro %}\n" +
		"{% macro outer() %}{{ inner() }}{% endmacro %}\n{{ outer() }}"
	_, err := render(text, nil)
	var d *diag.Diagnostic
	if !errors.As(err, &d) || d.Message != `argument "x" was not given` || d.Place.Text() != "x.y" {
		t.Fatalf("got %v", err)
	}
	var notes []string
	for _, n := range d.Notes {
		notes = append(notes, n.Place.String()+" "+n.Message)
	}
	want := `model.sql:2:23 macro "inner" is called here; model.sql:3:4 macro "outer" is called here`
	if got := strings.Join(notes, "; "); got != want {
		t.Errorf("notes:\n got %s\nwant %s", got, want)
	}
}

func TestErrorsKeepTheirCause(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	fn := template.NewFunc("f", func(*template.Call) (template.Value, error) { return nil, cause })
	_, err := render("{% macro m() %}{{ f() }}{% endmacro %}{{ m() }}", template.MapScope{"f": fn})
	if !errors.Is(err, cause) {
		t.Errorf("%v does not wrap the cause", err)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		text   string
		limits template.Limits
		ctx    context.Context
		want   string
	}{
		"endless recursion":    {text: "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", want: "calls are nested more than 1000 deep"},
		"too many steps":       {text: "{% for x in range(1000) %}{{ x }}{% endfor %}", limits: template.Limits{Steps: 100}, want: "the template did not end within 100 steps"},
		"too much text":        {text: "{% for x in range(1000) %}abcdefgh{% endfor %}", limits: template.Limits{Output: 100}, want: "the template makes more than 100 bytes of text"},
		"shallow":              {text: "{% macro m(n) %}{{ m(n - 1) if n }}{% endmacro %}{{ m(9) }}", limits: template.Limits{Depth: 5}, want: "calls are nested more than 5 deep"},
		"huge repetition":      {text: "{{ 'a' * 99999999999 }}", want: "a value becomes too large"},
		"huge power":           {text: "{{ 10 ** 10000000 }}", want: "int too large"},
		"endless list":         {text: "{% set l = [1] %}{% for x in l %}{% do l.append(x) %}{% endfor %}", limits: template.Limits{Steps: 1000}, want: "the template did not end within 1000 steps"},
		"doubling in a loop":   {text: "{% set n = namespace(s='ab') %}{% for x in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}", limits: template.Limits{Output: 1 << 20}, want: "the template makes more than 1048576 bytes of text"},
		"doubling a list":      {text: "{% set n = namespace(l=[1]) %}{% for x in range(60) %}{% set n.l = n.l + n.l %}{% endfor %}", limits: template.Limits{Output: 1 << 20}, want: "the template makes more than 1048576 bytes of text"},
		"a huge text of %":     {text: "{{ '%1000000000d' % 1 }}", want: "a value becomes too large"},
		"many zeros":           {text: "{{ '1'.zfill(1000000000) }}", want: "a value becomes too large"},
		"joined in a loop":     {text: "{% set n = namespace(s='a') %}{% for x in range(60) %}{% set n.s = n.s.join(['a'] * 300) %}{% endfor %}", want: "a value becomes too large"},
		"a list in itself":     {text: "{% set n = namespace(l=['x' * 1000000]) %}{% for i in range(60) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l }}", want: "a value becomes too large"},
		"long work in filters": {text: "{% for i in range(1000) %}{% set x = range(10000)|sort %}{% endfor %}", limits: template.Limits{Steps: 100000}, want: "the template did not end within 100000 steps"},
		"long searches":        {text: "{% set l = range(10000)|list %}{% for i in range(1000) %}{% set x = 'a' in l %}{% endfor %}", limits: template.Limits{Steps: 100000}, want: "the template did not end within 100000 steps"},
		"time":                 {text: "{% for i in range(99999) %}{% endfor %}", limits: template.Limits{Time: 1}, want: "the template did not end within 1ns"},
		"memory":               {text: "{% for i in range(99999) %}{% endfor %}", limits: template.Limits{Memory: 1}, want: "the template takes more than 1 bytes of memory"},
		"cancelled":            {text: "{% for x in range(5000) %}{% endfor %}", ctx: canceled, want: "context canceled"},
		"nested parentheses":   {text: "{{ " + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000) + " }}", want: "the expression is nested too deeply"},
		"nested blocks":        {text: strings.Repeat("{% if 1 %}", 5000), want: "blocks are nested too deeply"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tpl, err := template.Parse(diag.NewSource("m.sql", c.text))
			if err == nil {
				th := template.NewThread(c.ctx)
				th.Limits = c.limits
				_, err = tpl.Render(th, nil)
			}
			var d *diag.Diagnostic
			if !errors.As(err, &d) || d.Message != c.want || d.Place.IsZero() {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
