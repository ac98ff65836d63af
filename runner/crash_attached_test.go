//go:build unix

package runner_test

import (
	"context"
	"fmt"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"elt/runner"
)

// attachedPoints are the points at which TestKillBetweenDatabases kills.
var attachedPoints = []killPoint{
	{"candidate-created#5", false},
	{"built#1", false},
	{"publish-marked#1", false},
	{"publish-swapped#1", false}, // of the attached database, in its open transaction
	{"publish-indexes#1", false},
	{"publish-begun#1", false},
	{"publish-swapped#2", false}, // of the target's own
	{"publish-recorded#1", false},
	{"own-published#1", true},
	{"publish-views#2", true},
	{"attached-published#1", true},
	{"publish-views#3", true},
	{"attached-published#2", true},
	{"attached-published#3", true},
	{"promise-kept#1", true},
	{"published#1", true},
	{"checkpointed#1", true},
	{"closing#1", true},
	{"closed#1", true},
}

// TestKillBetweenDatabases kills builds that publish in two databases. Each time there is
// yesterday everywhere, or the next process that opens the database for writing finishes
// what was promised; and no row of a bare append is there twice.
func TestKillBetweenDatabases(t *testing.T) {
	t.Parallel()
	killing{
		process: crashOther + "=1", define: defineAttachedCrash, again: 1,
		left: func(w *warehouse, what string, batch int, promised bool) {
			own := batch - 1
			if promised {
				own = batch
			}
			equal(t, what+", the target's own tables", w.rows("select string_agg(distinct batch, ' ') from (select batch from raw union all select batch from mart)"), fmt.Sprint(own))
			checkHonest(t, w, what, batch)
		},
		settled: func(w *warehouse, what string, batch, want int) {
			checkAttached(t, w, what, want)
			if batch == want {
				equal(t, what+", what the history calls published", w.rows(claims), attachedNodes)
			}
		},
	}.at(t, attachedPoints)
}

// TestAttachedDatabaseIsFull lets the commit of an attached database fail after the
// target's own has been committed.
func TestAttachedDatabaseIsFull(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	dir := filepath.Dir(w.path)
	defineAttachedCrash(w, 0)
	w.build()
	if runAndKill(t, dir, 1, "", time.Minute, crashOther+"=1", crashFull+"=own-published") {
		t.Fatal("it was killed")
	}
	equal(t, "the target's own tables", w.rows("select distinct batch from raw"), "1")
	equal(t, "the attached database's tables", w.rows("select distinct batch from o.main.stg"), "0")
	checkHonest(t, w, "after a commit that failed", 1)
	equal(t, "what the history calls published", w.rows(claims), "mart\nraw")
	checkAttached(t, w, "after a commit that failed", 1)
	equal(t, "what the history calls published in the end", w.rows(claims), attachedNodes)
}

// checkHonest looks whether the history claims of the run of a batch what is not so: that it
// came out well before all of it is visible, or that a relation is published that shows an
// earlier build.
func checkHonest(t *testing.T, w *warehouse, what string, batch int) {
	t.Helper()
	if w.rows(attachedAgreement) != fmt.Sprint(batch) {
		equal(t, what+", how the history says the build came out",
			w.rows("select coalesce(outcome, 'open') from _elt.runs order by started_at desc, rowid desc limit 1"), "open")
	}
	shows := map[string]string{"raw": "raw", "stg": "o.main.stg", "cross_view": "o.main.cross_view", "main_view": "main_view", "mart": "mart"}
	for _, name := range strings.Fields(w.rows(claims)) {
		if rel := shows[name]; rel != "" {
			equal(t, what+", what "+name+" shows, which is called published", w.rows("select distinct batch from "+rel), fmt.Sprint(batch))
		}
	}
}

// claims lists what the history calls published of the newest run.
const claims = `select split_part(unique_id, '.', -1) as name from _elt.node_results
	where published and run_id = (select run_id from _elt.runs order by started_at desc, rowid desc limit 1) order by name`

// attachedNodes are the nodes of defineAttachedCrash, sorted.
const attachedNodes = "cross_view\nlog\nmain_view\nmart\nraw\nstg\ntop"

// checkBrokenPublish looks at what a build says whose attached database cannot be
// written any more.
func checkBrokenPublish(t *testing.T, s *runner.Summary, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), `database "o" was not published`) || strings.Contains(err.Error(), "nothing was published") {
		t.Errorf("the error is %v", err)
	}
	if s == nil || s.OK() {
		t.Fatal("the run is said to have gone well")
	}
	for _, r := range s.Results {
		own := r.Node.Relation.Database == "w" && r.Node.Name != "main_view"
		if r.Node.Relation.Identifier != "" && r.Published != own {
			t.Errorf("%s: published is %v", r.Node.Name, r.Published)
		}
	}
}

// checkAttached opens the databases as any command that writes does, builds nothing, and
// looks whether all relations are of one build.
func checkAttached(t *testing.T, w *warehouse, what string, want int) {
	t.Helper()
	if _, err := runner.Clean(context.Background(), w.plan(), runner.CleanOptions{}); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	equal(t, what+", builds shown", w.rows(attachedAgreement), fmt.Sprint(want))
	equal(t, what+", rows appended twice", w.rows("select count(*) - count(distinct id) from o.main.log"), "0")
	equal(t, what+", what is promised", w.rows("select * from _elt.intents"), "")
	equal(t, what+", leftovers", w.leftovers(), "")
	equal(t, what+", the index", w.rows("select count(*) from duckdb_indexes() where database_name = 'o'"), "1")
}

const attachedAgreement = `select string_agg(distinct batch, ' ') from (
	select batch from raw union all select batch from o.main.stg union all select batch from o.main.cross_view
	union all select batch from main_view union all select batch from mart union all select max(batch) from o.main.log)`

// defineAttachedCrash is a project in two databases: a view of each reads the other.
func defineAttachedCrash(w *warehouse, batch int) {
	w.attach = []string{"o"}
	w.table("raw", fmt.Sprintf("select %d as batch, i from range(2000) t(i)", batch))
	w.table("stg", "select batch, i from {raw}")
	w.incremental("log", "select max(batch) as batch, uuid() as id from {stg}", "incremental_strategy", "append")
	w.view("cross_view", "select r.batch from {raw} r, {stg} s where r.i = s.i")
	w.view("main_view", "select distinct batch from {stg}")
	w.table("mart", "select batch from {main_view}")
	w.view("top", "select batch from {main_view} union all select batch from {cross_view}")
	for _, name := range []string{"stg", "log", "cross_view", "top"} {
		w.named(name).Relation.Database = "o"
	}
	for _, name := range []string{"raw", "stg", "log", "cross_view", "main_view", "mart", "top"} {
		node := w.named(name) // the names in its text follow those databases
		for _, of := range []string{"stg", "log", "cross_view", "top"} {
			node.Compiled.SQL = strings.ReplaceAll(node.Compiled.SQL, `"w"."main"."`+of+`"`, `"o"."main"."`+of+`"`)
		}
	}
	hook(w.named("stg"), "create index if not exists stg_i on {this} (i)")
}

// forbidGrowth makes every further write that would lengthen a file fail, as on a full disk.
func forbidGrowth(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 1, Max: 1}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Error(err)
	}
}
