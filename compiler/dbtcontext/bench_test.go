package dbtcontext_test

import (
	"context"
	"testing"

	"elt/compiler/diag"
	"elt/compiler/template"
)

func BenchmarkScope(b *testing.B) {
	p := testProject(b, nil)
	parsed, err := template.Parse(diag.NewSource("m.sql", "{{ config(materialized='table') }} select * from {{ ref('a') }} join {{ ref('b') }}"))
	if err != nil {
		b.Fatal(err)
	}
	host := &fakeHost{name: "m"}
	b.ReportAllocs()
	for b.Loop() {
		host.refs, host.configured = nil, nil
		if _, err := parsed.Render(template.NewThread(context.Background()), p.Scope(host, "probe")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFirstMacro(b *testing.B) {
	for b.Loop() {
		p := testProject(b, nil)
		p.ResolveMacro("dateadd", "probe")
	}
}
