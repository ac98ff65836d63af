package sqltoken_test

import (
	"fmt"
	"strings"
	"testing"

	"elt/compiler/sqltoken"

	"github.com/google/go-cmp/cmp"
)

// show renders a chain as prev|clause|a.b with "(" or ".*" behind it; quoted parts
// are shown in <>.
func show(c sqltoken.Chain) string {
	var parts []string
	for _, p := range c.Parts {
		if p.Quoted {
			parts = append(parts, "<"+p.Name+">")
			continue
		}
		parts = append(parts, p.Name)
	}
	out := fmt.Sprintf("%s|%s|%s", c.Prev, c.Clause, strings.Join(parts, "."))
	if c.Call {
		out += "("
	}
	if c.Star {
		out += ".*"
	}
	return out
}

func TestChains(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, sql string
		want      []string
	}{
		{"columns and a table", "select a, o.id from shop.orders o",
			[]string{"SELECT|SELECT|a", ",|SELECT|o.id", "FROM|FROM|shop.orders", "|FROM|o"}},
		{"quoted parts", `from "my db"."ma""in".Orders`, []string{`FROM|FROM|<my db>.<ma"in>.Orders`}},
		{"space and comments around dots", "from a . /* x */ b\n--y\n.c", []string{"FROM|FROM|a.b.c"}},
		{"reserved words may follow a dot", "select t.select, t.left", []string{"SELECT|SELECT|t.select", ",|SELECT|t.left"}},
		{"a quoted reserved word is a name", `from "from"`, []string{"FROM|FROM|<from>"}},
		{"other keywords may be names", "from view join date using (key)",
			[]string{"FROM|FROM|view", "JOIN|JOIN|date", "(|USING|key"}},
		{"a list of tables", "from a x, b as y, c where d",
			[]string{"FROM|FROM|a", "|FROM|x", ",|FROM|b", "AS|FROM|y", ",|FROM|c", "WHERE|WHERE|d"}},
		{"tables in parentheses", "from (a cross join b)", []string{"(|FROM|a", "JOIN|JOIN|b"}},
		{"the clause is back after parentheses", "from (select x from y where z) s, t",
			[]string{"SELECT|SELECT|x", "FROM|FROM|y", "WHERE|WHERE|z", ")|FROM|s", ",|FROM|t"}},
		{"calls", "select count(*), f(g(a), b) from range(n)",
			[]string{"SELECT|SELECT|count(", ",|SELECT|f(", "(||g(", "(||a", ",||b", "FROM|FROM|range(", "(||n"}},
		{"a call across a comment", "select f /* x */ (1)", []string{"SELECT|SELECT|f("}},
		{"methods and fields of expressions", "select f(x).y.z, (a).b, c[1].d",
			[]string{"SELECT|SELECT|f(", "(||x", ".|SELECT|y.z", "(|SELECT|a", ".|SELECT|b", ",|SELECT|c", ".|SELECT|d"}},
		{"stars", "select *, t.*, a.b.* from t", []string{",|SELECT|t.*", ",|SELECT|a.b.*", "FROM|FROM|t"}},
		{"a dot that leads nowhere", "select a. from b", []string{"SELECT|SELECT|a.from", "|SELECT|b"}},
		{"a dot at the end", "select a.", []string{"SELECT|SELECT|a"}},
		{"a number after a dot is no part", "select t.1", []string{"SELECT|SELECT|t"}},
		{"two dots are no dot", "select a..b", []string{"SELECT|SELECT|a", "..|SELECT|b"}},
		{"types", "select a::int, cast(b as x.y)", []string{"SELECT|SELECT|a", "::|SELECT|int", "(|SELECT|b", "AS|SELECT|x.y"}},
		{"insert with columns", "insert into s.t (a, b) select c from d",
			[]string{"||insert", "INTO|INTO|s.t(", "(||a", ",||b", "SELECT|SELECT|c", "FROM|FROM|d"}},
		{"update", "update t set a = b from c", []string{"||update", "UPDATE|UPDATE|t", "|UPDATE|set", "SET|SET|a", "=|SET|b", "FROM|FROM|c"}},
		{"delete using", "delete from t using u where t.a = u.a",
			[]string{"||delete", "FROM|FROM|t", "USING|USING|u", "WHERE|WHERE|t.a", "=|WHERE|u.a"}},
		{"create table if not exists", "create table if not exists a.b as from c",
			[]string{"TABLE|TABLE|if", "NOT|TABLE|exists", "EXISTS|TABLE|a.b", "FROM|FROM|c"}},
		{"create or replace view", "create or replace view v as select 1", []string{"OR||replace", "REPLACE||view", "VIEW|VIEW|v"}},
		{"common table expressions", "with a as (select x from b), c (y) as (from a) from c",
			[]string{"WITH|WITH|a", "SELECT|SELECT|x", "FROM|FROM|b", ",|WITH|c(", "(||y", "FROM|FROM|a", "FROM|FROM|c"}},
		{"is distinct from begins no clause", "select a where b is not distinct from c.d",
			[]string{"SELECT|SELECT|a", "WHERE|WHERE|b", "|WHERE|c.d"}},
		{"nor does extract", "select extract(year from ts) from t",
			[]string{"SELECT|SELECT|extract(", "(||year", "||ts", "FROM|FROM|t"}},
		{"a subquery in a call does", "where exists (from t)", []string{"WHERE|WHERE|exists(", "FROM|FROM|t"}},
		{"a column called view is no clause", "select view, a from t", []string{"SELECT|SELECT|view", ",|SELECT|a", "FROM|FROM|t"}},
		{"the next statement starts anew", "select f(a; select b", []string{"SELECT|SELECT|f(", "(||a", "SELECT|SELECT|b"}},
		{"strings, comments and parameters hold no names", "select 'a.b', -- c.d\n$e, $$f.g$$ /* h */", nil},
		{"a closing parenthesis too many", "a) b", []string{"||a", ")||b"}},
		{"nothing", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, c := range sqltoken.Chains(tt.sql) {
				got = append(got, show(c))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("chains of %q (-want +got):\n%s", tt.sql, diff)
			}
		})
	}
}

func TestChainSpansCoverTheirText(t *testing.T) {
	t.Parallel()
	sql := `from a . "b""c" x`
	c := sqltoken.Chains(sql)[0]
	if got := sql[c.Span.Start:c.Span.End]; got != `a . "b""c"` {
		t.Errorf("chain covers %q", got)
	}
	if got := sql[c.Parts[1].Span.Start:c.Parts[1].Span.End]; got != `"b""c"` || c.Name() != `b"c` {
		t.Errorf("last part covers %q and is called %q", got, c.Name())
	}
}
