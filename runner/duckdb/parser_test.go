package duckdb

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"elt/runner/engine"
)

func TestTableRefs(t *testing.T) {
	t.Parallel()
	p := new(Parser)
	t.Cleanup(func() { p.Close() })
	for _, c := range []struct {
		name, sql string
		want      string // names as they stand in the text, "*" behind an aliased one
	}{
		{"one table", `select * from stg`, `stg`},
		{"FROM first", `from stg`, `stg`},
		{"TABLE", `table stg`, `stg`},
		{"no table", `select 1`, ``},
		{"schema and catalog", `select * from db.s.t, s.u`, `db.s.t s.u`},
		{"quoted names", `select * from "q""x"."Ta b" as y`, `"q""x"."Ta b"*`},
		{"comments inside a name", `select 'é' from "é" /* c */ . /* d */ tab`, `"é" /* c */ . /* d */ tab`},
		{"multi-byte text before the name", `select 'äöü€😀', "ñ" from stg -- é
			join größe g on true`, `stg größe*`},
		{"the same table twice", `select * from a join a b using (x)`, `a a*`},
		{"alias without AS", `select * from stg s`, `stg*`},
		{"comma join", `select * from a, b, c`, `a b c`},
		{"every join", `select * from a left join b on a.x = b.x semi join c using (x) asof join d using (x) positional join e`, `a b c d e`},
		{"a CTE is not a table", `with s as (select * from a) select * from s`, `a`},
		{"a CTE that reads the table of its name", `with stg as (select * from stg) select * from stg`, `stg`},
		{"a CTE named in another case", `with Stg as (select * from a) select * from STG`, `a`},
		{"a CTE sees only those before it", `with a as (select * from b), b as (select * from x) select * from a, b`, `b x`},
		{"a chain of CTEs", `with a as (from x), b as (from a), c as (from b) from c`, `x`},
		{"a qualified name is never a CTE", `with s as (select 1) select * from s, main.s`, `main.s`},
		{"materialized CTE", `with s as materialized (from a), u as not materialized (from s) from u`, `a`},
		{"recursive CTE", `with recursive r as (select n from base union all select n + 1 from r join stg using (n)) select * from r`, `base stg`},
		{"a recursive CTE names itself in its second half only", `with recursive r as (select n from r union all select n + 1 from r) from r`, `r`},
		{"WITH RECURSIVE without recursion", `with recursive s as (select * from s) select * from s`, `s`},
		{"recursive CTE with a key", `with recursive r(n) using key (n) as (select n from a union select r.n from r join recurring.r as k using (n)) from r`, `a`},
		{"a nested WITH hides the outer one", `with s as (from a) select * from (with s as (from s) from s)`, `a`},
		{"a nested CTE ends with its query", `select * from (with s as (from a) from s), s`, `a s`},
		{"a nested CTE within a CTE", `with c as (with s as (from a) from s) select * from c, s`, `a s`},
		{"a CTE over a set operation", `with s as (from x) (with s2 as (from s) from s2) union all from s`, `x`},
		{"a CTE in one arm of a set operation", `(with s as (from a) from s) union all (from s)`, `a s`},
		{"set operations", `select * from a union by name select * from b except select * from c intersect select * from d`, `a b c d`},
		{"subqueries in expressions", `select (select max(x) from a), exists (from b), x in (select y from c) from d where x > all (select z from e) order by (select 1 from f) limit (select 1 from g)`, `a b c d e f g`},
		{"a CTE seen from an expression", `with s as (from a) select (select max(x) from s) from b`, `a b`},
		{"subqueries in HAVING, QUALIFY and a window", `select x, sum(y) over (partition by (select 1 from a)) from b group by x having x > (select 1 from c) qualify row_number() over () < (select 1 from d)`, `a b c d`},
		{"lateral", `select * from a, lateral (select * from b where b.x = a.x) l`, `a b`},
		{"lambda and list comprehension", `select [x for x in (select list(y) from a)], list_transform(l, lambda v: v + (select 1 from b)) from c`, `a b c`},
		{"VALUES", `select * from (values (1), ((select max(x) from a)))`, `a`},
		{"a table function is not a table", `select * from read_csv('x.csv'), range(3), a`, `a`},
		{"a table function over a subquery", `select * from unnest((select list(x) from a))`, `a`},
		{"a file in quotes", `select * from 'x.csv', a`, `a`},
		{"a file as a name", `select * from "x.csv"`, `"x.csv"`},
		{"static PIVOT", `pivot a on b in (1, 2) using sum(c)`, `a`},
		{"standard PIVOT", `select * from a pivot (sum(c) for b in (1, 2)) p join d on true`, `a d`},
		{"dynamic PIVOT", `pivot a on b using sum(c)`, `a`},
		{"dynamic PIVOT of expressions", `with s as (from x) select * from (pivot (select * from s join é using (k)) on y || '_' || q, z in (1, 2), w using sum(c) group by g) join t on true`, `x é t`},
		{"UNPIVOT", `unpivot a on x, y into name n value v`, `a`},
		{"DESCRIBE and SUMMARIZE", `select * from (describe a), (summarize b)`, `a b`},
		{"time travel", `select * from a at (version => 1)`, `a`},
		{"sample", `select * from a tablesample 10%`, `a`},
		{"keywords as names", `select * from "select", main."from"`, `"select" main."from"`},
		{"words in strings and comments", "select 'from x', $$ from y $$ /* from z /* q */ */ from a -- from w", `a`},
		{"a semicolon at the end", "select * from a;\n", `a`},
		{"parameters", "select * from a where x = $1", `a`},
	} {
		t.Run(c.name, func(t *testing.T) {
			refs, err := p.TableRefs(c.sql)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, ref := range refs {
				text := c.sql[ref.Start:ref.End]
				if ref.Aliased {
					text += "*"
				}
				got = append(got, text)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %q, want %q", strings.Join(got, " "), c.want)
			}
		})
	}
}

func TestTableRefsParts(t *testing.T) {
	t.Parallel()
	p := new(Parser)
	defer p.Close()
	refs, err := p.TableRefs(`select * from "D b".s."x""y" t`)
	if err != nil {
		t.Fatal(err)
	}
	if want := (TableRef{Catalog: "D b", Schema: "s", Name: `x"y`, Start: 14, End: 28, Aliased: true}); len(refs) != 1 || refs[0] != want {
		t.Errorf("got %+v, want %+v", refs, want)
	}
}

func TestTableRefsErrors(t *testing.T) {
	t.Parallel()
	p := new(Parser)
	defer p.Close()
	for _, c := range []struct {
		name, sql, message string
		position           int
	}{
		{"syntax error behind multi-byte text", "select 'é' frm a where", `syntax error near "a"`, 16},
		{"text ends too early", "select 1 +", "unexpected end of query", 10},
		{"not a SELECT", "insert into a select * from b", notSelectMessage, -1},
		{"two statements", "select 1; select 2", notSelectMessage, -1},
		{"nothing", " -- only a comment", notSelectMessage, -1},
		{"a dynamic PIVOT inside another statement", "create table t as pivot a on b using sum(c)", notSelectMessage, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := p.TableRefs(c.sql)
			var e *engine.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an engine.Error", err)
			}
			if e.Kind != engine.Parser || e.Message != c.message || e.Position != c.position || e.SQL != c.sql {
				t.Errorf("got %q at %d in %q", e.Message, e.Position, e.SQL)
			}
		})
	}
}

func TestParserIsConcurrent(t *testing.T) {
	t.Parallel()
	p := new(Parser)
	defer p.Close()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 20 {
				if refs, err := p.TableRefs("select * from a, b"); err != nil || len(refs) != 2 {
					t.Errorf("got %v, %v", refs, err)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkTableRefs(b *testing.B) {
	p := new(Parser)
	defer p.Close()
	for b.Loop() {
		if _, err := p.TableRefs("with o as (select * from stg_orders), c as (select * from stg_customers) select c.id, sum(o.amount) as total from o join c on o.customer_id = c.id where o.amount > 0 group by all"); err != nil {
			b.Fatal(err)
		}
	}
}
