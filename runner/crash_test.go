//go:build unix

package runner_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"elt/compiler/project"
	"elt/runner"
)

var soak = flag.Int("soak", 50, "builds that TestKillAnywhere kills")

// The environment of the process that TestKillAnywhere kills.
const (
	crashDir     = "ELT_TEST_CRASH_DIR"
	crashBatch   = "ELT_TEST_CRASH_BATCH"
	crashPoint   = "ELT_TEST_CRASH_POINT" // "name#n": kill at the nth time the point is reached
	crashFull    = "ELT_TEST_CRASH_FULL"  // the point from which on no file may grow
	crashOther   = "ELT_TEST_CRASH_OTHER" // the project of TestKillBetweenDatabases
	crashFiles   = "ELT_TEST_CRASH_FILES" // with external models; "grow": that grow; "compact": which are compacted
	crashClose   = "ELT_TEST_CRASH_CLOSE" // the project of TestLogThatCannotBeWrittenOnClosing
	crashReplica = "ELT_TEST_CRASH_REPLICA"
)

// TestKillAnywhere builds in a process of its own, kills that with SIGKILL at every
// named point of the protocol that the project comes to and then at random points and moments,
// and looks at what is left: the file opens, all published relations agree on one build, the
// next build brings everything up to date, and nothing hidden outlives it.
func TestKillAnywhere(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	dir := filepath.Dir(w.path)
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	defineCrash(w, dir, 0)
	w.build()
	points := reachedPoints(w)
	typical := timeBuild(t, dir, 0)
	kills := *soak
	if testing.Short() {
		kills = min(kills, len(points))
	}
	builds, killed, within, at := 0, 0, 0, map[string]int{}
	for batch := 1; killed < kills; batch++ {
		point, after := "", time.Duration(0)
		if builds < len(points) {
			point = points[builds]
		} else if random.IntN(2) == 0 {
			point = points[random.IntN(len(points))]
		} else {
			after = time.Duration(random.Int64N(int64(typical)))
		}
		builds++
		started := time.Now()
		hit := runAndKill(t, dir, batch, point, after)
		switch { // how fast the machine is changes meanwhile
		case after > 0 && hit:
			typical += typical / 20
		case after > 0:
			typical = time.Since(started)
		}
		if hit {
			killed++
			name, _, _ := strings.Cut(point, "#")
			at[cmp.Or(name, "a random moment")]++
			if _, err := os.Stat(w.path + ".journal"); err == nil {
				within++
			}
		}
		what := fmt.Sprintf("after build %d (%s %v)", builds, point, after)
		defineCrash(w, dir, batch)
		checkAgreement(t, w, what, batch)
		if builds >= 10*kills && killed < builds/10 {
			t.Errorf("only %d of %d builds were killed", killed, builds)
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d of %d builds were killed, %d of them within a checkpoint: %v", killed, builds, within, at)
}

// reachedPoints builds what is defined once more, and lists each time that the build has come to
// a point, as "name#n", every point's first time first.
func reachedPoints(w *warehouse) []string {
	w.t.Helper()
	var mu sync.Mutex
	var first, further []string
	times := map[string]int{}
	w.opts.Point = func(name string) {
		mu.Lock()
		defer mu.Unlock()
		times[name]++
		if at := fmt.Sprintf("%s#%d", name, times[name]); times[name] == 1 {
			first = append(first, at)
		} else {
			further = append(further, at)
		}
	}
	w.build()
	w.opts.Point = nil
	return append(first, further...)
}

// checkAgreement looks at the database after a kill, builds, and looks again.
func checkAgreement(t *testing.T, w *warehouse, what string, batch int) {
	t.Helper()
	want := strconv.Itoa(batch)
	seen := w.rows(agreement)
	if seen != want && seen != strconv.Itoa(batch-1) {
		t.Errorf("%s the relations show the builds %q, want all %d or all %d", what, seen, batch-1, batch)
		return
	}
	s, err := w.run("build")
	if err != nil || !s.OK() {
		t.Errorf("%s the next build: %v\n%s", what, err, statuses(s))
		return
	}
	equal(t, what+" and another build, builds shown", w.rows(agreement), want)
	equal(t, what+" and another build, rows", w.rows("select count(*), sum(v) from inc"), fmt.Sprintf("5|%d", 5*batch))
	equal(t, what+" and another build, rows of batches", w.rows("select count(*), count(distinct ts) from mb"), "6|6")
	equal(t, what+" and another build, intervals", w.rows("select count(*) = count(distinct begins_at), bool_and(status = 'done') from _elt.intervals"), "true|true")
	equal(t, what+" and another build, versions in the snapshot",
		w.rows("select count(*), count(distinct v), count(*) filter (dbt_valid_to is null), max(v) from snap"),
		fmt.Sprintf("%d|%d|1|%d", batch+1, batch+1, batch))
	equal(t, what+" and another build, leftovers", w.leftovers(), "")
}

// agreement lists the builds that the published relations come from.
const agreement = `select string_agg(distinct batch, ' ') from (
	select batch from raw union all select batch from stg union all select batch from v
	union all select batch from mart union all select v from inc union all select batch from s
	union all select batch from mb union all select v from snap where dbt_valid_to is null)`

// defineCrash is the project that is killed: tables, views, an incremental model, a
// seed and tests, all of one build.
func defineCrash(w *warehouse, dir string, batch int) {
	w.table("raw", fmt.Sprintf("select %d as batch, i from range(20000) t(i)", batch))
	w.table("stg", "select batch, count(*) as n from {raw} group by 1")
	w.view("v", "select batch from {stg}")
	w.table("mart", "select max(batch) as batch from {v}")
	w.incremental("inc", "select i as k, batch as v from {mart}, range(5) t(i)", "unique_key", "k", "incremental_strategy", "delete+insert")
	w.incremental("mb", "select make_timestamp(2020 + i, 1, 1, 0, 0, 0) as ts, batch from {mart}, range(6) t(i)", "incremental_strategy", "microbatch",
		"event_time", "ts", "begin", "2020-01-01", "batch_size", "year", "lookback", int64(1000))
	w.snapshot("snap", "select 1 as k, batch as v from {mart}", "strategy", "check", "unique_key", "k", "check_cols", "all")
	seed := w.add(project.Seed, "s", "")
	seed.OriginalPath, seed.Compiled = "s.csv", nil
	if err := os.WriteFile(filepath.Join(dir, "s.csv"), fmt.Appendf(nil, "batch\n%d\n", batch), 0o644); err != nil {
		w.t.Fatal(err)
	}
	w.check("agree", "select * from {mart} m, {v} v where m.batch <> v.batch")
	w.check("keys", "select k from {inc} group by k having count(*) > 1")
}

// timeBuild is how long an undisturbed build takes, with its process.
func timeBuild(t *testing.T, dir string, batch int) time.Duration {
	t.Helper()
	started := time.Now()
	if runAndKill(t, dir, batch, "", time.Minute) {
		t.Fatal("an undisturbed build was killed")
	}
	return time.Since(started)
}

// runAndKill builds in a process of its own, which kills itself at a point, or is
// killed after a while. It reports whether the process was killed. more are further
// variables of its environment.
func runAndKill(t *testing.T, dir string, batch int, point string, after time.Duration, more ...string) bool {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashingProcess$")
	cmd.Env = append(os.Environ(), crashDir+"="+dir, crashBatch+"="+strconv.Itoa(batch), crashPoint+"="+point)
	cmd.Env = append(cmd.Env, more...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if point == "" {
		timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled() {
		return true
	}
	if err != nil {
		t.Fatalf("build %d: %v\n%s", batch, err, out.String())
	}
	return false
}

// TestCrashingProcess is no test: it is the process that the other tests kill.
func TestCrashingProcess(t *testing.T) {
	dir := os.Getenv(crashDir)
	if dir == "" {
		t.Skip("only run by TestKillAnywhere")
	}
	batch, err := strconv.Atoi(os.Getenv(crashBatch))
	if err != nil {
		t.Fatal(err)
	}
	name, count, _ := strings.Cut(os.Getenv(crashPoint), "#")
	nth, _ := strconv.Atoi(count)
	w := &warehouse{t: t, path: filepath.Join(dir, "w.duckdb"), nodes: map[string]*project.Node{}}
	switch {
	case os.Getenv(crashOther) != "":
		defineAttachedCrash(w, batch)
	case os.Getenv(crashFiles) == "grow", os.Getenv(crashFiles) == "compact":
		defineGrowingCrash(w, batch)
	case os.Getenv(crashFiles) != "":
		defineExternalCrash(w, batch)
	case os.Getenv(crashClose) != "":
		defineClosing(w)
		w.replica = os.Getenv(crashReplica)
	default:
		defineCrash(w, dir, batch)
	}
	full := os.Getenv(crashFull)
	var reached atomic.Int32
	w.opts.Point = func(point string) {
		if point == full && full != "" {
			forbidGrowth(t)
		}
		if point == name && int(reached.Add(1)) == nth {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // the signal is on its way
		}
	}
	if os.Getenv(crashFiles) == "compact" {
		if _, err := runner.Compact(context.Background(), w.plan(), runner.CompactOptions{UpTo: 1e6, Compiler: runner.Precompiled(), Point: w.opts.Point}); err != nil {
			t.Fatal(err)
		}
		return
	}
	seen := &recorder{}
	s, err := w.runAs(context.Background(), "build", seen)
	if os.Getenv(crashClose) != "" {
		checkUnwritten(t, s, err, seen, w.replica)
		return
	}
	if full != "" {
		checkBrokenPublish(t, s, err)
		return
	}
	if err != nil || !s.OK() {
		t.Fatalf("%v\n%s", err, statuses(s))
	}
}

// buildElsewhere builds the project of TestKillAnywhere on a warehouse's database in a
// process of its own and returns what that said.
func buildElsewhere(t *testing.T, w *warehouse) (string, error) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashingProcess$")
	cmd.Env = append(os.Environ(), crashDir+"="+filepath.Dir(w.path), crashBatch+"=1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
