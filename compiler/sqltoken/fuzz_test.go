package sqltoken_test

import (
	"strings"
	"testing"

	"elt/compiler/diag"
	"elt/compiler/sqltoken"
)

func seed(f *testing.F) {
	for _, sql := range []string{
		"select a, 'it''s', E'\\'' from \"x\"\"y\".z -- c\nwhere b <= $1 /* /* n */ */ and $t$ q $t$ = 1e5",
		"with recursive a as (select 1) insert into t (a, b) from a; select 'a'\n'b'",
		"'", "\"", "$$", "$a$", "/*", "/*/", "--", "e'\\", "1e", "..", "$", "?", "\x00", "\xff", "\u00a0\xe2\x80",
		"a.b . c.* f(x).y", "''''", "\"\"\"", "x'41'\r--\n'4", "\u2003'a'\u2003\n'b'", "a$\u00a0$ $a\u00a0$ b $a",
	} {
		f.Add(sql)
	}
}

// FuzzTokens checks that cutting a text loses nothing and does not depend on the
// white space around tokens.
func FuzzTokens(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, sql string) {
		pos := 0
		var significant []string
		for tok := range sqltoken.Tokens(sql) {
			if tok.Span.Start < pos || tok.Span.End <= tok.Span.Start || tok.Span.End > len(sql) {
				t.Fatalf("token %v after offset %d of %d", tok, pos, len(sql))
			}
			checkSpace(t, sql[pos:tok.Span.Start])
			pos = tok.Span.End
			if tok.Kind != sqltoken.Comment {
				significant = append(significant, tok.Text(sql))
			}
		}
		checkSpace(t, sql[pos:])
		normal := sqltoken.Normalize(sql)
		if normal != strings.Join(significant, " ") || sqltoken.Normalize(normal) != normal {
			t.Errorf("%q normalizes to %q and then %q", sql, normal, sqltoken.Normalize(normal))
		}
		var again []string
		for tok := range sqltoken.Tokens(normal) {
			again = append(again, tok.Text(normal))
		}
		if strings.Join(again, "\x01") != strings.Join(significant, "\x01") {
			t.Errorf("tokens %q became %q", significant, again)
		}
	})
}

func checkSpace(t *testing.T, gap string) {
	t.Helper()
	for tok := range sqltoken.Tokens(gap) {
		t.Errorf("token %q in the white space %q", tok.Text(gap), gap)
	}
}

// FuzzQuestions asks everything that is built on tokens.
func FuzzQuestions(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, sql string) {
		stripped := sqltoken.StripTrailing(sql)
		if !strings.HasPrefix(sql, stripped) || sqltoken.StripTrailing(stripped) != stripped {
			t.Errorf("%q is stripped to %q and then %q", sql, stripped, sqltoken.StripTrailing(stripped))
		}
		end := 0
		for _, s := range sqltoken.SplitStatements(sql) {
			if s.Start < end || s.End <= s.Start || s.End > len(sql) {
				t.Fatalf("statement %v after %d", s, end)
			}
			end = s.End
		}
		if offset, _, _ := sqltoken.CTEInsertPoint(sql); offset < 0 || offset > len(sql) {
			t.Errorf("insert point %d of %d", offset, len(sql))
		}
		sqltoken.IsQuery(sql)
		checkChains(t, sql)
	})
}

// checkChains renames every part to itself and asks for the same chains again.
func checkChains(t *testing.T, sql string) {
	t.Helper()
	chains := sqltoken.Chains(sql)
	var edits []sqltoken.Edit
	for _, c := range chains {
		for _, p := range c.Parts {
			text := sql[p.Span.Start:p.Span.End]
			if sqltoken.Unquote(text) != p.Name {
				t.Errorf("part %q is called %q", text, p.Name)
			}
			edits = append(edits, sqltoken.Edit{Span: p.Span, Text: text})
		}
		edits = append(edits, sqltoken.Edit{Span: diag.Span{Start: c.Span.End, End: c.Span.End}, Text: " "})
	}
	out, m := sqltoken.Rewrite(sql, edits)
	for i, c := range chains {
		again := sqltoken.Chains(out)[i]
		if show(again) != show(c) || m.Old(again.Span.Start) != c.Span.Start || m.New(c.Span.Start) != again.Span.Start {
			t.Fatalf("chain %s at %d is %s at %d in %q", show(c), c.Span.Start, show(again), again.Span.Start, out)
		}
	}
}
