package cases

import (
	"context"
	"path/filepath"

	"elt/bench/internal/peers"
	"elt/bench/internal/process"
	"elt/bench/internal/project"
	"elt/bench/internal/suite"
)

// startup is what a tool needs before it does anything.
func (e *Env) startup() suite.Case {
	return suite.Case{
		Name: "startup", Title: "Start-up",
		About: "Printing the help text, and listing a project of ten models and ten tests: what a tool needs before it does anything. " +
			"SQLMesh has no command that lists; `info --skip-connection` loads the project and counts its models. The floor is DuckDB's shell at `select 1`.",
		Prepare: func(ctx context.Context, dir string) ([]suite.Scenario, error) {
			g := project.Generated{Models: 10, Tests: 10, Seeds: 2, Materialized: "table", Connection: e.connection()}
			t, err := e.assemble(ctx, dir, "generated", e.connection(), g.Files().Write)
			if err != nil {
				return nil, err
			}
			help := []suite.Contender{t.elt("--help"), t.dbt("--help"), t.mesh("--help"), t.bare("")}
			list := []suite.Contender{t.elt("ls"), t.dbt("--quiet", "ls"), t.mesh("info", "--skip-connection"), t.bare("")}
			for _, c := range []*suite.Contender{&help[3], &list[3]} {
				c.Command = process.Command{Args: []string{t.Tools.DuckDB.Path, "-c", "select 1"}, Dir: t.folder(peers.DuckDB)}
			}
			for i := range list {
				list[i].File, help[i].File = "", ""
				if i < 3 {
					list[i].Command.Stdout = filepath.Join(list[i].Command.Dir, "listed")
					list[i].Facts = listed(list[i])
				}
			}
			runs := e.pick(15, 3)
			return []suite.Scenario{
				{Name: "help", Title: "--help", Contenders: help, Runs: runs, Warmup: 1},
				{Name: "list", Title: "list ten models", Contenders: list, Runs: runs, Warmup: 1},
			}, nil
		},
	}
}
