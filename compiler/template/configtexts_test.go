package template_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// TestConfigTexts holds what dbt-core 1.12.6 wrote into unrendered_config for the same calls.
func TestConfigTexts(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, source, want string }{
		{"texts as they are", `{{ config(materialized='table', tags="it's") }}`, `{'materialized': 'table', 'tags': "it's"}`},
		{"calls and other literals as written", `{{ config(a=var('k'), b=['x', var( "t" )], c={'a': 1, 'b': [1, 2.5, none, true]}) }}`,
			`{'a': "var('k')", 'b': "['x', var('t')]", 'c': "{'a': 1, 'b': [1, 2.5, None, True]}"}`},
		{"operators", `{{ config(a='f' ~ '_' ~ k, b=not x, c=1 < 2 and 3 or 4, d=k.upper(), e=k[0], f=(1,), g=-1, h=f(a, b=2, *c, **d)) }}`,
			`{'a': "'f' ~ '_' ~ k", 'b': 'not x', 'c': '1 < 2 and 3 or 4', 'd': 'k.upper()', 'e': 'k[0]', 'f': '(1,)', 'g': '-1', 'h': 'f(a, b=2, *c, **d)'}`},
		{"what dbt has no form for as Jinja's tree", `{{ config(a='x' if k == 1 else none, b=k|upper, c=1 + 2) }}`,
			`{'a': "CondExpr(test=Compare(expr=Name(name='k', ctx='load'), ops=[Operand(op='eq', expr=Const(value=1))]), expr1=Const(value='x'), expr2=Const(value=None))", 'b': "Filter(node=Name(name='k', ctx='load'), name='upper', args=[], kwargs=[], dyn_args=None, dyn_kwargs=None)", 'c': 'Add(left=Const(value=1), right=Const(value=2))'}`},
		{"the first of several, wherever it stands", `{% if execute %}{{ config(a=1) }}{% endif %}{{ config(b=2) }}`, `{'a': '1'}`},
		{"hooks by the name that is written", `{{ config(pre_hook=["a", "b"]) }}`, `{'pre_hook': "['a', 'b']"}`},
		{"a mapping alone has no names", `{{ config({'a': 1}) }}`, ``},
		{"no call", `select config`, ``},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			parsed, err := template.Parse(diag.NewSource("m.sql", c.source))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if texts := parsed.ConfigTexts(); texts != nil {
				got = template.Repr(texts)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-dbt +elt:\n%s", diff)
			}
		})
	}
}

// TestIsLiteral holds for which templates dbt_extractor 0.6 finds values.
func TestIsLiteral(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]bool{
		`{{ config(materialized='table') }} select 1`:              true,
		`{{ config(tags=['a', ['b']], meta={'a': 'b'}, x=True) }}`: true,
		`{# c #}{{ config(a='b') }} {{ ref('x') }}`:                true,
		`{{ config(a='b') }}{{ ref('x', v=1) }}`:                   true,
		`{{ config(a='b') }}{{ source('a', 'b') }}`:                true,
		`{{ config(lookback=3) }}`:                                 false,
		`{{ config(x=true) }}`:                                     false,
		`{{ config({'a': 'b'}) }}`:                                 false,
		`{{ config(a='b') }}{{ ref('x') | upper }}`:                false,
		`{{ config(a='b') }}{% if 1 %}{% endif %}`:                 false,
		`{{ config(a=var('b')) }}`:                                 false,
		`{{ config(a='b') }}{{ this }}`:                            false,
		`{{ config(pre_hook='x') }}`:                               false,
		`{{- config(a='b') -}}`:                                    false,
		`{{ config() }}`:                                           false,
	} {
		parsed, err := template.Parse(diag.NewSource("m.sql", source))
		if err != nil {
			t.Fatal(err)
		}
		if got := parsed.IsLiteral(); got != want {
			t.Errorf("%s: %v, dbt_extractor has %v", source, got, want)
		}
	}
}
