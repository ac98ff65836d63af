package runner_test

import (
	"testing"

	"elt/compiler/project"
)

func TestTestsOfAModelReadItsCandidateThoughASourceNamesTheSameTable(t *testing.T) {
	t.Parallel()
	for range 10 { // the two are found in the order of a map
		w := newWarehouse(t)
		w.table("orders", "select 1 as id")
		source := w.add(project.Source, "raw_orders", "")
		source.Relation.Identifier = "orders"
		w.table("reader", "select id from {raw_orders}")
		w.check("one", "select * from {orders} where id <> 1")
		w.exec("create table orders as select 1 as id")
		w.build()
		w.table("orders", "select 2 as id")
		s := w.build()
		equalStatuses(t, s, `
			orders success held for one
			reader success published
			one fail`)
		equal(t, "orders", w.rows("select orders.id, reader.id from orders, reader"), "1|1")
	}
}
