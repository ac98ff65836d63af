package sqltoken_test

import (
	"strings"
	"testing"

	"elt/compiler/sqltoken"
)

func TestTarget(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, sql, want string }{
		{"a query", "select * from a", ""},
		{"insert", `insert into "w"."main"."a" (x) select 1 from b`, "w.main.a"},
		{"insert or replace", "INSERT OR REPLACE INTO s.a values (1)", "s.a"},
		{"insert behind a with", "with x as (delete_from as (select 1)) insert into a from x", "a"},
		{"update", "update a set x = (select max(y) from b)", "a"},
		{"delete", "/* c */ delete from a using b where a.x = b.x", "a"},
		{"delete behind a with", "with x as (select * from b) delete from a where i in (from x)", "a"},
		{"merge", "merge into a using b on a.x = b.x when matched then update set y = 1", "a"},
		{"truncate", "truncate a", "a"},
		{"truncate table", "truncate table a", "a"},
		{"create table", "create table a as select * from b", "a"},
		{"create or replace", "create or replace table s.a (i int)", "s.a"},
		{"create if not exists", "create table if not exists a (i int)", "a"},
		{"a table called if", `create table "if" (i int)`, "if"},
		{"create view", "create or replace view a as select 1", "a"},
		{"a temporary table", "create temp table a as select 1", ""},
		{"create index", "create unique index if not exists i on s.a (x)", "s.a"},
		{"drop", "drop view if exists s.a cascade", "s.a"},
		{"drop index", "drop index i", ""},
		{"alter", "alter table if exists a add column b int", "a"},
		{"create schema", "create schema if not exists a", ""},
		{"create macro", "create macro m(x) as table select * from a", ""},
		{"copy from", "copy a from 'x.csv'", "a"},
		{"copy columns from", "copy s.a (x, y) from 'x.csv' (header)", "s.a"},
		{"copy to", "copy a to 'x.csv'", ""},
		{"copy a query", "copy (select * from a) to 'x.csv'", ""},
		{"comment", "comment on table a is 'x'", ""},
		{"nothing", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if c, ok := sqltoken.Target(test.sql); ok {
				var parts []string
				for _, p := range c.Parts {
					parts = append(parts, p.Name)
				}
				got = strings.Join(parts, ".")
			}
			if got != test.want {
				t.Errorf("%s changes %q, want %q", test.sql, got, test.want)
			}
		})
	}
}

func TestBody(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, sql, want string }{
		{"a query", "select 1", "select 1"},
		{"insert", "insert into a (x, y) select 1 from b", "select 1 from b"},
		{"insert from", "insert or replace into a by name from b", "from b"},
		{"insert of a query in parentheses", "insert into a (select 1)", "(select 1)"},
		{"insert with", "insert into a with x as (select 1) from x", "with x as (select 1) from x"},
		{"insert values", "insert into a values ((select 1))", ""},
		{"create table as", "create or replace table a as select 1", "select 1"},
		{"create temporary table as", "create temp table a as (select 1)", "(select 1)"},
		{"create view", "create view a (x) as with y as (select 1) from y", "with y as (select 1) from y"},
		{"create table", "create table a (i int default (1))", ""},
		{"update", "update a set x = (select 1)", ""},
		{"drop", "drop table a", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if start, ok := sqltoken.Body(test.sql); ok {
				got = test.sql[start:]
			}
			if got != test.want {
				t.Errorf("the query of %q is %q, want %q", test.sql, got, test.want)
			}
		})
	}
}
