package runner_test

import (
	"testing"

	"elt/compiler/project"
)

func TestIncrementalIsReadAsItWillBe(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("raw", "select 1 as id, 10 as v union all select 2, 20")
	w.incremental("inc", "select * from {raw}", "unique_key", "id", "incremental_strategy", "delete+insert")
	w.table("total", "select sum(v) as v, count(*) as n from {inc}")
	w.check("inc_unique", "select id from {inc} group by id having count(*) > 1")
	w.build()
	equal(t, "first", w.rows("select * from total"), "30|2")
	w.table("raw", "select 2 as id, 25 as v union all select 3, 30")
	s := w.build()
	equalStatuses(t, s, `
		raw success published
		inc success published
		total success published
		inc_unique pass`)
	equal(t, "inc", w.rows("select * from inc order by id"), "1|10\n2|25\n3|30")
	equal(t, "total", w.rows("select * from total"), "65|3")
	equal(t, "leftovers", w.leftovers(), "")
}

func TestHeldIncrementalStaysAsItWas(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("raw", "select 1 as id, 10 as v")
	w.incremental("inc", "select * from {raw}", "unique_key", "id", "incremental_strategy", "merge")
	w.check("inc_ok", "select * from {inc} where v > 50")
	w.build()
	w.table("raw", "select 1 as id, 99 as v union all select 2, 5")
	s := w.build()
	equalStatuses(t, s, `
		raw success published
		inc success held for inc_ok
		inc_ok fail`)
	equal(t, "inc", w.rows("select * from inc"), "1|10")
}

func TestHooksActOnTheCandidate(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	hook(w.table("a", "select 1 as id, 'x' as s"), "insert into {this} values (2, 'hook')", `update {this} set s = a.s || '!' from {this} as a where a.id = {this}.id`)
	w.table("b", "select count(*) as n from {a}")
	hook(w.incremental("inc", "select 1 as id"), "update {this} set id = id + 1")
	w.check("b_ok", "select * from {b} where n > 2")
	w.build()
	equal(t, "a", w.rows("select * from a order by id"), "1|x!\n2|hook!")
	equal(t, "b", w.rows("select * from b"), "2")
	equal(t, "inc", w.rows("select * from inc"), "2")
	w.build()
	equal(t, "inc after a second run", w.rows("select * from inc order by id"), "2\n3")
	equal(t, "leftovers", w.leftovers(), "")
}

func TestFailingHookFailsItsNode(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as id")
	w.build()
	hook(w.table("a", "select 2 as id"), "insert into {this} select 'no number'")
	s := w.build()
	equalStatuses(t, s, "a error")
	equal(t, "a", w.rows("select * from a"), "1")
}

func TestIndexesAreMadeAfterTheSwap(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as id")
	w.build()
	w.exec("create index by_hand on a (id)")
	w.build()
	equal(t, "a", w.rows("select * from a"), "1")
}

func TestKindsMayChange(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as id")
	w.view("b", "select * from {a}")
	w.build()
	w.view("a", "select 2 as id")
	w.table("b", "select * from {a}")
	w.build()
	equal(t, "kinds", w.rows("select table_name, table_type from information_schema.tables where table_schema = 'main' order by 1"), "a|VIEW\nb|BASE TABLE")
	equal(t, "b", w.rows("select * from b"), "2")
}

func TestSelfReferenceReadsWhatIsPublished(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as n")
	w.build()
	w.table("a", "select n + 1 as n from {this}")
	w.build()
	w.build()
	equal(t, "a", w.rows("select * from a"), "3")
}

func TestSourcesOfTheSameDatabaseAreReadAsTheyAre(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.exec("create schema raw", "create table raw.a as select 7 as n")
	src := w.add(project.Source, "raw_a", "")
	src.Relation = project.Relation{Database: "w", Schema: "raw", Identifier: "a"}
	src.Table = &project.SourceTable{SourceName: "raw", Identifier: "a"}
	w.table("a", "select n from {raw_a}")
	w.table("b", "select raw_a.n + a.n as n from {raw_a} as raw_a, {a} as a")
	w.build()
	equal(t, "b", w.rows("select * from b"), "14")
}
