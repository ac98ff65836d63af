package sqltoken_test

import (
	"testing"

	"elt/compiler/sqltoken"
)

const smallQuery = `select o.order_id, o.customer_id, c.name as customer_name, sum(o.amount) as amount -- total
from "warehouse"."main"."stg_orders" o
left join {{schema}}.stg_customers c on c.id = o.customer_id
where o.status <> 'returned' and o.ordered_at >= date '2024-01-01'
group by 1, 2, 3`

// BenchmarkTenThousand is what a project of 10,000 small models costs.
func BenchmarkTenThousand(b *testing.B) {
	run := func(name string, f func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for range 10_000 {
					f()
				}
			}
		})
	}
	run("tokens", func() {
		for range sqltoken.Tokens(smallQuery) {
		}
	})
	run("chains", func() { sqltoken.Chains(smallQuery) })
	run("normalize", func() { sqltoken.Normalize(smallQuery) })
	run("strip", func() { sqltoken.StripTrailing(smallQuery) })
	run("cte", func() { sqltoken.CTEInsertPoint(smallQuery) })
}
