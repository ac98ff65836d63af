package culprit_test

import (
	"strings"
	"testing"

	"elt/compiler/diag"
	"elt/compiler/sqltoken"
	"elt/runner/culprit"
)

func fullSpan(sql string) diag.Span { return diag.Span{End: len(sql)} }

// always says of every n-th piece that it fails.
type always struct{ n, asked int }

func (a *always) Fails(string) bool {
	a.asked++
	return a.asked%a.n == 0
}

func (a *always) Columns(string) int { return 3 }

// FuzzFind checks that any text can be taken apart, whatever the database says of its
// pieces, and that what is found lies within it, at the beginning of a token.
func FuzzFind(f *testing.F) {
	for _, q := range queries {
		f.Add(q.sql, uint8(2))
	}
	f.Add("with a as (select 1", uint8(1))
	f.Add("select ) from ( where", uint8(1))
	f.Fuzz(func(t *testing.T, sql string, n uint8) {
		at, ok := culprit.Find(sql, &always{n: int(n%5) + 1})
		if !ok {
			return
		}
		if at.Start < 0 || at.End > len(sql) || at.Start >= at.End {
			t.Fatalf("%v is not within %q", at, sql)
		}
		if !sqltoken.Starts(sql)[at.Start] {
			t.Fatalf("no token begins at %d of %q", at.Start, sql)
		}
		if narrow := culprit.Narrow(sql, at, "x"); narrow.Start < at.Start || narrow.End > at.End || strings.Contains(sql[narrow.Start:narrow.End], "\n") && narrow != at {
			t.Fatalf("%v is not within %v", narrow, at)
		}
	})
}
