package artifact

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"elt/compiler"
	"elt/compiler/project"
	"elt/runner"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files")

var at = time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)

var meta = Meta{
	Version: "test", InvocationID: "00000000-0000-0000-0000-000000000000",
	StartedAt: at, Now: at.Add(time.Second), Command: "elt build", Which: "build",
	Mask: func(text string) string { return strings.ReplaceAll(text, "hunter2", "*****") },
}

func compile(t *testing.T) *compiler.Plan {
	t.Helper()
	files := fstest.MapFS{
		"elt.yml":               {Data: []byte("name: shop\nmodels:\n  shop:\n    +materialized: table\n")},
		"models/base.sql":       {Data: []byte("{{ config(materialized='ephemeral') }}\nselect 1 as id, 'hunter2' as secret\n")},
		"models/orders.sql":     {Data: []byte("select * from {{ ref('base') }} -- é\n")},
		"models/old.sql":        {Data: []byte("{{ config(enabled=false) }} select 1")},
		"models/orders.yml":     {Data: []byte("models:\n  - name: orders\n    description: All orders.\n    columns:\n      - name: id\n        tests: [unique]\n")},
		"models/sources.yml":    {Data: []byte("sources:\n  - name: lake\n    tables:\n      - {name: raw, path: lake/*.csv}\n")},
		"macros/m.sql":          {Data: []byte("{% macro cents(x) %}{{ x }} * 100{% endmacro %}")},
		"tests/no_negative.sql": {Data: []byte("select * from {{ ref('orders') }} where id < 0")},
		"seeds/countries.csv":   {Data: []byte("code\nNL\n")},
	}
	return compileFiles(t, files)
}

func compileFiles(t *testing.T, files fstest.MapFS) *compiler.Plan {
	t.Helper()
	ctx := context.Background()
	plan, err := compiler.Parse(ctx, compiler.Options{FS: files, Root: "/project", Command: "build", Now: at})
	if err != nil {
		t.Fatal(err)
	}
	if diags := plan.Compile(ctx, nil, plan.Order); diags.HasErrors() {
		t.Fatal(diags)
	}
	return plan
}

func TestManifest(t *testing.T) {
	t.Parallel()
	var first, second bytes.Buffer
	if err := Manifest(&first, compile(t), meta); err != nil {
		t.Fatal(err)
	}
	if err := Manifest(&second, compile(t), meta); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() {
		t.Error("two manifests of one project differ")
	}
	if strings.Contains(first.String(), "hunter2") {
		t.Error("the manifest holds a text that is to be hidden")
	}
	golden(t, "manifest.json", first.Bytes())
}

func TestRunResults(t *testing.T) {
	t.Parallel()
	plan := compile(t)
	node := func(id string) *project.Node {
		n := plan.Nodes[id]
		if n == nil {
			t.Fatalf("no node %q among %v", id, plan.Order)
		}
		return n
	}
	summary := &runner.Summary{Elapsed: 1500 * time.Millisecond, Results: []*runner.NodeResult{
		{Node: node("model.shop.orders"), Status: runner.Success, StartedAt: at, CompileTime: time.Millisecond, ExecuteTime: 2 * time.Millisecond, Rows: 7},
		{Node: node("test.shop.no_negative"), Status: runner.Failed, StartedAt: at, Failures: 3, Rows: -1, Message: "got 3 results"},
		{Node: node("seed.shop.countries"), Status: runner.Skipped, Rows: -1},
	}}
	var out bytes.Buffer
	if err := RunResults(&out, summary, meta); err != nil {
		t.Fatal(err)
	}
	golden(t, "run_results.json", out.Bytes())
}

func TestWriteReplacesFilesAsAWhole(t *testing.T) {
	t.Parallel()
	dir, plan := t.TempDir(), compile(t)
	summary := &runner.Summary{Results: []*runner.NodeResult{
		{Node: plan.Nodes["model.shop.orders"], Status: runner.Success, Statements: []string{"create table x as select 'hunter2'"}},
	}}
	for range 2 { // the second time over the files of the first
		if err := Write(dir, plan, summary, meta); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, relErr := filepath.Rel(dir, path)
			got = append(got, filepath.ToSlash(name))
			return relErr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"compiled/shop/models/base.sql",
		"compiled/shop/models/orders.sql",
		"compiled/shop/models/orders.yml/unique_orders_id.sql",
		"compiled/shop/tests/no_negative.sql",
		"manifest.json",
		"run/shop/models/orders.sql",
		"run_results.json",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files written (-want +got):\n%s", diff)
	}
	text, err := os.ReadFile(filepath.Join(dir, "run/shop/models/orders.sql"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "create table x as select '*****';\n"; string(text) != want {
		t.Errorf("target/run holds %q, want %q", text, want)
	}
}

// golden compares JSON with a file, indented for the sake of who reads the diff.
func golden(t *testing.T, name string, data []byte) {
	t.Helper()
	var indented bytes.Buffer
	if err := json.Indent(&indented, data, "", " "); err != nil {
		t.Fatalf("%s is not JSON: %v", name, err)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, indented.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), indented.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
