package compiler_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"elt/compiler"
)

// generated is a project as bench/generate writes it: layers of a hundred models, each
// of which reads one or two of the layer below, and as many generic tests.
func generated(models int) fstest.MapFS {
	const layer = 100
	out := fstest.MapFS{
		"dbt_project.yml": &fstest.MapFile{Data: []byte("name: generated\nprofile: generated\nmodels:\n  generated:\n    +materialized: table\n")},
		"profiles.yml":    &fstest.MapFile{Data: []byte("generated:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: generated.duckdb}\n")},
	}
	for i := range 20 {
		out[fmt.Sprintf("seeds/seed_%d.csv", i)] = &fstest.MapFile{Data: []byte("id,amount,label\n1,2,x\n")}
	}
	properties := map[int]*strings.Builder{}
	for i := range models {
		n := i / layer
		below := func(step int) string {
			if n == 0 {
				return fmt.Sprintf("seed_%d", (i+step)%20)
			}
			return fmt.Sprintf("model_%05d", (n-1)*layer+(i*step+step)%layer)
		}
		text := fmt.Sprintf("select id, amount + 1 as amount, label\nfrom {{ ref('%s') }}\n", below(1))
		if i%2 == 1 {
			text = fmt.Sprintf("with a as (select * from {{ ref('%s') }}),\nb as (select * from {{ ref('%s') }})\n"+
				"select a.id, a.amount + b.amount as amount, a.label\nfrom a join b on a.id = b.id\n", below(1), below(3))
		}
		out[fmt.Sprintf("models/layer_%03d/model_%05d.sql", n, i)] = &fstest.MapFile{Data: []byte(text)}
		if properties[n] == nil {
			properties[n] = &strings.Builder{}
			properties[n].WriteString("models:\n")
		}
		fmt.Fprintf(properties[n], "  - name: model_%05d\n    columns:\n      - name: id\n        data_tests: [unique]\n", i)
	}
	for n, text := range properties {
		out[fmt.Sprintf("models/layer_%03d/schema.yml", n)] = &fstest.MapFile{Data: []byte(text.String())}
	}
	return out
}

func BenchmarkParse1000(b *testing.B)  { benchmarkParse(b, 1000) }
func BenchmarkParse10000(b *testing.B) { benchmarkParse(b, 10000) }

func benchmarkParse(b *testing.B, models int) {
	opts := compiler.Options{FS: generated(models), Root: "/home/you/generated"}
	b.ReportAllocs()
	for b.Loop() {
		plan, err := compiler.Parse(context.Background(), opts)
		if err != nil || len(plan.Nodes) != 2*models+20 {
			b.Fatalf("%d nodes, %v", len(plan.Nodes), err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	ctx := context.Background()
	plan, err := compiler.Parse(ctx, compiler.Options{FS: generated(1000), Root: "/home/you/generated"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if diags := plan.Compile(ctx, nil, plan.Order); len(diags) > 0 {
			b.Fatal(diags)
		}
	}
}
