package culprit_test

import (
	"context"
	"testing"

	"elt/runner/culprit"
	"elt/runner/duckdb"
	"elt/runner/engine"
)

// database runs pieces in a real DuckDB.
type database struct {
	t       *testing.T
	session engine.Session
	message string
}

func (d database) run(sql string) string {
	_, err := d.session.Query(context.Background(), sql)
	if err == nil {
		return ""
	}
	return err.Error()
}

func (d database) Fails(sql string) bool { return d.run(sql) == d.message }

func (d database) Columns(sql string) int {
	t, err := d.session.Query(context.Background(), "describe "+sql)
	if err != nil {
		return 0
	}
	return len(t.Rows)
}

func open(t *testing.T) engine.Session {
	t.Helper()
	db, err := duckdb.Open(context.Background(), duckdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	session, err := db.Session(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	if _, err := session.Exec(context.Background(), "create table t as select range::integer as id, 2147483647 as big, 'x' as txt from range(3)"); err != nil {
		t.Fatal(err)
	}
	return session
}

var queries = []struct{ name, sql, want string }{
	{"one of several columns", "select id, big + 1 as n, txt from t", "big + 1 as n"},
	{"the last of many columns", "select id, id, id, id, id, id, id, big + 1 from t", "big + 1"},
	{"behind a star", "select *, big + 1 as n from t", "big + 1 as n"},
	{"before a star", "select big + 1 as n, t.* from t", "big + 1 as n"},
	{"between two stars", "select a.*, a.big + 1 as n, b.* from t a join t b using (id)", ""},
	{"an aggregate", "select id, sum(big + 1) from t group by id", "sum(big + 1)"},
	{"what is grouped by its number", "select big + 1 as n, count(*) from t group by 1", "big + 1 as n"},
	{"what is grouped and not selected", "select count(*) from t group by id, big + 1", "big + 1"},
	{"a window", "select id, sum(big + 1) over (order by id) from t", "sum(big + 1) over (order by id)"},
	{"an alias of the same select", "select big as b, b + 1 as n from t", "b + 1 as n"},
	{"distinct", "select distinct id, big + 1 as n from t", "big + 1 as n"},
	{"distinct on", "select distinct on (id) id, big + 1 as n from t", "big + 1 as n"},
	{"an order of all columns", "select id, big + 1 as n from t order by id", "big + 1 as n"},
	{"what is ordered by", "select id from t order by big + id + 1", "big + id + 1"},
	{"a part of where", "select id from t where id >= 0 and big + id > 2 and txt = 'x'", "big + id > 2"},
	{"between in where", "select id from t where id between 0 and 9 and big + id > 2", "big + id > 2"},
	{"or in where", "select id from t where id < 0 or big + id > 2", "id < 0 or big + id > 2"},
	{"having", "select id from t group by id having max(big) + max(id) > 2", "max(big) + max(id) > 2"},
	{"qualify", "select id from t qualify max(big) over () + id > 2", "max(big) over () + id > 2"},
	{"a condition of a join", "select a.id from t a join t b on a.id = b.id join t c on c.big + 1 = b.big where a.id > 0", "c.big + 1 = b.big"},
	{"a subquery of from", "select id from (select id, big + 1 as n from t) s where n > 0", "big + 1 as n"},
	{"a CTE", "with a as (select id from t), b as (select id, big + 1 as n from t join a using (id)) select n from b", "big + 1 as n"},
	{"behind a CTE", "with a as materialized (select * from t) select id, big + 1 as n from a", "big + 1 as n"},
	{"a CTE within a CTE of its name", "with a as (with a as (select big as b from t) select b + 1 as n from a) select * from a", "b + 1 as n"},
	{"a recursive CTE", "with recursive r(n) as (select 2147483600 union all select n + 1 from r) select max(n) from r", "select"},
	{"a branch of a union", "select id as n from t union all select big + 1 from t order by 1 limit 5", "big + 1"},
	{"a branch of a union by name", "select id as n from t union all by name select big + 1 as n from t", "big + 1 as n"},
	{"from first", "from t select id, big + 1 as n", "big + 1 as n"},
	{"in parentheses", "((select id, big + 1 as n from t))", "big + 1 as n"},
	{"is distinct from", "select id is distinct from 1 as same, big + 1 as n from t", "big + 1 as n"},
	{"a field that is called like a keyword", "select s.\"from\", s.limit, big + 1 as n from (select {'limit': 1, 'from': 2} as s, big from t)", "big + 1 as n"},
	{"comments", "select id, -- from here\n big + 1 as n /* where */ from t -- end", "big + 1 as n"},
	{"a scalar subquery of many rows", "select id, (select id from t) as n from t", "(select id from t) as n"},
	{"error()", "select id, case when id = 2 then error('bad') end as n from t", "case when id = 2 then error('bad') end as n"},
	{"values in a CTE", "with a as (values (1), (factorial(200))) select * from a", "values"},
	{"a pivot", "pivot (select id, big + 1 as n from t) on id in (1, 2) using sum(n)", ""},
}

func TestFind(t *testing.T) {
	t.Parallel()
	session := open(t)
	for _, q := range queries {
		t.Run(q.name, func(t *testing.T) {
			db := database{t: t, session: session}
			if db.message = db.run(q.sql); db.message == "" {
				t.Fatal("the query does not fail")
			}
			at, ok := culprit.Find(q.sql, db)
			if got := q.sql[at.Start:at.End]; got != q.want || ok != (q.want != "") {
				t.Errorf("found %q, %v; want %q", got, ok, q.want)
			}
		})
	}
}

func TestNarrow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, sql, message, want string }{
		{"one line is left whole", "a + b as c", "Overflow in addition of INT32 (1 + 2)!", "a + b as c"},
		{"the operator", "case when a > 0\n then a * b end", "Overflow in multiplication of INT32 (1 * 2)!", "*"},
		{"two of them", "case when a * 2 > 0\n then a * b end", "Overflow in multiplication of INT32 (1 * 2)!", "case when a * 2 > 0"},
		{"a call of error", "case when a > 0\n then error('no') end", "no", "error"},
		{"a function", "coalesce(\n strptime(a, '%Y'), null)", "Could not parse string \"x\" according to format specifier \"%Y\"", "strptime"},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := fullSpan(c.sql)
			if at = culprit.Narrow(c.sql, at, c.message); c.sql[at.Start:at.End] != c.want {
				t.Errorf("got %q, want %q", c.sql[at.Start:at.End], c.want)
			}
		})
	}
}
