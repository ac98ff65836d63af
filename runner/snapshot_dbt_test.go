package runner_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"elt/compiler"
	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner"
	"elt/runner/engine"
)

// snapshotStep is one step of a history that dbt has been through, see
// testdata/snapshots/record.py.
type snapshotStep struct {
	Now    string
	Source []string // statements that make the source
	Tables map[string]snapshotTable
}

// snapshotTable is a snapshot as dbt has left it.
type snapshotTable struct {
	Columns []string // "id INTEGER"
	Rows    [][]*string
}

// TestSnapshotsAgreeWithDbt goes through the histories that dbt has been through: from
// the start, and on tables that dbt has left after each step. Columns, types, rows and
// hashes are dbt's after every step. So dbt, too, finds tables as it would have left them.
func TestSnapshotsAgreeWithDbt(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/snapshots/dbt.json")
	if err != nil {
		t.Fatal(err)
	}
	var histories [][]snapshotStep
	if err := json.Unmarshal(text, &histories); err != nil {
		t.Fatal(err)
	}
	for number, steps := range histories {
		for taken := range len(steps) {
			t.Run(fmt.Sprintf("history %d taken over from dbt after %d steps", number, taken), func(t *testing.T) {
				t.Parallel()
				w := newWarehouse(t)
				w.exec("create schema raw", "create schema snaps")
				last := taken
				if taken == 0 {
					last = len(steps) - 1
				} else {
					w.exec(restore(steps[taken-1].Tables)...)
				}
				for at := taken; at <= last; at++ {
					w.exec(steps[at].Source...)
					snapshotFolder(t, w, steps[at].Now)
					if diff := cmp.Diff(steps[at].Tables, w.snapshots(steps[at].Tables)); diff != "" {
						t.Fatalf("after step %d (-dbt +elt):\n%s", at, diff)
					}
				}
			})
		}
	}
}

// restore are the statements that make tables as dbt has left them.
func restore(tables map[string]snapshotTable) []string {
	var out []string
	for name, table := range tables {
		columns := make([]string, len(table.Columns))
		for i, c := range table.Columns {
			column, kind, _ := strings.Cut(c, " ")
			columns[i] = project.QuoteIdent(column) + " " + kind
		}
		out = append(out, fmt.Sprintf("create table %s (%s)", name, strings.Join(columns, ", ")))
		for _, row := range table.Rows {
			cells := make([]string, len(row))
			for i, cell := range row {
				cells[i] = "null"
				if cell != nil {
					cells[i] = project.QuoteString(*cell)
				}
			}
			out = append(out, fmt.Sprintf("insert into %s values (%s)", name, strings.Join(cells, ", ")))
		}
	}
	slices.SortStableFunc(out, func(a, b string) int { return strings.Compare(a[:6], b[:6]) }) // create before insert
	return out
}

// snapshotFolder runs the snapshots of the folder that dbt has run.
func snapshotFolder(t *testing.T, w *warehouse, now string) {
	t.Helper()
	root := t.TempDir() // a run writes to target/
	if err := os.CopyFS(root, os.DirFS("testdata/snapshots/project")); err != nil {
		t.Fatal(err)
	}
	plan, err := compiler.Parse(context.Background(), compiler.Options{
		FS: os.DirFS(root), Root: root, Command: "snapshot", Now: time.Now(),
		Vars: template.NewDict(template.Item{Key: "now", Value: now}),
		Env: func(name string) (string, bool) {
			if name == "DB" {
				return w.path, true
			}
			return "", false
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := runner.Run(context.Background(), plan, runner.Options{Command: "snapshot"}, nil)
	if err != nil || !s.OK() {
		t.Fatalf("%v\n%s", err, statuses(s))
	}
}

// snapshots reads tables as record.py does.
func (w *warehouse) snapshots(names map[string]snapshotTable) map[string]snapshotTable {
	w.t.Helper()
	out := map[string]snapshotTable{}
	w.open(func(s engine.Session) {
		query := func(sql string) *engine.Table {
			table, err := s.Query(context.Background(), sql)
			if err != nil {
				w.t.Fatal(err)
			}
			return table
		}
		for name := range names {
			var table snapshotTable
			var items []string
			for _, row := range query("describe " + name).Rows {
				table.Columns = append(table.Columns, fmt.Sprintf("%s %s", row[0], row[1]))
				items = append(items, fmt.Sprintf("cast(%s as varchar)", project.QuoteIdent(row[0].(string))))
			}
			for _, row := range query("select " + strings.Join(items, ", ") + " from " + name + " order by all").Rows {
				cells := make([]*string, len(row))
				for i, cell := range row {
					if text, ok := cell.(string); ok {
						cells[i] = &text
					}
				}
				table.Rows = append(table.Rows, cells)
			}
			out[name] = table
		}
	})
	return out
}
