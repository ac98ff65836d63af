package cases

import (
	"context"
	"fmt"
	"slices"

	"elt/bench/internal/project"
	"elt/bench/internal/suite"
)

// growth is the same build ten times.
func (e *Env) growth() suite.Case {
	rows := e.pick(5_000_000, 300_000)
	return suite.Case{
		Name: "growth", Title: "Ten rebuilds: growth of the file",
		About: fmt.Sprintf("A table of %d rows and a small one over it, built once and then ten times again: the size of the database file after each. SQLMesh is told to restate the model, since it would find nothing to do.", rows),
		Prepare: func(ctx context.Context, dir string) ([]suite.Scenario, error) {
			p := project.Growing{Rows: rows, Connection: e.connection()}
			t, err := e.assemble(ctx, dir, "growing", e.connection(), p.Files().Write)
			if err != nil {
				return nil, err
			}
			restate := slices.Concat(planAll(), []string{"--restate-model", "main.large"})
			all := []suite.Contender{t.elt(e.again(ctx)...), t.dbt("build"), t.mesh(restate...), t.bare("build.sql")}
			for i := range all {
				all[i] = t.checked(all[i])
				c := all[i]
				all[i].Reset = func(ctx context.Context, round int) error {
					if round > 0 || c.Command.Stdin != "" {
						return nil
					}
					args := append([]string{c.Command.Args[0]}, "build")
					if c.Tool == t.Tools.SQLMesh.Name {
						args = append([]string{c.Command.Args[0]}, planAll()...)
					}
					return t.quietly(ctx, c.Command.Dir, args...)
				}
			}
			if err := t.shell().Exec(ctx, t.database("duckdb"), t.manifest.Bare(nil)); err != nil {
				return nil, err
			}
			return []suite.Scenario{{Name: "rebuild", Title: "rebuilds", Contenders: all, Runs: 10, Series: true}}, nil
		},
	}
}
