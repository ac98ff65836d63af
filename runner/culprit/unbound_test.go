package culprit_test

import (
	"context"
	"testing"

	"elt/compiler/sqltoken"
	"elt/runner/culprit"
)

var unbound = []struct{ name, sql, want string }{
	{"a call", "select id, list_sum(txt) as s from t", "list_sum(txt)"},
	{"a call over several lines", "select id,\n  list_sum(\n    txt\n  ) from t", "list_sum(\n    txt\n  )"},
	{"a call within another", "select abs(id + list_sum(txt)) as s from t", "list_sum(txt)"},
	{"the outer of two calls", "select list_sum(upper(txt)) as s from t", "list_sum(upper(txt))"},
	{"an argument that is no call", "select abs(case when txt like 1 then 1 end) from t", "case when txt like 1 then 1 end"},
	{"in brackets", "select [id, (txt like 1)::int] from t", "txt like 1"},
	{"a subscript", "select id, [1, 2][1], a.l[a.txt] from (select [1] as l, txt, id from t) a", "a.l[a.txt]"},
	{"with its clauses", "select sum(id) filter (where true) over (order by txt range between 1 preceding and current row) from t", "sum(id) filter (where true) over (order by txt range between 1 preceding and current row)"},
	{"over a window that is not there", "select id, sum(id) over w, 1 from t", "sum(id) over w"},
	{"where", "select id from t where id = 1 and list_sum(txt) = 1 and txt = 'x'", "list_sum(txt)"},
	{"a condition of a join", "select a.id from t a join t b on a.id = b.id and coalesce(a.id, a.txt) = 1 left join t c on true", "coalesce(a.id, a.txt)"},
	{"group by", "select 1 from t group by id, list_sum(txt)", "list_sum(txt)"},
	{"having", "select id from t group by id having list_sum(min(txt)) > 1", "list_sum(min(txt))"},
	{"order by", "select id from t order by id, list_sum(txt)", "list_sum(txt)"},
	{"a CTE", "with a as (select id from t), b as (select list_sum(txt) as s, id from t join a using (id)) select s from b", "list_sum(txt)"},
	{"what reads a CTE", "with a as (select upper(txt) as s from t) select list_sum(s) from a", "list_sum(s)"},
	{"what reads a subquery", "select list_sum(s) as l from (select upper(txt) as s from t) a", "list_sum(s)"},
	{"what reads an alias", "select upper(txt) as s, list_sum(s) as l from t", "list_sum(s)"},
	{"a branch", "select id from t union all select list_sum(txt) from t", "list_sum(txt)"},
	{"a correlated subquery", "select (select max(list_sum(o.txt)) from t i where i.id = o.id) from t o", "list_sum(o.txt)"},
	{"a subquery of FROM", "select id from (select id, list_sum(txt) as s from t) a", "list_sum(txt)"},
	{"a table function", "select id from t, read_csv((select 'x'))", "read_csv((select 'x'))"},
	{"a lambda", "select list_transform([1], x -> list_sum(txt || x)) from t", "list_transform([1], x -> list_sum(txt || x))"},
	{"two of a kind", "select list_sum(txt), list_sum(txt) from t", ""},
	{"what is no select", "values (1), (list_sum('x'))", ""},
}

func TestUnbound(t *testing.T) {
	t.Parallel()
	session := open(t)
	message := func(sql string) string {
		_, err := session.Query(context.Background(), "describe "+sql)
		if err == nil {
			return ""
		}
		return err.Error()
	}
	for _, q := range unbound {
		t.Run(q.name, func(t *testing.T) {
			whole := message(q.sql)
			if whole == "" {
				t.Fatal("it can be bound")
			}
			at, ok := culprit.Unbound(q.sql, func(sql string) culprit.Outcome {
				switch message(sql) {
				case "":
					return culprit.Binds
				case whole:
					return culprit.FailsSo
				}
				return culprit.FailsElse
			})
			got := ""
			if ok {
				got = q.sql[at.Start:at.End]
			}
			if got != q.want {
				t.Errorf("found %q, want %q; it fails with %s", got, q.want, whole)
			}
		})
	}
}

// FuzzUnbound checks that any text can be taken apart, whatever comes of its pieces, and that what
// is found lies within it, at the beginning of a token.
func FuzzUnbound(f *testing.F) {
	for _, q := range unbound {
		f.Add(q.sql, uint8(2))
	}
	f.Add("select f( over from t a join ) on", uint8(1))
	f.Fuzz(func(t *testing.T, sql string, n uint8) {
		asked := 0
		at, ok := culprit.Unbound(sql, func(string) culprit.Outcome {
			asked++
			return culprit.Outcome(asked * int(n%7+1) / 2 % 3)
		})
		if !ok {
			return
		}
		if at.Start < 0 || at.End > len(sql) || at.Start >= at.End {
			t.Fatalf("%v is not within %q", at, sql)
		}
		if !sqltoken.Starts(sql)[at.Start] {
			t.Fatalf("no token begins at %d of %q", at.Start, sql)
		}
	})
}
