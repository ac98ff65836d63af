package template_test

import (
	"context"
	"fmt"
	"testing"

	"elt/compiler/diag"
	"elt/compiler/template"
)

const plainModel = `{{ config(materialized='table', tags=['a', 'b']) }}

with source as (
    select * from {{ ref('stg_orders') }}
),
renamed as (
    select id as order_id, user_id as customer_id, status
    from {{ source('shop', 'payments') }}
    where amount > {{ var('limit', 10) }}
)
select * from renamed
`

const loopModel = `{{ config(materialized='incremental', unique_key='id') }}
{% set methods = ['credit_card', 'coupon', 'bank_transfer', 'gift_card'] %}
with orders as (select * from {{ ref('stg_orders') }})
select order_id,
{% for method in methods -%}
    sum(case when payment_method = '{{ method }}' then amount else 0 end) as {{ method }}_amount{% if not loop.last %},{% endif %}
{% endfor %}
from orders
{% if is_incremental() %}
where updated_at > (select max(updated_at) from {{ this }})
{% endif %}
`

const macroFile = `{% macro cents_to_dollars(column_name, precision=2) -%}
    ({{ column_name }} / 100)::numeric(16, {{ precision }})
{%- endmacro %}
{% macro pick(a, b=none) %}{% if b is none %}{{ return(a) }}{% else %}{{ b }}{% endif %}{% endmacro %}
`

func benchScope() template.MapScope {
	text := func(s string) template.Value {
		return template.NewFunc("f", func(*template.Call) (template.Value, error) { return s, nil })
	}
	return template.MapScope{"config": text(""), "ref": text(`"db"."main"."stg_orders"`), "this": `"db"."main"."t"`,
		"source": text("raw.payments"), "var": text("10"), "is_incremental": template.NewFunc("is_incremental",
			func(*template.Call) (template.Value, error) { return true, nil })}
}

func benchModels() []struct{ name, text string } {
	return []struct{ name, text string }{{"plain", plainModel}, {"loop", loopModel}, {"macros", macroFile}}
}

func BenchmarkParse(b *testing.B) {
	for _, m := range benchModels() {
		b.Run(m.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(m.text)))
			for b.Loop() {
				if _, err := template.Parse(diag.NewSource("m.sql", m.text)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRender(b *testing.B) {
	scope := benchScope()
	for _, m := range benchModels() {
		b.Run(m.name, func(b *testing.B) {
			t, err := template.Parse(diag.NewSource("m.sql", m.text))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := t.Render(template.NewThread(context.Background()), scope); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEvaluate is what single expressions cost.
func BenchmarkEvaluate(b *testing.B) {
	number := template.NewFunc("number", func(*template.Call) (template.Value, error) { return int64(3), nil })
	scope := template.MapScope{"x": "orders", "n": int64(7), "list": template.NewList(int64(3), int64(1), int64(2)), "number": number}
	for _, e := range []struct{ name, text, want string }{
		{"name", "{{ x }}", "orders"},
		{"arithmetic", "{{ (n * 2 + 1) // 4 % 3 }}", "0"},
		{"call", "{{ number() + number() }}", "6"},
		{"method", "{{ x.upper().replace('O', '0') }}", "0RDERS"},
		{"filters", "{{ list | sort | join(', ') }}", "1, 2, 3"},
		{"format", "{{ '%s_%03d' % (x, n) }}", "orders_007"},
		{"comparison", "{{ 'a' if n > 5 and x in ['orders', 'payments'] else 'b' }}", "a"},
		{"literal", "{{ {'a': [1, 2], 'b': (x, n)}['b'][1] }}", "7"},
	} {
		b.Run(e.name, func(b *testing.B) {
			t, err := template.Parse(diag.NewSource("m.sql", e.text))
			if err != nil {
				b.Fatal(err)
			}
			th := template.NewThread(context.Background())
			b.ReportAllocs()
			for b.Loop() {
				out, err := t.RenderNative(th, scope)
				if err != nil || fmt.Sprint(out) != e.want {
					b.Fatalf("%v, %v", out, err)
				}
			}
		})
	}
}

// BenchmarkProject parses and renders twice as many small templates as a large
// project has.
func BenchmarkProject(b *testing.B) {
	scope := benchScope()
	models := benchModels()[:2]
	const n = 20_000
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("-- model %d\n%s", i, models[i%len(models)].text)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, text := range texts {
			t, err := template.Parse(diag.NewSource("m.sql", text))
			if err != nil {
				b.Fatal(err)
			}
			for range 2 {
				if _, err := t.Render(template.NewThread(context.Background()), scope); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}
