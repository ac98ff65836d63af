package runner_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"elt/compiler"
	"elt/runner"
)

// unitProject is a project of so many models with a unit test each, of which some fail.
func unitProject(t testing.TB, models int) *compiler.Plan {
	t.Helper()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	files := fstest.MapFS{
		"elt.yml":           file("name: shop\n"),
		"models/orders.sql": file("select 1 as id, 'a' as name, 1.5::decimal(10, 2) as amount, date '2024-01-01' as day, 5 as c1, 6 as c2, 'x' as c3"),
		"models/days.sql":   file("select * from {{ ref('orders') }}"),
	}
	tests := &strings.Builder{}
	tests.WriteString("unit_tests:\n")
	for i := range models {
		files[fmt.Sprintf("models/m%d.sql", i)] = file(`with o as (select * from {{ ref('orders') }} where amount > 10), d as (select * from {{ ref('days') }})
select o.id, o.name, sum(o.amount) as total, max(d.day) as last_day from o left join d using (id) group by all`)
		fmt.Fprintf(tests, `  - name: t%d
    model: m%d
    given:
      - input: ref('orders')
        rows: [{id: 1, name: a, amount: 20}, {id: 1, name: a, amount: 30}, {id: 2, name: b, amount: 5}]
      - input: ref('days')
        rows: [{id: 1, day: 2024-02-03}]
    expect:
      rows: [{id: 1, name: a, total: %d, last_day: 2024-02-03}]
`, i, i, 50+i%10/9)
	}
	files["models/tests.yml"] = file(tests.String())
	plan, err := compiler.Parse(context.Background(), compiler.Options{FS: files, Root: t.TempDir(), Command: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// BenchmarkUnitTests runs 200 unit tests; half a second is the limit.
func BenchmarkUnitTests(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		plan := unitProject(b, 200)
		b.StartTimer()
		summary, err := runner.Run(context.Background(), plan, runner.Options{Command: "test"}, nil)
		if err != nil {
			b.Fatal(err)
		}
		if summary.Counts[runner.Pass] != 180 || summary.Counts[runner.Failed] != 20 {
			b.Fatal(summary.Counts)
		}
	}
}
