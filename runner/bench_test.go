package runner_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"elt/runner"
	"elt/runner/duckdb"
)

// BenchmarkTinyNodes builds many tiny tables and compares with the same statements on
// bare DuckDB: ms/node is what the protocol costs a node.
func BenchmarkTinyNodes(b *testing.B) {
	for _, workers := range []int{1, 2, 4, 8} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			const nodes = 500
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				w := tinyProject(b, nodes)
				w.opts.Threads = workers
				b.StartTimer()
				started := time.Now()
				w.build()
				b.ReportMetric(float64(time.Since(started).Microseconds())/1000/nodes, "ms/node")
			}
		})
	}
	b.Run("bare", func(b *testing.B) {
		const nodes = 500
		for b.Loop() {
			b.StopTimer()
			w := tinyProject(b, nodes)
			b.StartTimer()
			started := time.Now()
			bare(b, w)
			b.ReportMetric(float64(time.Since(started).Microseconds())/1000/nodes, "ms/node")
		}
	})
}

func tinyProject(b *testing.B, nodes int) *warehouse {
	w := newWarehouse(b)
	for i := range nodes {
		from := "range(100) t(i)"
		if i >= 10 {
			from = fmt.Sprintf("{t%d}", i-10)
		}
		w.table(fmt.Sprintf("t%d", i), "select i from "+from)
	}
	return w
}

// bare runs the project's queries as a person would.
func bare(b *testing.B, w *warehouse) {
	db, err := duckdb.Open(context.Background(), duckdb.Options{Path: w.path})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	s, err := db.Session(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	for _, id := range w.order {
		n := w.nodes[id]
		if _, err := s.Exec(context.Background(), fmt.Sprintf("create or replace table %s as %s", n.Relation, n.Compiled.SQL)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPublish500 measures the transaction that swaps 500 changed tables, beside the
// run around it: half a second is the limit.
func BenchmarkPublish500(b *testing.B) {
	b.ReportAllocs()
	w := tinyProject(b, 500)
	w.build()
	for b.Loop() {
		obs := &recorder{}
		if _, err := w.runAs(context.Background(), "build", obs); err != nil {
			b.Fatal(err)
		}
		for _, e := range obs.events {
			if p, ok := e.(runner.Published); ok {
				b.ReportMetric(float64(p.Elapsed.Milliseconds()), "ms/publish")
			}
		}
	}
}
