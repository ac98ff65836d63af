package lineage_test

import (
	"testing"

	"elt/compiler/lineage"
)

// BenchmarkFromPlan walks the plan of a small model: a join of two CTEs.
func BenchmarkFromPlan(b *testing.B) {
	session, _ := openShapes(b)
	plan, names := planOf(b, session, `with x as (select * from t), y as (select * from u)
		select x.a, x.b + y.e as n, x.c from x join y on x.a = y.a`)
	b.SetBytes(int64(len(plan)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := lineage.FromPlan(plan, names); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPlanOf makes that plan, for comparison: this is DuckDB's part.
func BenchmarkPlanOf(b *testing.B) {
	session, _ := openShapes(b)
	for b.Loop() {
		planOf(b, session, `with x as (select * from t), y as (select * from u)
			select x.a, x.b + y.e as n, x.c from x join y on x.a = y.a`)
	}
}
