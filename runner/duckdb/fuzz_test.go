package duckdb

import (
	"strings"
	"testing"
)

// FuzzFillPivots checks that what is put in can be taken out again.
func FuzzFillPivots(f *testing.F) {
	for _, seed := range []string{
		"pivot a on b using sum(c)", "pivot a on b, c in (1), d || e group by f", "select * from (pivot (pivot a on b) on c)",
		"pivot", "pivot a on", "pivot a on (", "pivot a on ,,", "pivot a on b; select pivot", "é pivot ü on ö -- in",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		e := fillPivots(sql)
		var back strings.Builder
		last := 0
		for _, i := range e.inserts {
			back.WriteString(e.sql[last:i.at])
			last = i.at + i.size
		}
		back.WriteString(e.sql[last:])
		if back.String() != sql {
			t.Errorf("%q became %q", sql, e.sql)
		}
		before := 0
		for i := 0; i <= len(e.sql); i++ {
			at := e.origin(i)
			if at < before || at > len(sql) {
				t.Fatalf("offset %d leads to %d, the one before to %d", i, at, before)
			}
			before = at
		}
	})
}

// FuzzStatementError checks that no message breaks the reading of messages.
func FuzzStatementError(f *testing.F) {
	for _, seed := range []string{
		`{"exception_type":"Binder","exception_message":"x","position":"7","name":"a.b"}`,
		`Parser Error: {"exception_type":"Parser","exception_message":"x","error_subtype":"SYNTAX_ERROR","position":"99"}`,
		"Invalid Input Error: plain\n\nLINE 1: ...\n  ^", `{"exception_type":`, "CSV Error on Line: 99999999999999999999\nOriginal Line: ",
		`{"exception_type":"Conversion","exception_message":"CSV Error on Line: 4\nOriginal Line: x\nError when converting column \"id\". Could not convert string \"x\" to 'INT'\n\n  file = /x"}`,
	} {
		f.Add("SELECT 'é' FROM t", seed)
	}
	f.Fuzz(func(t *testing.T, sql, message string) {
		e := statementError(sql, message)
		if e.Position < -1 || e.Position > len(sql) {
			t.Errorf("position %d in %d bytes", e.Position, len(sql))
		}
		if e.Err == nil || e.Err.Error() != message {
			t.Errorf("the driver's message is lost: %v", e.Err)
		}
	})
}

// FuzzWKT checks that no bytes break the reading of geometries.
func FuzzWKT(f *testing.F) {
	f.Add([]byte("\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0?\x00\x00\x00\x00\x00\x00\x00@"))
	f.Add([]byte("\x01\x04\x00\x00\x00\xff\xff\xff\xff"))
	f.Add([]byte("\x01\x07\x00\x00\x00\x01\x00\x00\x00\x01\x07\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if text := wkt(raw); len(text) > 64*len(raw)+64 {
			t.Errorf("%d bytes became %d", len(raw), len(text))
		}
	})
}
