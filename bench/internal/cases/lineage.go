package cases

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"elt/bench/internal/content"
	"elt/bench/internal/peers"
	"elt/bench/internal/suite"
)

// lineage is the lineage of all columns of the projects of the parse cases.
func (e *Env) lineage() suite.Case {
	return suite.Case{
		Name: "lineage", Title: "Column lineage of large projects",
		About: "The lineage of every column of the same projects, written to one file: `elt lineage`, which renders and binds every model for it. dbt-core knows no columns; SQLMesh traces one column at a time, in its browser interface.",
		Prepare: func(ctx context.Context, dir string) ([]suite.Scenario, error) {
			return e.eachSize(ctx, dir, e.sizes(), func(t *team, s size) []suite.Contender {
				elt := t.elt("lineage")
				elt.Command.Stdout = filepath.Join(elt.Command.Dir, "counted")
				elt.Facts = func(context.Context, int) (content.Facts, error) {
					text, err := os.ReadFile(elt.Command.Stdout)
					if want := fmt.Sprintf("%d columns of %d models", 3*s.models, s.models); err == nil && !strings.Contains(string(text), want) {
						err = fmt.Errorf("got %q, want %q", text, want)
					}
					return content.Facts{"columns": fmt.Sprint(3 * s.models)}, err
				}
				return []suite.Contender{
					elt,
					{Tool: peers.DBT, Absent: "knows no columns"},
					{Tool: peers.SQLMesh, Absent: "has no command that traces every column"},
				}
			})
		},
	}
}
