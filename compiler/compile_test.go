package compiler_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"elt/compiler"
	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// files makes a project in memory of paths and texts.
func files(pairs ...string) fstest.MapFS {
	out := fstest.MapFS{"elt.yml": &fstest.MapFile{Data: []byte("name: shop\n")}}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return out
}

func parse(t *testing.T, opts compiler.Options) *compiler.Plan {
	t.Helper()
	plan, err := compiler.Parse(context.Background(), opts)
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return plan
}

// published answers for a database in which some relations exist. What a query reads
// that is not there yet can only be answered later.
type published struct {
	mu        sync.Mutex
	relations map[string]string // identifier → type
	rows      map[string]int64  // identifier → count(*)
	failing   error
	asked     []string
}

func (p *published) Relation(_ context.Context, rel project.Relation) (project.Relation, bool, error) {
	kind, ok := p.relations[rel.Identifier]
	rel.Type = kind
	return rel, ok, p.failing
}

func (p *published) Relations(context.Context, string, string) ([]project.Relation, error) {
	return nil, p.failing
}

func (p *published) Columns(context.Context, project.Relation) ([]dbtcontext.Column, error) {
	return nil, p.failing
}

func (p *published) Query(_ context.Context, sql string) (*dbtcontext.Table, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, sql)
	for name, count := range p.rows {
		if strings.Contains(sql, `"`+name+`"`) {
			return &dbtcontext.Table{Columns: []dbtcontext.Column{{Name: "n", Type: "BIGINT"}}, Rows: [][]template.Value{{count}}}, nil
		}
	}
	return nil, dbtcontext.ErrDeferred
}

const countsParent = `{% set found = run_query("select count(*) as n from " ~ ref('parent')) %}
select {{ found.columns[0].values()[0] if found else 'nothing' }} as n`

func TestTemplateThatAsksItsParentWaitsForIt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	plan := parse(t, compiler.Options{FS: files(
		"models/parent.sql", "select 1 as id",
		"models/asks.sql", countsParent,
		"models/between.sql", "{{ config(materialized='ephemeral') }}\n"+countsParent,
		"models/reads_between.sql", "select * from {{ ref('between') }}",
		"models/deeper.sql", "{{ config(materialized='ephemeral') }}\nselect * from {{ ref('between') }}",
		"models/reads_deeper.sql", "select * from {{ ref('deeper') }}",
	), Root: "/home/you/shop"})
	db := &published{}
	if diags := plan.Compile(ctx, db, plan.Order); len(diags) > 0 {
		t.Fatal(diags)
	}
	later := []string{"model.shop.asks", "model.shop.between", "model.shop.deeper", "model.shop.reads_between", "model.shop.reads_deeper"}
	for _, id := range plan.Order {
		c := plan.Nodes[id].Compiled
		if want := slices.Contains(later, id); c.Deferred != want {
			t.Errorf("%s: deferred is %v", id, c.Deferred)
		}
		if c.Deferred && c.SQL != "" {
			t.Errorf("%s has SQL although it is deferred: %s", id, c.SQL)
		}
	}

	db.rows = map[string]int64{"parent": 7} // the parent is built
	for _, id := range []string{"model.shop.asks", "model.shop.reads_deeper"} {
		if err := plan.CompileNode(ctx, db, id); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := plan.Nodes["model.shop.asks"].Compiled.SQL, "\nselect 7 as n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	want := "with __dbt__cte__between as (\n\n\nselect 7 as n\n),  __dbt__cte__deeper as (\n\nselect * from __dbt__cte__between\n) select * from __dbt__cte__deeper"
	if diff := cmp.Diff(want, plan.Nodes["model.shop.reads_deeper"].Compiled.SQL); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWithoutDatabaseQueriesAreEmpty(t *testing.T) {
	t.Parallel()
	plan := parse(t, compiler.Options{FS: files(
		"models/parent.sql", "select 1 as id",
		"models/asks.sql", countsParent+"\n{% if is_incremental() %}never{% endif %}",
	), Root: "/home/you/shop"})
	if diags := plan.Compile(context.Background(), nil, plan.Order); len(diags) > 0 {
		t.Fatal(diags)
	}
	if got, want := plan.Nodes["model.shop.asks"].Compiled.SQL, "\nselect nothing as n\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestIsIncremental(t *testing.T) {
	t.Parallel()
	model := "{{ config(materialized='incremental') }}{{ is_incremental() }}"
	tests := []struct {
		name, model string
		there       string // type of the relation, "" where it does not exist
		fullRefresh bool
		want        string
	}{
		{"table exists", model, "table", false, "True"},
		{"nothing exists", model, "", false, "False"},
		{"a view is in the way", model, "view", false, "False"},
		{"full refresh asked for", model, "table", true, "False"},
		{"the model never refreshes", "{{ config(full_refresh=false) }}" + model, "table", true, "True"},
		{"the model always refreshes", "{{ config(full_refresh=true) }}" + model, "table", false, "False"},
		{"no incremental model", "{{ is_incremental() }}", "table", false, "False"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			plan := parse(t, compiler.Options{FS: files("models/m.sql", test.model), Root: "/home/you/shop", FullRefresh: test.fullRefresh})
			db := &published{relations: map[string]string{}}
			if test.there != "" {
				db.relations["m"] = test.there
			}
			if diags := plan.Compile(context.Background(), db, plan.Order); len(diags) > 0 {
				t.Fatal(diags)
			}
			if got := plan.Nodes["model.shop.m"].Compiled.SQL; got != test.want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestErrorOfTheDatabaseIsNotTakenForAnAnswer(t *testing.T) {
	t.Parallel()
	plan := parse(t, compiler.Options{FS: files(
		"models/m.sql", "{{ config(materialized='incremental') }}select 1{% if is_incremental() %} where false{% endif %}",
	), Root: "/home/you/shop"})
	broken := errors.New("the disk is on fire")
	err := plan.CompileNode(context.Background(), &published{failing: broken}, "model.shop.m")
	if !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	if plan.Nodes["model.shop.m"].Compiled != nil {
		t.Error("a node that failed has compiled SQL")
	}
	if err := plan.CompileNode(context.Background(), &published{failing: dbtcontext.ErrDeferred}, "model.shop.m"); err != nil {
		t.Fatal(err)
	}
	if !plan.Nodes["model.shop.m"].Compiled.Deferred {
		t.Error("an answer that has to wait does not defer the node")
	}
}

func TestManyReadersOfOneDeferredEphemeralModel(t *testing.T) {
	t.Parallel()
	pairs := []string{
		"models/parent.sql", "select 1 as id",
		"models/between.sql", "{{ config(materialized='ephemeral') }}\n" + countsParent,
	}
	for i := range 40 {
		pairs = append(pairs, fmt.Sprintf("models/r%d.sql", i), "select * from {{ ref('between') }} -- {{ graph.nodes | length }}")
	}
	plan := parse(t, compiler.Options{FS: files(pairs...), Root: "/home/you/shop"})
	db := &published{}
	if diags := plan.Compile(context.Background(), db, plan.Order); len(diags) > 0 {
		t.Fatal(diags)
	}
	db.rows = map[string]int64{"parent": 3}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if err := plan.CompileNode(context.Background(), db, fmt.Sprintf("model.shop.r%d", i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range 40 {
		c := plan.Nodes[fmt.Sprintf("model.shop.r%d", i)].Compiled
		if !strings.Contains(c.SQL, "select 3 as n") || !strings.Contains(c.SQL, "-- 42") {
			t.Fatalf("r%d: %s", i, c.SQL)
		}
	}
}

func TestInline(t *testing.T) {
	t.Parallel()
	plan := parse(t, compiler.Options{FS: files(
		"models/base.sql", "{{ config(materialized='ephemeral') }}\nselect 1 as id",
		"models/top.sql", "select * from {{ ref('base') }}",
	), Root: "/home/you/shop"})
	ctx := context.Background()
	got, err := plan.CompileInline(ctx, nil, "select * from {{ ref('top') }} join {{ ref('base') }} using (id)")
	if err != nil {
		t.Fatal(err)
	}
	want := "with __dbt__cte__base as (\n\nselect 1 as id\n) select * from \"warehouse\".\"main\".\"top\" join __dbt__cte__base using (id)"
	if got.SQL != want {
		t.Errorf("got %s", got.SQL)
	}
	_, err = plan.CompileInline(ctx, nil, "select 1\nfrom {{ ref('tip') }}")
	if d := diag.From(err, ""); len(d) != 1 || d[0].Place.String() != "<inline>:2:9" || d[0].Hint != `did you mean "top"?` {
		t.Errorf("got %v", err)
	}
	if _, err = plan.CompileInline(ctx, nil, "{{ 1 +"); err == nil {
		t.Error("a broken template compiles")
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	opts := compiler.Options{FS: files("models/m.sql", "select 1"), Root: "/home/you/shop"}
	plan := parse(t, opts)
	cancel()
	if _, err := compiler.Parse(ctx, opts); !errors.Is(err, context.Canceled) {
		t.Errorf("parse: %v", err)
	}
	if diags := plan.Compile(ctx, nil, plan.Order); !errors.Is(diags, context.Canceled) {
		t.Errorf("compile: %v", diags)
	}
}

func TestSameInputSameOutput(t *testing.T) {
	t.Parallel()
	pairs := []string{"models/all.yml", "models:\n"}
	for i := range 60 {
		text := fmt.Sprintf("select * from {{ ref('m%d') }} join {{ ref('m%d') }} using (id)", i/2, i/3)
		if i < 4 {
			text = "{{ config(materialized='ephemeral') }} select 1 as id"
		}
		pairs = append(pairs, fmt.Sprintf("models/d%d/m%d.sql", i%5, i), text)
		pairs[1] += fmt.Sprintf("  - {name: m%d, columns: [{name: id, data_tests: [unique, not_null]}]}\n", i)
	}
	run := func() string {
		plan := parse(t, compiler.Options{FS: files(pairs...), Root: "/home/you/shop"})
		diags := plan.Compile(context.Background(), nil, plan.Order)
		var b strings.Builder
		b.WriteString(listNodes(plan) + describe(plan.Diagnostics) + describe(diags))
		for _, id := range plan.Order {
			b.WriteString(plan.Nodes[id].Compiled.SQL + "\n")
		}
		return b.String()
	}
	first := run()
	for range 5 {
		if diff := cmp.Diff(first, run()); diff != "" {
			t.Fatal(diff)
		}
	}
}
