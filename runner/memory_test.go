package runner_test

import (
	"context"
	"os"
	"testing"

	"elt/compiler/project"
	"elt/runner"
)

// buildWith builds under settings of the target.
func (w *warehouse) buildWith(settings ...project.Setting) *runner.Summary {
	w.t.Helper()
	plan := w.plan()
	plan.Project.Target.Settings = settings
	opts := w.opts
	opts.Command, opts.Compiler = "build", runner.Precompiled()
	summary, err := runner.Run(context.Background(), plan, opts, &recorder{})
	if err != nil {
		w.t.Fatalf("build: %v", err)
	}
	return summary
}

func TestSpill(t *testing.T) {
	if testing.Short() {
		t.Skip("sorts a quarter of a gigabyte")
	}
	limit := project.Setting{Name: "memory_limit", Value: "200MB"}
	model := func(w *warehouse) {
		w.table("sorted", "select i, md5(i::varchar) as h from range(3000000) t(i) order by h")
		w.check("complete", "select count(*) as n from {sorted} having n <> 3000000")
	}

	t.Run("more than the limit goes to disk beside the database, and leaves nothing there", func(t *testing.T) {
		w := newWarehouse(t)
		model(w)
		equal(t, "statuses", statuses(w.buildWith(limit)), `
		sorted success published
		complete pass`)
		equal(t, "order kept", w.rows(`select count(*) from (select h < lag(h) over (order by rowid) as less from sorted) where less`), "0")
		if _, err := os.Stat(w.path + ".tmp"); !os.IsNotExist(err) {
			t.Errorf("the folder for what does not fit into memory is still there: %v", err)
		}
	})

	t.Run("without room on disk the same model fails, and nothing is published", func(t *testing.T) {
		w := newWarehouse(t)
		model(w)
		equal(t, "statuses", statuses(w.buildWith(limit, project.Setting{Name: "max_temp_directory_size", Value: "1MB"})), `
		sorted error
		complete skipped for sorted`)
		equal(t, "relations", w.rows(`select count(*) from duckdb_tables() where table_name = 'sorted'`), "0")
	})
}
