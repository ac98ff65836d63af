package cases

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"elt/bench/internal/project"
	"elt/bench/internal/suite"
)

// jaffle is dbt's own example.
func (e *Env) jaffle() suite.Case {
	return suite.Case{
		Name: "jaffle", Title: "jaffle_shop",
		About: "dbt's example project on DuckDB, from an empty database: 3 seeds, 5 models, 20 tests. dbt keeps its cache of the parsed project between runs, SQLMesh its own.",
		Prepare: func(ctx context.Context, dir string) ([]suite.Scenario, error) {
			from, err := e.fetchJaffle(ctx)
			if err != nil {
				return nil, err
			}
			t, err := e.assemble(ctx, dir, "jaffle_shop", e.connection(), func(to string) error {
				if err := project.Copy(from, to); err != nil {
					return err
				}
				profile := fmt.Sprintf("jaffle_shop:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n      path: jaffle_shop.duckdb\n      threads: %d\n", e.Threads)
				return project.Files{"profiles.yml": profile}.Write(to)
			})
			if err != nil {
				return nil, err
			}
			return []suite.Scenario{{Name: "build", Title: "build", Contenders: t.builders(), Runs: e.pick(11, 3), Warmup: 1}}, nil
		},
	}
}

// fetchJaffle returns the folder of the project: the one given, or a clone of the address
// given, which is kept.
func (e *Env) fetchJaffle(ctx context.Context) (string, error) {
	if _, err := os.Stat(filepath.Join(e.Jaffle, "dbt_project.yml")); err == nil {
		return e.Jaffle, nil
	}
	kept := filepath.Join(e.Data, "jaffle_shop_duckdb")
	if _, err := os.Stat(filepath.Join(kept, "dbt_project.yml")); err == nil {
		return kept, nil
	}
	e.Log("cloning %s", e.Jaffle)
	cmd := exec.CommandContext(ctx, "git", "clone", "--quiet", "--depth=1", e.Jaffle, kept)
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0")
	if err := cmd.Run(); err != nil {
		return "", &suite.Missing{What: fmt.Sprintf("%s cannot be cloned (%v); --jaffle names a folder or another address", e.Jaffle, err)}
	}
	return kept, nil
}
