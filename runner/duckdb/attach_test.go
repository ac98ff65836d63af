package duckdb

import (
	"errors"
	"strings"
	"testing"

	"elt/runner/engine"
)

// TestConnectionStringsAreHidden needs no server: the messages are those of DuckDB's
// extensions for databases, which repeat what they were given.
func TestConnectionStringsAreHidden(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		attachment Attachment
		message    string
		want       string
	}{
		{"the path as it stands", Attachment{Path: "postgres:host=h user=u password=hunter2"},
			`Unable to connect to Postgres at "host=h user=u password=hunter2": refused`, `Unable to connect to Postgres at "***": refused`},
		{"a password put together anew", Attachment{Path: "host=h password='hunter2'", Type: "postgres"},
			`at "password='hunter2' host='h'"`, `at "password='***' host='h'"`},
		{"a URL", Attachment{Path: "mysql://u:hunter2@h/db", Type: "mysql", Alias: "m"},
			`cannot reach h with hunter2`, `cannot reach h with ***`},
		{"an option", Attachment{Path: "shop", Type: "iceberg", Options: []Setting{{"CLIENT_SECRET", "'hunter2'"}}},
			`hunter2 is no secret`, `*** is no secret`},
		{"a file", Attachment{Path: "/data/x.db", Alias: "x"}, `cannot open "/data/x.db"`, `cannot open "/data/x.db"`},
		{"a file on a drive", Attachment{Path: `C:\x.db`}, `cannot open C:\x.db`, `cannot open C:\x.db`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sql := attachSQL(c.attachment)
			err := withoutConnection(&engine.Error{Kind: engine.IO, Message: c.message, SQL: sql, Err: errors.New(sql)}, c.attachment)
			var e *engine.Error
			if !errors.As(err, &e) || e.Message != c.want || e.SQL != "" || e.Err != nil {
				t.Errorf("got %#v, want %q", err, c.want)
			}
			if name := nameOfAttachment(c.attachment); strings.Contains(name, "hunter2") {
				t.Errorf("the name is %q", name)
			}
		})
	}
}
