package runner_test

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"elt/runner/duckdb"
	"elt/runner/engine"
)

// How long TestReaderSeesYesterdayOrToday reads: during some builds, and until it has looked some thousand times,
// but on a machine that is too busy for that not for ever.
var readerBuilds = flag.Int("reader-builds", 12, "builds during which TestReaderSeesYesterdayOrToday reads at least")

const (
	readerLooks = 2000
	readerMost  = 150 // builds
)

// TestReaderSeesYesterdayOrToday reads all published tables in a loop while builds go
// on, one transaction a look. Every table holds the number of the build that made it,
// so a look that finds two numbers has seen a mixture.
//
// DuckDB lets only the process that writes a file have it open, so the reader is a
// second connection of this process: opening the file again in one process shares the
// database, with transactions of its own.
func TestReaderSeesYesterdayOrToday(t *testing.T) {
	w := newWarehouse(t)
	tables := []string{"raw", "stg", "view_of_raw", "mart", "view_of_mart", "inc"}
	define := func(batch int) {
		w.table("raw", fmt.Sprintf("select %d as batch, i from range(2000) t(i)", batch))
		w.table("stg", "select batch, i from {raw}")
		w.view("view_of_raw", "select batch from {raw} limit 1")
		w.table("mart", "select max(batch) as batch from {stg}")
		w.view("view_of_mart", "select batch from {mart}")
		w.incremental("inc", "select 1 as k, batch from {mart}", "unique_key", "k", "incremental_strategy", "delete+insert")
		w.check("agree", "select * from {mart} m, {view_of_raw} r where m.batch <> r.batch")
	}
	define(0)
	w.build()
	db, err := duckdb.Open(context.Background(), duckdb.Options{Path: w.path})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := db.Session(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var looks, changes atomic.Int64
	done := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() { lookUntil(t, done, s, tables, &looks, &changes) })
	for batch := 1; batch <= *readerBuilds || !testing.Short() && looks.Load() < readerLooks && batch <= readerMost; batch++ {
		define(batch)
		if s, err := w.run("build"); err != nil || !s.OK() {
			t.Errorf("build %d: %v\n%s", batch, err, statuses(s))
		}
	}
	close(done)
	reader.Wait()
	t.Logf("%d looks, %d states seen", looks.Load(), changes.Load())
	if looks.Load() < 10 || changes.Load() < 2 {
		t.Errorf("the reader saw too little: %d looks, %d states", looks.Load(), changes.Load())
	}
}

// lookUntil looks again and again, and counts its looks and the states it has seen.
func lookUntil(t *testing.T, done chan struct{}, s engine.Session, tables []string, looks, changes *atomic.Int64) {
	for last := ""; ; looks.Add(1) {
		select {
		case <-done:
			return
		default:
		}
		seen, err := look(s, tables)
		if err != nil || len(seen) != 1 {
			t.Errorf("look %d sees %v, want one build only: %v", looks.Load(), seen, err)
			return
		}
		if seen[0] != last {
			last = seen[0]
			changes.Add(1)
		}
	}
}

// look returns the distinct batch numbers that one transaction sees.
func look(s engine.Session, tables []string) ([]string, error) {
	ctx := context.Background()
	if _, err := s.Exec(ctx, "begin transaction"); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var found []string
	var failed error
	for _, name := range tables { // one statement a table, so that a mixture could be seen
		t, err := s.Query(ctx, "select distinct batch from "+name)
		if err != nil {
			failed = fmt.Errorf("%s: %w", name, err)
			break
		}
		for i := range t.Rows {
			if b := t.Text(i, 0); !seen[b] {
				seen[b] = true
				found = append(found, b)
			}
		}
	}
	if _, err := s.Exec(ctx, "rollback"); err != nil && failed == nil {
		failed = err
	}
	return found, failed
}
