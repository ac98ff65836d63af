package duckdb_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"elt/compiler"
	"elt/compiler/project"
	"elt/runner/duckdb"
	"elt/runner/engine"
)

func openShell(t *testing.T, options duckdb.ShellOptions) *duckdb.Shell {
	t.Helper()
	shell, err := duckdb.OpenShell(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := shell.Close(); err != nil {
			t.Error(err)
		}
	})
	return shell
}

func shellRelation(name string) project.Relation {
	return project.Relation{Database: "shop", Schema: "staging", Identifier: name}
}

// TestShellBind binds queries against relations that have no rows.
func TestShellBind(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	shell := openShell(t, duckdb.ShellOptions{Database: "shop", Schema: "main"})
	columns := []compiler.Column{{Name: "id", Type: "BIGINT"}, {Name: "amount", Type: "DECIMAL(9,2)"}, {Name: "nothing", Type: `"NULL"`}}
	if err := shell.Define(ctx, shellRelation("orders"), columns); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		sql   string
		want  []compiler.Column
		wrong string
	}{
		"columns and types": {`select id, amount * 2 as twice from shop.staging.orders`,
			[]compiler.Column{{Name: "id", Type: "BIGINT"}, {Name: "twice", Type: "DECIMAL(18,2)"}}, ""},
		"a column that is null goes with any type": {`select coalesce(nothing, 'x') as text, coalesce(nothing, date '2024-01-01') as day from staging.orders`,
			[]compiler.Column{{Name: "text", Type: "VARCHAR"}, {Name: "day", Type: "DATE"}}, ""},
		"a semicolon at the end":     {`select 1 as one;`, []compiler.Column{{Name: "one", Type: "INTEGER"}}, ""},
		"a column that is not there": {`select idd from staging.orders`, nil, `column "idd" not found`},
		"no statement":               {`-- nothing`, nil, `syntax error near ")"`},
		"two statements":             {`select 1; select 2`, nil, `syntax error near ";"`},
		"a statement that changes":   {`drop table staging.orders`, nil, `syntax error near "drop"`},
		"a pivot of unknown values":  {`pivot staging.orders on id using sum(amount)`, nil, duckdb.PivotWithoutIn},
		"a zero byte":                {"select 1\x00", nil, `the query holds a zero byte`},
	} {
		got, err := shell.Bind(ctx, c.sql)
		var failure *engine.Error
		switch {
		case c.wrong == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.wrong != "" && (!errors.As(err, &failure) || !strings.Contains(failure.Message, c.wrong)):
			t.Errorf("%s: got error %v, want %q", name, err, c.wrong)
		}
		if diff := cmp.Diff(c.want, got); diff != "" && c.wrong == "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestShellWithNulls tells null from INTEGER, which is what DuckDB makes of it in the end.
func TestShellWithNulls(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	shell := openShell(t, duckdb.ShellOptions{})
	const sql = `select null as n, [null] as l, {'a': null} as s, 1 as i;`
	bound, err := shell.Bind(ctx, sql)
	if err != nil {
		t.Fatal(err)
	}
	got, err := shell.WithNulls(ctx, sql, bound)
	if err != nil {
		t.Fatal(err)
	}
	want := []compiler.Column{{Name: "n", Type: `"NULL"`}, {Name: "l", Type: `"NULL"[]`}, {Name: "s", Type: `STRUCT(a "NULL")`}, {Name: "i", Type: "INTEGER"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestShellReplaces defines a relation twice, once as what only a view can hold.
func TestShellReplaces(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	shell := openShell(t, duckdb.ShellOptions{Database: "shop"})
	for _, kind := range []string{"INTEGER", "VARCHAR", `"NULL"`, "DATE"} {
		if err := shell.Define(ctx, shellRelation("a"), []compiler.Column{{Name: "x", Type: kind}}); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
	}
	got, err := shell.Bind(ctx, "from shop.staging.a")
	if diff := cmp.Diff([]compiler.Column{{Name: "x", Type: "DATE"}}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if err := shell.Define(ctx, shellRelation("b"), []compiler.Column{{Name: "x", Type: "nosuchtype"}}); err == nil {
		t.Error("a type that does not exist was taken")
	}
}

// TestShellConcurrent defines and binds from many goroutines.
func TestShellConcurrent(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	shell := openShell(t, duckdb.ShellOptions{Database: "shop"})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			rel := shellRelation(fmt.Sprintf("t%d", i))
			if err := shell.Define(ctx, rel, []compiler.Column{{Name: "x", Type: "INTEGER"}}); err != nil {
				t.Error(err)
				return
			}
			if _, err := shell.Bind(ctx, "select x + 1 from "+rel.String()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestShellSettings keeps a search path, and says which settings it could not.
func TestShellSettings(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	shell := openShell(t, duckdb.ShellOptions{
		Database: "shop", Schemas: []project.Relation{{Database: "shop", Schema: "staging"}},
		Settings: []duckdb.Setting{{Name: "search_path", Value: "main,staging"}, {Name: "no_such_setting", Value: "1"}},
	})
	if err := shell.Define(ctx, shellRelation("a"), []compiler.Column{{Name: "x", Type: "INTEGER"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := shell.Bind(ctx, "select x from a"); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"setting no_such_setting"}, shell.Missing()); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
}
