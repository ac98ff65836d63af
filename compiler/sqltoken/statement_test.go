package sqltoken_test

import (
	"fmt"
	"strings"
	"testing"

	"elt/compiler/diag"
	"elt/compiler/sqltoken"

	"github.com/google/go-cmp/cmp"
)

func TestStripTrailing(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, sql, want string }{
		{"nothing to strip", "select 1", "select 1"},
		{"leading white space and comments stay", " -- a\nselect 1 ", " -- a\nselect 1"},
		{"semicolons and white space", "select 1 ; ;\n", "select 1"},
		{"a comment after the semicolon", "select 1; -- done", "select 1"},
		{"a comment before the semicolon", "select 1 -- done\n;", "select 1"},
		{"a comment without a semicolon", "select 1 /* a */ -- b", "select 1"},
		{"a semicolon in a string", "select ';'", "select ';'"},
		{"two statements keep the semicolon between", "select 1; select 2;", "select 1; select 2"},
		{"only comments", "-- a\n;", ""},
		{"an unterminated string", "select 'a; ", "select 'a; "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := sqltoken.StripTrailing(tt.sql); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSplitStatements(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, sql string
		want      []string
	}{
		{"one", "select 1", []string{"select 1"}},
		{"two", "select 1;select 2 ;", []string{"select 1", "select 2"}},
		{"semicolons in strings, names and comments", "select ';' /* ; */ as \";\"; select $$;$$ -- ;\n",
			[]string{"select ';' /* ; */ as \";\"", "select $$;$$ -- ;"}},
		{"comments belong to the statement they stand at", "-- a\nselect 1; -- b\nselect 2", []string{"-- a\nselect 1", "-- b\nselect 2"}},
		{"comments alone are no statement", "; ; -- a\n; select 1; /* b */", []string{"select 1"}},
		{"nothing", " ", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, s := range sqltoken.SplitStatements(tt.sql) {
				got = append(got, tt.sql[s.Start:s.End])
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("statements (-want +got):\n%s", diff)
			}
		})
	}
}

func TestKeywords(t *testing.T) {
	t.Parallel()
	tests := []struct {
		sql, first string
		query      bool
	}{
		{"select 1", "SELECT", true},
		{"-- a\n/* b */ SeLeCt 1", "SELECT", true},
		{"((select 1) union all select 2)", "SELECT", true},
		{"from x", "FROM", true},
		{"values (1)", "VALUES", true},
		{"summarize t", "SUMMARIZE", true},
		{"describe t", "DESCRIBE", true},
		{"show tables", "SHOW", true},
		{"pivot t on a", "PIVOT", true},
		{"with a as (select 1) select 2", "WITH", true},
		{"with a as not materialized (select (1)), b (x) as (insert) from b", "WITH", true},
		{"with recursive a using key (x) as (select 1) from a", "WITH", true},
		{"with a as (select 1) ((from b))", "WITH", true},
		{"with a as (select 1) insert into t from a", "WITH", false},
		{"with a as (select 1)", "WITH", false},
		{"with a", "WITH", false},
		{"insert into t select 1", "INSERT", false},
		{"create table t as select 1", "CREATE", false},
		{"explain select 1", "EXPLAIN", false},
		{"call f()", "CALL", false},
		{"", "", false},
		{"((", "", false},
		{"'select'", "", false},
		{`"select"`, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.sql, func(t *testing.T) {
			t.Parallel()
			if got := sqltoken.FirstKeyword(tt.sql); got != tt.first {
				t.Errorf("first keyword is %q, want %q", got, tt.first)
			}
			if got := sqltoken.IsQuery(tt.sql); got != tt.query {
				t.Errorf("is a query: %v, want %v", got, tt.query)
			}
		})
	}
}

// TestCTEInsertPoint marks the place with ^ and W, R for an existing WITH and
// RECURSIVE.
func TestCTEInsertPoint(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, sql, want string }{
		{"no WITH", "select 1", "^select 1"},
		{"white space before stays before", "\n  select 1", "\n  ^select 1"},
		{"comments before go behind", " -- a\nselect 1", " ^-- a\nselect 1"},
		{"a WITH", "with a as (select 1) from a", "withW^ a as (select 1) from a"},
		{"a WITH behind comments", "-- a\nWITH a as (select 1) from a", "-- a\nWITHW^ a as (select 1) from a"},
		{"a recursive WITH", "with recursive a as (select 1) from a", "with recursiveWR^ a as (select 1) from a"},
		{"with a comment between", "with /* r */ recursive a as (select 1) from a", "with /* r */ recursiveWR^ a as (select 1) from a"},
		{"a CTE called recursive", "with recursive as (select 1) from recursive", "withW^ recursive as (select 1) from recursive"},
		{"a recursive CTE called recursive", "with recursive recursive as (select 1) from recursive", "with recursiveWR^ recursive as (select 1) from recursive"},
		{"a WITH in parentheses is not the query's", "(with a as (select 1) from a)", "^(with a as (select 1) from a)"},
		{"only a comment", "-- a", "^-- a"},
		{"nothing", "  ", "  ^"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			offset, with, recursive := sqltoken.CTEInsertPoint(tt.sql)
			mark := map[bool]string{true: "W"}[with] + map[bool]string{true: "R"}[recursive] + "^"
			if got := tt.sql[:offset] + mark + tt.sql[offset:]; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestLeadingCTEs marks with the name where a table of it is surely the expression.
func TestLeadingCTEs(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, sql, want string }{
		{"no WITH", "select 1 from a", "select 1 from a"},
		{"one", "with a as (select * from a) from a", "with a as (select * from a)<a> from a"},
		{"two", "with a as (from x), B as (from a) from a, b", "with a as (from x)<a>, B as (from a)<b> from a, b"},
		{"column names", "with a(i, j) as (select 1, 2) from a", "with a(i, j) as (select 1, 2)<a> from a"},
		{"materialized", "with a as not materialized (select 1) (from a)", "with a as not materialized (select 1)<a> (from a)"},
		{"recursive with a key", "with recursive a(i) using key (i) as (select 1) from a", "with recursive a(i) using key (i) as (select 1)<a> from a"},
		{"quoted", `with "My a" as (select 1) from "My a"`, `with "My a" as (select 1)<my a> from "My a"`},
		{"parentheses and comments inside", "with a as (select (1) -- )\n) from a", "with a as (select (1) -- )\n)<a> from a"},
		{"a WITH inside is not the query's", "select * from (with a as (select 1) from a)", "select * from (with a as (select 1) from a)"},
		{"unfinished", "with a as (select 1), b as (select", "with a as (select 1)<a>, b as (select"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			at := map[int]string{}
			for name, end := range sqltoken.LeadingCTEs(tt.sql) {
				at[end] = "<" + name + ">"
			}
			got := ""
			for i, c := range tt.sql + "\x00" {
				got += at[i] + string(c)
			}
			if got = strings.TrimSuffix(got, "\x00"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNormalize(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, a, b string
		same       bool
	}{
		{"white space", "select  a\n,b", "select a, b", true},
		{"comments", "select a -- x\n, /* y */ b", "select a,b", true},
		{"white space that is not needed", "select(a)from t", "select (a) from t", true},
		{"space in a string counts", "select 'a  b'", "select 'a b'", false},
		{"an operator cut in two", "a < = b", "a <= b", false},
		{"letter case counts", "select A", "select a", false},
		{"a joined string", "select 'a' 'b'", "select 'a'\n'b'", false},
		{"a name cut in two", "ab", "a b", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, b := sqltoken.Normalize(tt.a), sqltoken.Normalize(tt.b)
			if (a == b) != tt.same {
				t.Errorf("%q and %q, want the same: %v", a, b, tt.same)
			}
		})
	}
}

func TestRewrite(t *testing.T) {
	t.Parallel()
	sql := "select a from b join b"
	got, m := sqltoken.Rewrite(sql, []sqltoken.Edit{
		{Span: diag.Span{Start: 21, End: 22}, Text: "y"},
		{Span: diag.Span{Start: 14, End: 15}, Text: "longer"},
		{Span: diag.Span{}, Text: "1"},
		{Span: diag.Span{}, Text: "2"},
		{Span: diag.Span{Start: 6, End: 8}},
	})
	if want := "12select from longer join y"; got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	tests := []struct {
		name     string
		new, old int
		back     int
	}{
		{"in the first insertion", 0, 0, 2},
		{"in the second", 1, 0, 2},
		{"behind the insertions", 2, 0, 2},
		{"end of select", 7, 5, 7},
		{"behind the deletion", 8, 8, 8},
		{"start of the replacement", 14, 14, 14},
		{"inside the replacement", 17, 14, 14},
		{"behind the replacement", 20, 15, 20},
		{"the last replacement", 26, 21, 26},
		{"end of the text", 27, 22, 27},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if old := m.Old(tt.new); old != tt.old {
				t.Errorf("Old(%d) is %d, want %d", tt.new, old, tt.old)
			}
			if back := m.New(tt.old); back != tt.back {
				t.Errorf("New(%d) is %d, want %d", tt.old, back, tt.back)
			}
		})
	}
	if _, none := sqltoken.Rewrite(sql, nil); none.Old(5) != 5 || none.New(5) != 5 {
		t.Error("the map of no edits is not the identity")
	}
}

func TestRewriteRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	for _, spans := range [][]diag.Span{
		{{Start: 0, End: 3}, {Start: 2, End: 4}}, {{Start: 3, End: 2}}, {{Start: 0, End: 9}}, {{Start: -1, End: 1}},
	} {
		t.Run(fmt.Sprint(spans), func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			var edits []sqltoken.Edit
			for _, s := range spans {
				edits = append(edits, sqltoken.Edit{Span: s})
			}
			sqltoken.Rewrite("abcd", edits)
		})
	}
}
