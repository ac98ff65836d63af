package runner_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"elt/compiler"
	"elt/runner"
)

// BenchmarkBind compiles and binds a project of many small models, as `elt compile` and
// the check before a build do: ms/node is what knowing all columns ahead costs a node.
func BenchmarkBind(b *testing.B) {
	const nodes = 500
	dir := b.TempDir()
	write := func(path, text string) {
		full := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	write("elt.yml", "name: many\ntarget: {path: many.duckdb}\nmodels:\n  many:\n    +materialized: table\n")
	write("seeds/first.csv", "id,amount,label\n1,2,x\n")
	for i := range nodes {
		from := "first"
		if i >= 50 {
			from = fmt.Sprintf("model_%03d", i-50)
		}
		write(fmt.Sprintf("models/model_%03d.sql", i), fmt.Sprintf("select id, amount + 1 as amount, label from {{ ref('%s') }}\n", from))
	}
	ctx := context.Background()
	plan, err := compiler.Parse(ctx, compiler.Options{FS: os.DirFS(dir), Root: dir, Command: "compile"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		bound, problems := runner.Bind(ctx, plan, plan.Order, runner.CompileOptions{})
		if len(problems) > 0 {
			b.Fatal(problems)
		}
		last := plan.Order[len(plan.Order)-1]
		if columns, ok := bound.Columns(last); !ok || len(columns) != 3 {
			b.Fatalf("%s has the columns %v", last, columns)
		}
		if err := bound.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(b.N)/nodes, "ms/node")
}
