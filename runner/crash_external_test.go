//go:build unix

package runner_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner"
)

// externalPoints are the points at which builds of external models are killed.
var externalPoints = []killPoint{
	{"candidate-created#2", false},
	{"candidate-created#3", false},
	{"built#1", false},
	{"publish-begun#1", false},
	{"publish-recorded#1", false},
	{"own-published#1", true},
	{"publish-swapped#2", true}, // the files have moved, their views are not committed
	{"attached-published#1", true},
	{"promise-kept#1", true},
	{"published#1", true},
	{"closed#1", true},
}

// TestKillExternal kills builds of external models. Each time a file, and each folder, is
// wholly of one build; the next process that opens the database for writing finishes what
// was promised; and nothing hidden outlives the next build.
func TestKillExternal(t *testing.T) {
	t.Parallel()
	killing{
		process: crashFiles + "=1", define: defineExternalCrash, again: 1, settled: checkExternal,
		left: func(w *warehouse, what string, batch int, _ bool) {
			for name, query := range externalFiles(filepath.Dir(w.path)) {
				if seen := w.rows(query); seen != fmt.Sprint(batch) && seen != fmt.Sprint(batch-1) {
					t.Errorf("%s: %s shows the builds %q", what, name, seen)
				}
			}
		},
	}.at(t, externalPoints)
}

// externalFiles are queries of the files themselves, as another program would read them.
func externalFiles(dir string) map[string]string {
	return map[string]string{
		"the file":   "select string_agg(distinct batch, ' ') from read_parquet('" + dir + "/out/ext.parquet')",
		"the folder": "select string_agg(distinct batch, ' ') from read_parquet('" + dir + "/out/parts/*/*.parquet')",
	}
}

// checkExternal looks whether files and relations are all of one build, and that no hidden file
// outlives the build after a kill.
func checkExternal(w *warehouse, what string, batch, want int) {
	t := w.t
	t.Helper()
	equal(t, what+", builds shown", w.rows(`select string_agg(distinct batch, ' ') from (select batch from raw
		union all select batch from ext union all select batch from parts union all select batch from over)`), fmt.Sprint(want))
	for name, query := range externalFiles(filepath.Dir(w.path)) {
		equal(t, what+", "+name, w.rows(query), fmt.Sprint(want))
	}
	equal(t, what+", what is promised", w.rows("select * from _elt.intents"), "")
	checkHiddenFiles(w, what, batch, want)
}

// checkHiddenFiles looks whether hidden files are left once a build has come out.
func checkHiddenFiles(w *warehouse, what string, batch, want int) {
	w.t.Helper()
	if hidden, _ := filepath.Glob(filepath.Join(filepath.Dir(w.path), "out", ".*")); batch == want && len(hidden) > 0 {
		w.t.Errorf("%s, %s is left", what, hidden)
	}
}

// defineExternalCrash is a project of a file, a folder and a view over both. The columns
// change from build to build.
func defineExternalCrash(w *warehouse, batch int) {
	out := filepath.Join(filepath.Dir(w.path), "out")
	w.table("raw", fmt.Sprintf("select %d as batch, i from range(2000) t(i)", batch))
	w.external("ext", fmt.Sprintf("select *, 1 as extra_%d from {raw}", batch), out+"/ext.parquet", "")
	w.external("parts", "select batch, i %% 3 as part, i from {raw}", out+"/parts", "part")
	w.view("over", "select ext.batch from {ext} as ext join {parts} as parts using (i)")
}

// external adds an external model.
func (w *warehouse) external(name, sql, location, partition string, config ...any) *project.Node {
	node := w.add(project.Model, name, strings.ReplaceAll(sql, "%%", "%"), append(config, "materialized", "external")...)
	options := template.NewDict()
	if partition != "" {
		_ = options.Set("partition_by", partition)
	}
	node.Compiled.External = &project.ExternalParts{Location: location, Options: options}
	return node
}

// TestKillGrowing kills builds of external models that grow. Whatever a build has added or
// replaced is seen wholly or not at all, and never twice: killed and repeated, each build's
// rows are in the files once.
func TestKillGrowing(t *testing.T) {
	t.Parallel()
	killing{
		process: crashFiles + "=grow", define: defineGrowingCrash, again: 2,
		settled: func(w *warehouse, what string, batch, want int) {
			checkGrown(w, what, want)
			checkHiddenFiles(w, what, batch, want)
		},
		left: func(w *warehouse, what string, batch int, _ bool) {
			for name, seen := range grownFiles(w) {
				if seen != grown(name, batch) && seen != grown(name, batch-1) {
					t.Errorf("%s: %s holds %q", what, name, seen)
				}
			}
		},
	}.at(t, externalPoints)
}

// grownFiles is what the files hold, as another program would read them: build and rows.
func grownFiles(w *warehouse) map[string]string {
	out := filepath.Dir(w.path) + "/out"
	return map[string]string{
		"log":  w.rows("select string_agg(batch || ':' || n, ' ' order by batch) from (select batch, count(*) as n from read_parquet('" + out + "/log/*.parquet') group by all)"),
		"days": w.rows("select string_agg(batch || ':' || n, ' ' order by batch) from (select batch, count(*) as n from read_parquet('" + out + "/days/*/*.parquet') group by all)"),
	}
}

// grown is what the files should hold once a build is published: all rows of the log, and
// of the partitions, of which there are three, the last rows of each.
func grown(name string, batch int) string {
	first, out := 0, []string{}
	if name == "days" {
		first = max(0, batch-2)
	}
	for b := first; b <= batch; b++ {
		out = append(out, fmt.Sprintf("%d:2000", b))
	}
	return strings.Join(out, " ")
}

// checkGrown looks whether files and relations hold what they should after a build.
func checkGrown(w *warehouse, what string, want int) {
	t := w.t
	t.Helper()
	for name, seen := range grownFiles(w) {
		equal(t, what+", the files of "+name, seen, grown(name, want))
		equal(t, what+", "+name, w.rows("select string_agg(batch || ':' || n, ' ' order by batch) from (select batch, count(*) as n from "+name+" group by all)"), grown(name, want))
	}
	equal(t, what+", what is promised", w.rows("select * from _elt.intents"), "")
}

// defineGrowingCrash is a project of a folder to which each build adds a file, and of one in
// which it replaces a partition.
func defineGrowingCrash(w *warehouse, batch int) {
	out := filepath.Join(filepath.Dir(w.path), "out")
	w.table("raw", fmt.Sprintf("select %d as batch, i from range(2000) t(i)", batch))
	since := ""
	if batch > 0 {
		since = " where batch > (select max(batch) from {this})"
	}
	w.external("log", "select batch, i from {raw}"+since, out+"/log", "", "incremental_strategy", "append")
	w.external("days", "select batch, batch %% 3 as part, i from {raw}", out+"/days", "part", "incremental_strategy", "insert_overwrite")
}

// TestKillCompact kills elt compact. The files hold the same rows at any moment, builds go on
// from there, and nothing hidden outlives the next of them.
func TestKillCompact(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	dir := filepath.Dir(w.path)
	defineGrowingCrash(w, 0)
	w.build()
	for i, at := range []string{"opened", "compact-written", "compact-promised", "compacted"} {
		batch := i + 1
		defineGrowingCrash(w, batch)
		w.build()
		what := "after a kill at " + at
		if !runAndKill(t, dir, batch, at+"#1", 0, crashFiles+"=compact") {
			t.Fatalf("%s: it was not killed", what)
		}
		for name, seen := range grownFiles(w) {
			equal(t, what+", the files of "+name, seen, grown(name, batch))
		}
		if _, err := runner.Clean(context.Background(), w.plan(), runner.CleanOptions{}); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		checkGrown(w, what, batch)
		w.build()
		checkGrown(w, what+" and a build", batch)
		checkHiddenFiles(w, what+" and a build", batch, batch)
	}
	equal(t, "files of the log", w.rows("select count(*) from glob('"+dir+"/out/log/*.parquet')"), "1")
}
