package runner_test

import (
	"errors"
	"testing"

	"elt/compiler/diag"
	"elt/compiler/project"
)

func TestBuildPublishesTablesAndViews(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as id")
	w.view("b", "select id + 1 as id from {a}")
	w.table("c", "select b.id * 10 as id from {b} as b join {a} on true")
	w.check("c_ok", "select * from {c} where id <> 20")
	s := w.build()
	equalStatuses(t, s, `
		a success published
		b success published
		c success published
		c_ok pass`)
	equal(t, "c", w.rows("select * from c"), "20")
	equal(t, "b", w.rows("select * from b"), "2")
	equal(t, "leftovers", w.leftovers(), "")
	w.table("a", "select 5 as id")
	w.build("a")
	equal(t, "b after a changed alone", w.rows("select * from b"), "6")
}

func TestFailingTestHoldsItsNodeAndWhatIsBehind(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as batch")
	w.table("b", "select batch from {a}")
	w.table("c", "select batch from {b}")
	w.table("other", "select 1 as batch")
	w.check("b_ok", "select * from {b} where batch > 1")
	w.build()
	w.table("a", "select 2 as batch")
	w.table("other", "select 2 as batch")
	s := w.build()
	equalStatuses(t, s, `
		a success published
		b success held for b_ok
		c skipped for b_ok
		other success published
		b_ok fail`)
	equal(t, "published", w.rows("select a.batch, b.batch, c.batch, other.batch from a, b, c, other"), "2|1|1|2")
	if s.OK() {
		t.Error("the summary says all is well")
	}
	if w.leftovers() == "" {
		t.Error("the candidate of b is gone, but should stay for inspection")
	}
	w.table("a", "select 1 as batch")
	w.build()
	equal(t, "leftovers after the next run", w.leftovers(), "")
}

func TestHeldViewKeepsWhatItWouldShow(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as batch")
	w.table("a2", "select 1 as batch")
	w.view("v", "select batch from {a}")
	w.view("vv", "select v.batch from {v} as v join {a2} as a2 on true")
	w.check("vv_ok", "select * from {vv} where batch > 1")
	w.build()
	w.table("a", "select 2 as batch")
	w.table("a2", "select 2 as batch")
	s := w.build()
	equalStatuses(t, s, `
		a success held for vv_ok
		a2 success held for vv_ok
		v success held for vv_ok
		vv success held for vv_ok
		vv_ok fail`)
	equal(t, "published", w.rows("select batch from vv union all select batch from a union all select batch from a2"), "1\n1\n1")
}

func TestViewOutsideTheSelectionShowsCandidates(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as batch")
	w.view("v", "select batch, 'x' as x from {a}")
	w.table("c", "select batch from {v}")
	w.build()
	w.table("a", "select 2 as batch")
	s := w.build("a", "c")
	equalStatuses(t, s, "a success published\n\t\tc success published")
	equal(t, "c has read a's candidate through v", w.rows("select * from c"), "2")
}

func TestForeignViewBehindASourceShowsCandidates(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as batch")
	w.build()
	w.exec(`create schema ext`, `create view ext.between as with b as (select * from main.a) select b.batch from b`, `create view ext.raw(n) as select batch from ext.between`)
	src := w.add(project.Source, "raw", "")
	src.Relation.Schema, src.Table = "ext", &project.SourceTable{SourceName: "ext", Identifier: "raw"}
	w.table("c", "select n as batch from {raw}")
	w.table("a", "select 2 as batch")
	w.check("a_ok", "select * from {a} where batch > 5")
	s := w.build()
	equalStatuses(t, s, `
		a success published
		c success published
		a_ok pass`)
	equal(t, "c", w.rows("select * from c"), "2")
}

func TestWarningTestHoldsNothing(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as batch")
	w.table("b", "select * from {a}")
	w.check("a_warns", "select * from {a}", "severity", "warn")
	s := w.build()
	equalStatuses(t, s, `
		a success published
		b success published
		a_warns warn`)
	if !s.OK() {
		t.Error("warnings are no failure")
	}
}

func TestAllOrNothing(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.opts.AllOrNothing = true
	w.table("a", "select 1 as batch")
	w.table("b", "select error('on purpose') as n from {a}")
	s := w.build()
	equalStatuses(t, s, `
		a success held for b
		b error`)
	equal(t, "tables", w.rows("select count(*) from duckdb_tables() where schema_name = 'main' and table_name not like '%elt%'"), "0")
}

func TestErrorsLeadBackToTheTemplate(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("orders", "select 'x' as id, 2 as amount")
	w.table("b", "select\n  id,\n  amont\nfrom {orders}")
	_, err := w.run("build")
	var list diag.List
	if !errors.As(err, &list) || len(list) != 1 {
		t.Fatalf("got %v", err)
	}
	d := list[0]
	equal(t, "diagnostic", d.Place.String()+" "+string(d.Code)+" "+d.Message+" ("+d.Hint+")",
		`models/b.sql:3:3 sql column "amont" not found (did you mean "amount"?)`)
	w.table("b", "select cast(id as integer) as n from {orders}")
	d = w.build().Results[1].Diagnostics[0]
	equal(t, "diagnostic", d.Place.String()+" "+string(d.Code), `models/b.sql:1:8 data`)
}
