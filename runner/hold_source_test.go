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
		w.opts.Adopt = true
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

// TestTwoSourcesOfOneView: whichever of them a model names, it sees through the view what
// the run has made.
func TestTwoSourcesOfOneView(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"first", "second"} {
		w := newWarehouse(t)
		w.table("a", "select 1 as n")
		w.view("v", "select n from {a}")
		w.build()
		for _, source := range []string{"first", "second"} {
			w.add(project.Source, source, "").Relation = w.named("v").Relation
		}
		w.table("m", "select n from {"+name+"}")
		w.table("a", "select 2 as n")
		w.build("a", "m")
		equal(t, "m by the "+name+" source", w.rows("select n from m"), "2")
	}
}
