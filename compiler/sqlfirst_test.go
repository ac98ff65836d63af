package compiler_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"elt/compiler"
	"elt/compiler/diag"
)

// wordsBehindFrom is a parser for the simplest queries: a table is what stands behind
// FROM or JOIN. What scopes and quotes do to names is DuckDB's affair, and tested with
// DuckDB in the scenarios sqlfirst_*; here it is what is made of the names found.
type wordsBehindFrom struct{}

var behindFrom = regexp.MustCompile(`(?i)\b(?:from|join)\s+(?:(\w+)\.)?(\w+)( as \w+)?`)

func (wordsBehindFrom) TableRefs(sql string) ([]compiler.TableRef, error) {
	if strings.Contains(sql, "syntax error") {
		return nil, errors.New("syntax error")
	}
	var out []compiler.TableRef
	for _, m := range behindFrom.FindAllStringSubmatchIndex(sql, -1) {
		ref := compiler.TableRef{Name: sql[m[4]:m[5]], Start: m[4], End: m[5], Aliased: m[6] >= 0}
		if m[2] >= 0 {
			ref.Schema, ref.Start = sql[m[2]:m[3]], m[2]
		}
		out = append(out, ref)
	}
	return out, nil
}

func sqlFirst(files fstest.MapFS) compiler.Options {
	return compiler.Options{FS: files, Root: "/home/you/shop", SQLParser: wordsBehindFrom{}}
}

func TestPlainNames(t *testing.T) {
	t.Parallel()
	others := []string{
		"seeds/countries.csv", "id\n1\n",
		"models/base_only.sql", "select 1 as id",
		"models/off.sql", "{{ config(enabled=false) }}\nselect 1 as id",
		"models/dim_v1.sql", "select 1 as id",
		"models/dim_v2.sql", "select 2 as id",
		"models/all.yml", `
models:
  - name: dim
    versions: [{v: 1}, {v: 2}]
sources:
  - name: raw
    schema: landing
    tables: [{name: orders, identifier: orders_2024}, {name: base}, {name: files, path: "x/*.csv"}]
`,
	}
	tests := []struct {
		name, sql, want string
		reads           []string
	}{
		{"a model", "select * from base_only", `select * from "warehouse"."main"."base_only"`, []string{"model.shop.base_only"}},
		{"letter case does not count", "select * from BASE_only", `select * from "warehouse"."main"."base_only"`, []string{"model.shop.base_only"}},
		{"a seed with an alias", "select * from countries as c", `select * from "warehouse"."main"."countries" as c`, []string{"seed.shop.countries"}},
		{"a table by source and name", "select * from raw.base", `select * from "warehouse"."landing"."base"`, []string{"source.shop.raw.base"}},
		{"a source table keeps the name it is called by", "select orders.id from orders", `select orders.id from "warehouse"."landing"."orders_2024" as "orders"`, []string{"source.shop.raw.orders"}},
		{"a source of files", "select * from files", `select * from read_csv('x/*.csv') as "files"`, []string{"source.shop.raw.files"}},
		{"the latest version", "select * from dim", `select * from "warehouse"."main"."dim_v2" as "dim"`, []string{"model.shop.dim.v2"}},
		{"one version", "select * from dim_v1", `select * from "warehouse"."main"."dim_v1"`, []string{"model.shop.dim.v1"}},
		{"its own name", "select * from reader", "select * from reader", nil},
		{"a disabled model", "select * from off", "select * from off", nil},
		{"nothing of the project", "select * from elsewhere join base_only", `select * from elsewhere join "warehouse"."main"."base_only"`, []string{"model.shop.base_only"}},
		{"a query that does not parse", "syntax error from base_only", "syntax error from base_only", []string{"model.shop.base_only"}},
		{"ref and plain name of one model", "select * from base_only join {{ ref('base_only') }} as b", `select * from "warehouse"."main"."base_only" join "warehouse"."main"."base_only" as b`, []string{"model.shop.base_only"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			plan := parse(t, sqlFirst(files(append([]string{"models/reader.sql", test.sql}, others...)...)))
			reader := plan.Nodes["model.shop.reader"]
			if diags := plan.Compile(context.Background(), nil, []string{reader.UniqueID}); len(diags) > 0 {
				t.Fatal(diags)
			}
			if diff := cmp.Diff(test.want, reader.Compiled.SQL); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(test.reads, reader.DependsOn); diff != "" {
				t.Errorf("depends on (-want +got)\n%s", diff)
			}
		})
	}
}

func TestPlainNamesKeepPlaces(t *testing.T) {
	t.Parallel()
	plan := parse(t, sqlFirst(files(
		"models/base.sql", "select 1 as id",
		"models/middle.sql", "{{ config(materialized='ephemeral', alias='mid') }}\nselect id\nfrom base",
		"models/top.sql", "select {{ 1 }} as one,\n  base.id\nfrom base\njoin middle\n  using (id)",
	)))
	if diags := plan.Compile(context.Background(), nil, plan.Order); len(diags) > 0 {
		t.Fatal(diags)
	}
	want := `  1 ←   with __dbt__cte__mid as (
  3 ← models/middle.sql:2:1  select id
  4 ← models/middle.sql:3:1  from "warehouse"."main"."base"
  5 ← models/middle.sql:1:1  ) select 1 as one,
  6 ← models/top.sql:2:3  base.id
  7 ← models/top.sql:3:1  from "warehouse"."main"."base"
  8 ← models/top.sql:4:1  join __dbt__cte__mid as "middle"
  9 ← models/top.sql:5:3  using (id)
`
	c := plan.Nodes["model.shop.top"].Compiled
	if diff := cmp.Diff(want, lineOrigins(c)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// The name that stands in for "middle", the text behind it, and what a tag printed.
	for text, want := range map[string]string{
		"__dbt__cte__mid as \"middle\"": "models/top.sql:4:6", "\n  using": "models/top.sql:4:12", "1 as one": "models/top.sql:1:11",
	} {
		place, ok := c.Map.Origin(strings.Index(c.SQL, text))
		if !ok || place.String() != want {
			t.Errorf("%q comes from %s, want %s", text, place, want)
		}
	}
}

func TestPlainNameMistakes(t *testing.T) {
	t.Parallel()
	_, err := compiler.Parse(context.Background(), sqlFirst(files(
		"models/orders.sql", "select 1 as id",
		"models/a.sql", "select *\nfrom Orders",
		"models/b.sql", "select * from raw.orders",
		"models/c.sql", "select * from a join c2",
		"models/c2.sql", "select * from c",
		"models/raw.yml", "sources: [{name: raw, tables: [{name: orders}]}]\n",
	)))
	want := `models/a.sql:2:6: error: the table name "Orders" could mean 2 things [ambiguous-name] in model.shop.a
  models/orders.sql:1:1: model "shop.orders"
  models/raw.yml:1:39: source "shop.raw.orders"
  hint: say which with {{ ref('...') }} or {{ source('...', '...') }}
models/c.sql:1:22: error: these models depend on each other [cycle]
  models/c.sql:1:22: c reads c2
  models/c2.sql:1:15: c2 reads c
  hint: take one of these references out
`
	if diff := cmp.Diff(want, describe(diag.From(err, ""))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPlainNameSeenOnlyWhenCompiled(t *testing.T) {
	t.Parallel()
	plan := parse(t, sqlFirst(files(
		"models/base.sql", "select 1 as id",
		"models/late.sql", "select 1\n{% if execute %}union all select id from base{% endif %}",
	)))
	diags := plan.Compile(context.Background(), nil, plan.Order)
	want := `models/late.sql:2:42: error: the graph has no edge to "base": ref('base') is seen only when the query is compiled, not when the project is parsed [unknown-ref] in model.shop.late
  hint: write a comment that is always seen: -- depends_on: {{ ref('base') }}
`
	if diff := cmp.Diff(want, describe(diags)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPlainNamesAreOffWithoutParserAndInDbtProjects(t *testing.T) {
	t.Parallel()
	model := []string{"models/a.sql", "select 1 as id", "models/b.sql", "select * from a"}
	dbt := files(model...)
	delete(dbt, "elt.yml")
	dbt["dbt_project.yml"] = &fstest.MapFile{Data: []byte("name: shop\nprofile: p\n")}
	dbt["profiles.yml"] = &fstest.MapFile{Data: []byte("p: {target: d, outputs: {d: {type: duckdb, path: x.duckdb}}}\n")}
	asked := fstest.MapFS{}
	for name, file := range dbt {
		asked[name] = file
	}
	asked["dbt_project.yml"] = &fstest.MapFile{Data: []byte("name: shop\nprofile: p\nsql_first: true\n")}
	for name, test := range map[string]struct {
		opts compiler.Options
		want int
	}{
		"elt project":                {sqlFirst(files(model...)), 1},
		"elt project without parser": {compiler.Options{FS: files(model...), Root: "/home/you/shop"}, 0},
		"dbt project":                {sqlFirst(dbt), 0},
		"dbt project that asks":      {sqlFirst(asked), 1},
	} {
		if got := parse(t, test.opts).Nodes["model.shop.b"].DependsOn; len(got) != test.want {
			t.Errorf("%s: depends on %v", name, got)
		}
	}
}
