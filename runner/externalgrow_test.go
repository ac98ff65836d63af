package runner_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"elt/runner/duckdb"
)

// TestReadWhileGrowing reads the folder of a growing model, as another program would, again
// and again while builds add to it: each time it holds the rows of the first builds, all
// of them and once. That a folder cannot be read at the moment at which it changes is
// allowed: only Linux lets two folders change places at once.
func TestReadWhileGrowing(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	define := func(batch int) {
		since := ""
		if batch > 0 {
			since = " where batch > (select max(batch) from {this})"
		}
		w.table("raw", fmt.Sprintf("select %d as batch, i from range(2000) t(i)", batch))
		w.external("log", "select batch, i from {raw}"+since, filepath.Dir(w.path)+"/out/log", "", "incremental_strategy", "append")
	}
	define(0)
	w.build()
	var done atomic.Bool
	ended := make(chan error, 1)
	go func() { ended <- readAgain(filepath.Dir(w.path)+"/out/log/*.parquet", &done) }()
	for batch := 1; batch <= 12; batch++ {
		define(batch)
		if s := w.build(); !s.OK() {
			t.Errorf("build %d:\n%s", batch, statuses(s))
		}
	}
	done.Store(true)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	equal(t, "rows", w.rows("select count(*), count(distinct batch), max(batch) from log"), "26000|13|12")
}

// readAgain reads files until done and says what was wrong with what it saw.
func readAgain(glob string, done *atomic.Bool) error {
	db, err := duckdb.Open(context.Background(), duckdb.Options{Path: ":memory:"})
	if err != nil {
		return err
	}
	defer db.Close()
	s, err := db.Session(context.Background())
	if err != nil {
		return err
	}
	for !done.Load() {
		table, err := s.Query(context.Background(), "select count(*), count(distinct batch), max(batch) from read_parquet('"+glob+"')")
		if err != nil {
			continue // it is read again
		}
		rows, batches, last := table.Text(0, 0), table.Text(0, 1), table.Text(0, 2)
		var n int
		if _, err := fmt.Sscan(last, &n); err != nil {
			return err
		}
		if rows != fmt.Sprint(2000*(n+1)) || batches != fmt.Sprint(n+1) {
			return fmt.Errorf("a reader saw %s rows of %s builds up to %s", rows, batches, last)
		}
	}
	return nil
}

// TestForeignFileWhileGrowing lets another program put a file into the folder of a growing model
// while a build adds to it: before the build looks at the folder again, and after that, when the publish is
// decided. The file is never lost; what it holds is refused, now or by the next build.
func TestForeignFileWhileGrowing(t *testing.T) {
	t.Parallel()
	for point, published := range map[string]bool{"built": false, "own-published": true} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			w := newWarehouse(t)
			folder := filepath.Join(filepath.Dir(w.path), "out", "log")
			define := func(batch int) {
				w.external("log", fmt.Sprintf("select %d as batch", batch), folder, "", "incremental_strategy", "append")
			}
			define(0)
			w.build()
			foreign := filepath.Join(folder, "below", "foreign.parquet")
			w.opts.Point = func(name string) {
				if name != point {
					return
				}
				if err := os.MkdirAll(filepath.Dir(foreign), 0o755); err != nil {
					t.Error(err)
				}
				if err := os.WriteFile(foreign, []byte("somebody else's"), 0o644); err != nil {
					t.Error(err)
				}
			}
			define(1)
			s, err := w.run("build")
			if err != nil || s.OK() != published {
				t.Fatalf("the build: %v\n%s", err, statuses(s))
			}
			w.opts.Point = nil
			if text, err := os.ReadFile(foreign); err != nil || string(text) != "somebody else's" {
				t.Errorf("the file holds %q, %v", text, err)
			}
			if s, err = w.run("build"); err == nil && s.OK() {
				t.Error("the next build takes no notice of the file")
			}
			if err := os.RemoveAll(filepath.Dir(foreign)); err != nil {
				t.Fatal(err)
			}
			define(2)
			w.build()
			want := "0 2"
			if published {
				want = "0 1 2"
			}
			equal(t, "rows", w.rows("select string_agg(batch, ' ' order by batch) from log"), want)
		})
	}
}
