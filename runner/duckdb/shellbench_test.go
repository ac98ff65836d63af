package duckdb_test

import (
	"context"
	"fmt"
	"testing"

	"elt/compiler"
	"elt/compiler/project"
	"elt/runner/duckdb"
)

// BenchmarkShellBind is what the check of one query costs: DuckDB's binder on empty
// relations.
func BenchmarkShellBind(b *testing.B) {
	for _, query := range []struct{ name, sql string }{
		{"projection", `select id, amount + 1 as amount, label from "memory"."main"."orders_1"`},
		{"joins", `with a as (select * from "memory"."main"."orders_1"), b as (select * from "memory"."main"."orders_2")
			select a.label, count(*) as n, sum(a.amount + b.amount) as amount, max(b.ordered_at) as latest, row_number() over (order by n desc) as place
			from a join b using (id) left join "memory"."main"."orders_3" c on c.id = a.id
			where a.amount > (select avg(amount) from "memory"."main"."orders_4") group by all`},
	} {
		b.Run(query.name, func(b *testing.B) {
			ctx := context.Background()
			shell := filledShell(b, 10)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := shell.Bind(ctx, query.sql); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkShellDefine is what the empty relations of a level of a project cost.
func BenchmarkShellDefine(b *testing.B) {
	ctx := context.Background()
	shell := filledShell(b, 0)
	relations := shells(100)
	b.ReportAllocs()
	for b.Loop() {
		if err := shell.DefineAll(ctx, relations); err != nil {
			b.Fatal(err)
		}
	}
}

func filledShell(b *testing.B, relations int) *duckdb.Shell {
	b.Helper()
	shell, err := duckdb.OpenShell(context.Background(), duckdb.ShellOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := shell.Close(); err != nil {
			b.Error(err)
		}
	})
	if relations > 0 {
		if err := shell.DefineAll(context.Background(), shells(relations)); err != nil {
			b.Fatal(err)
		}
	}
	return shell
}

// shells are relations of four columns.
func shells(n int) []compiler.ShellRelation {
	out := make([]compiler.ShellRelation, n)
	for i := range out {
		out[i] = compiler.ShellRelation{
			Relation: project.Relation{Database: "memory", Schema: "main", Identifier: fmt.Sprintf("orders_%d", i)},
			Columns: []compiler.Column{{Name: "id", Type: "BIGINT"}, {Name: "amount", Type: "DECIMAL(18,2)"},
				{Name: "label", Type: "VARCHAR"}, {Name: "ordered_at", Type: "TIMESTAMP"}},
		}
	}
	return out
}
