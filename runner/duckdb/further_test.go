package duckdb_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"elt/compiler"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/duckdb"
	"elt/runner/engine"
)

// TestFurther marks each mistake of a query with « in front of the place where it is told; what
// has no mark may not be told.
func TestFurther(t *testing.T) {
	shell, err := duckdb.OpenShell(t.Context(), duckdb.ShellOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer shell.Close()
	err = shell.Define(t.Context(), project.Relation{Database: "memory", Schema: "main", Identifier: "orders"}, []compiler.Column{
		{Name: "id", Type: "INTEGER"}, {Name: "customer", Type: "VARCHAR"}, {Name: "amount", Type: "DECIMAL(10,2)"}, {Name: "day", Type: "DATE"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ about, sql string }{
		{"one mistake", "select «ammount from orders"},
		{"columns of a list", "select id, «ammount, «custmer, day from orders"},
		{"columns in all clauses", "select «a from orders where «b > 1 group by «c having max(«d) > 1 order by «e"},
		{"a name is told once", "select ammount, sum(ammount) from orders group by «ammount order by ammount"},
		{"two tables", "select o.«a, p.«b from orders o join orders p on o.«c = p.«d"},
		{"a column and a function", "select «nofun(id), «nocol from orders"},
		{"inside of an unknown function", "select «nofun(«nocol, id, «other(«more)) from orders"},
		{"unknown window and aggregate functions", "select «nofun(id) over (partition by «a), «nosum(day) from orders"},
		{"an unknown function may be an aggregate", "select nosum(amount), id, count(*) from orders group by id having «nosum(amount) > 1"},
		{"types", "select «sum(customer), «round(customer), customer «+ day from orders"},
		{"a type and a name", "select «sum(customer), «nocol from orders"},
		{"what is grouped", "select «id, «customer, count(*) from orders group by day"},
		{"names in subqueries", "with a as (select id, «x from orders), b as (select «y from orders where «z) select id from a, b"},
		{"a subquery's column by its right name", "with a as (select «custmer from orders) select customer, upper(customer) from a"},
		{"a subquery's column by its wrong name", "with a as (select «custmer from orders) select custmer from a"},
		{"a subquery's column that was given another name", "with a as (select «custmer as c from orders) select c, «d from a"},
		{"a subquery's column that may be any", "with a as (select «xyz from orders) select abc, «nofun(id) from a"},
		{"a column that may be any, in queries that do not read it", "with a as (select «xyz, id from orders), b as (select abc from a), c as (select * from b), d as (select «qqqqq from orders) select xxx, d.yyy, (select max(z) from orders) from c, d"},
		{"a column that may be any, of a subquery", "select abc, (select e from orders limit 1) from (select «xyz from orders) where exists (select «nofun(id) from orders)"},
		{"a null has no best function", "select date_trunc('day', «dy), extract(year from dy), «b from orders"},
		{"what is made of it has no type", "with a as (select coalesce(«amnt, 'none') as money from orders) select sum(money), «b from a"},
		{"a set operation", "select «a from orders union all select «b from orders"},
		{"set operations in brackets", "(select «a from orders) union all (select «b from orders except select «c from orders)"},
		{"lambda, list and struct", "select list_transform([1], x -> x + «a), {'k': «b}, [«c][«d] from orders"},
		{"case, between, in", "select case when «a then 1 else «b end, day between «c and «d, id in («e, «f) from orders"},
		{"ambiguous", "select «id, «day from orders a join orders b on a.id = b.id"},
		{"lateral and correlated", "select (select max(«a) from orders i where i.id = o.«b) from orders o, lateral (select o.«c as c) l"},
		{"filter, order and distinct of aggregates", "select count(distinct «a) filter («b > 1), list(«c order by «d) from orders"},
		{"a missing table ends it", "select a from orders, (select b from «nowhere) n"},
		{"no FROM", "select «a, «b"},
		{"FROM first", "from orders select «a, «b"},
		{"comments and lines", "select -- \n  «a, /* a */\n  «b -- b\nfrom orders"},
		{"letters of several bytes", "select 'äöü', «ä, «ö from orders"},
		{"unpivot", "select «a from (unpivot orders on amount, id into name n value v)"},
		{"values", "select «a from (values (1, 2)) t(x, y) where «b = 1"},
		{"qualify", "select id from orders qualify row_number() over (partition by «a order by «b) = 1"},
		{"all that is wrong with groups", "select customer, «day, sum(amount), max(«sum(id)) from orders where «sum(id) > 1 group by customer having «amount > 3 order by «id"},
		{"windows and aggregates in the wrong clauses", "select customer, sum(id) from orders where «row_number() over () = 1 group by customer, «sum(amount)"},
		{"a call that may be an aggregate", "select id, sum(amount), «upper(id, 2), «nocol from orders group by id"},
		{"errors without a place", "select «coalesce(id, [1]), «ntile() over (), «nocol, «case when id = 1 then customer else day end from orders"},
		{"the same error without a place twice", "select {«'k': id}.q, «nocol, {'k': id}['q'] from orders"},
		{"an error without a place in a part", "select upper(concat(customer, «coalesce(id, [1]))), «nocol from orders where id in (select greatest(id, «day) from orders)"},
		{"constants that functions refuse", "select date_trunc(«'mont', day), strftime(day, «'%Q'), regexp_matches(customer, «'('), «nocol from orders"},
		{"types that do not exist", "select day::«foo, «cast(id as integr), «nocol from orders"},
		{"lists", "select [1, «day], list_transform([1], x -> x + «a), «list_transform(customer, x -> 1) from orders"},
		{"group by all", "select «a, sum(«b) from orders group by all order by all"},
		{"a limit", "select «a from orders limit «b"},
	} {
		t.Run(c.about, func(t *testing.T) {
			sql := strings.ReplaceAll(c.sql, "«", "")
			_, first := shell.Bind(t.Context(), sql)
			if first == nil {
				t.Fatal("it binds")
			}
			places := map[int]bool{}
			for _, err := range append([]error{first}, shell.Further(t.Context(), sql, first)...) {
				var e *engine.Error
				if !errors.As(err, &e) || e.SQL != sql {
					t.Fatalf("it is another error: %v", err)
				}
				at := e.Position
				if at < 0 {
					at, _ = shell.Seek(t.Context(), sql, err)
				}
				t.Log(fmt.Sprint(at, " ", e.Message))
				places[at] = true
			}
			var got strings.Builder
			for i := range len(sql) + 1 {
				if places[i] {
					got.WriteString("«")
				}
				if i < len(sql) {
					got.WriteByte(sql[i])
				}
			}
			if diff := cmp.Diff(c.sql, got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFurtherOfOneMistake breaks one name after the other in many queries: all that follows from
// that is a consequence, and is not told.
func TestFurtherOfOneMistake(t *testing.T) {
	t.Parallel()
	shapes, err := os.ReadFile("../../compiler/lineage/testdata/shapes.txt")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := os.ReadFile("../../compiler/lineage/testdata/tables.sql")
	if err != nil {
		t.Fatal(err)
	}
	shell := openShell(t, duckdb.ShellOptions{})
	for _, sql := range strings.Split(strings.TrimSpace(string(tables)), ";\n") {
		if err := shell.Apply(t.Context(), strings.TrimSuffix(sql, ";")); err != nil {
			t.Fatal(err)
		}
	}
	broken := 0
	for _, block := range strings.Split(string(shapes), "\n## ")[1:] {
		head, _, _ := strings.Cut(block, "\n---\n")
		about, sql, _ := strings.Cut(head, "\n")
		if strings.Contains(sql, "$FILES") {
			continue
		}
		for tok := range sqltoken.Tokens(sql) {
			if tok.Kind != sqltoken.Word {
				continue
			}
			worse := sql[:tok.Span.End] + "_qqqqqqq" + sql[tok.Span.End:]
			_, first := shell.Bind(t.Context(), worse)
			if first == nil {
				continue
			}
			broken++
			for _, err := range shell.Further(t.Context(), worse, first) {
				t.Errorf("%s: %s\nfirst %v\nand then %v", about, worse, first, err)
			}
		}
	}
	if broken < 500 {
		t.Errorf("only %d queries were broken", broken)
	}
}
