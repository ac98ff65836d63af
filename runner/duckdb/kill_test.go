//go:build unix

package duckdb

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

var kills = flag.Int("kills", 20, "times TestKilledWhileItCheckpoints kills a process")

// TestKilledWhileItCheckpoints kills a process that does little else, again and again.
func TestKilledWhileItCheckpoints(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "w.duckdb")
	ctx := context.Background()
	mended := 0
	for range *kills {
		cmd, _, lines := startChild(t, "checkpoint", path)
		if !lines.Scan() {
			t.Fatal("the process ended by itself")
		}
		timer := time.AfterFunc(time.Duration(rand.Int64N(int64(20*time.Millisecond))), func() { _ = cmd.Process.Kill() })
		seen := lines.Text()
		for lines.Scan() {
			seen = lines.Text()
		}
		timer.Stop()
		_ = cmd.Wait()
		if _, err := os.Stat(path + ".journal"); err == nil {
			mended++
		}
		db, err := Open(ctx, Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		s := session(t, db)
		least, _ := strconv.ParseInt(seen, 10, 64)
		for i := range checkpointTables {
			rows := query(t, s, fmt.Sprintf("SELECT min(batch), max(batch), sum(i), (SELECT max(batch) FROM t0) FROM t%d", i)).Rows[0]
			first := rows[3].(int64)
			if rows[0] != first || rows[1] != first || fmt.Sprint(rows[2]) != "1999000" || first < least {
				t.Fatalf("table t%d after batch %s was said to be done: %v", i, seen, rows)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d kills hit a checkpoint", mended, *kills)
}
