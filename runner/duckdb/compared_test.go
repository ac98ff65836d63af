package duckdb_test

import (
	"context"
	"strings"
	"testing"

	"elt/compiler"
	"elt/runner/duckdb"
)

// What is told of texts that are compared with a value of a plain type rests on this: the text is
// cast to that type, and where it cannot be, the comparison fails.
func TestComparedTextsAreCast(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	shell := openShell(t, duckdb.ShellOptions{Database: "shop", Schema: "main"})
	texts := []string{"abc", "", "1", "1.5", "300", "100.555", strings.Repeat("9", 41), "2024-01-01", "2024-02-30", "10:00",
		"2024-01-01 10:00", "yes", "true", "t", "1 day", "epoch", "infinity", " 5 ", "1e3", "1e50", "nan", "0x10", "1_000", "24:00:00"}
	fails := func(sql string) bool { return shell.Apply(ctx, sql) != nil }
	for typ, value := range map[string]string{
		"TINYINT": "1", "SMALLINT": "1", "INTEGER": "1", "BIGINT": "1", "HUGEINT": "1", "UTINYINT": "1", "USMALLINT": "1",
		"UINTEGER": "1", "UBIGINT": "1", "UHUGEINT": "1", "FLOAT": "1", "DOUBLE": "1", "DECIMAL(9,2)": "1", "DECIMAL(4,2)": "1",
		"BOOLEAN": "true", "DATE": "2024-01-01", "TIME": "10:00", "TIMESTAMP": "2024-01-01", "TIMESTAMP_S": "2024-01-01",
		"TIMESTAMP_MS": "2024-01-01", "TIMESTAMP_NS": "2024-01-01", "UUID": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "INTERVAL": "1 day",
	} {
		if err := shell.Define(ctx, shellRelation("t"), []compiler.Column{{Name: "x", Type: typ}}); err != nil {
			t.Fatal(err)
		}
		if err := shell.Apply(ctx, "insert into shop.staging.t values ('"+value+"')"); err != nil {
			t.Fatal(err)
		}
		for _, form := range []string{"x = ?", "x <> ?", "x < ?", "? >= x", "x in (?, ?)", "x not in (?)", "x between ? and ?"} {
			count := strings.Count(form, "?")
			numbered := strings.Replace(strings.Replace(form, "?", "$1", 1), "?", "$2", 1)
			types, err := shell.Parameters(ctx, "select 1 from shop.staging.t where "+numbered, count)
			if err != nil {
				t.Fatal(err)
			}
			for _, got := range types {
				if got != typ {
					t.Errorf("%s: a parameter is %q, want %s", form, got, typ)
				}
			}
			for _, text := range texts {
				cast := fails("select cast('" + text + "' as " + typ + ")")
				written := strings.ReplaceAll(form, "?", "'"+text+"'")
				if compared := fails("select " + written + " from shop.staging.t"); compared != cast {
					t.Errorf("%s, of type %s: the comparison fails: %v; the cast does: %v", written, typ, compared, cast)
				}
			}
		}
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	shell := openShell(t, duckdb.ShellOptions{Database: "shop", Schema: "main"})
	types, err := shell.Parameters(ctx, "select 1::smallint = $2, upper($1) = 'x'", 2)
	if err != nil {
		t.Fatal(err)
	}
	if types[1] != "SMALLINT" || types[0] != "VARCHAR" {
		t.Errorf("got %q", types)
	}
	if types, err = shell.Parameters(ctx, "select $1", 1); err != nil || types[0] != "" {
		t.Errorf("a parameter of any type: got %q, %v", types, err)
	}
	for name, sql := range map[string]string{"syntax": "select date $1", "two statements": "select $1; select 2", "nothing": "", "an unknown column": "select x = $1"} {
		if types, err := shell.Parameters(ctx, sql, 1); err == nil {
			t.Errorf("%s: got %q", name, types)
		}
	}
}
