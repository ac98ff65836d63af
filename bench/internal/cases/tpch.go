package cases

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"elt/bench/internal/project"
	"elt/bench/internal/suite"
)

// tpch is TPC-H as marts.
func (e *Env) tpch() suite.Case {
	return suite.Case{
		Name: "tpch", Title: "TPC-H as marts",
		About: "The 22 queries of TPC-H, each as a table with a not_null test, over Parquet files, from an empty database. Here a tool is as good as it keeps out of DuckDB's way.",
		Prepare: func(ctx context.Context, dir string) ([]suite.Scenario, error) {
			var scenarios []suite.Scenario
			for _, scale := range e.scales() {
				t, err := e.tpchTeam(ctx, filepath.Join(dir, scale), scale, e.connection())
				if err != nil {
					return nil, err
				}
				runs := e.pick(5, 2)
				if scale == "10" {
					runs = 3
				}
				scenarios = append(scenarios, suite.Scenario{Name: "sf" + scale, Title: "scale factor " + scale, Contenders: t.builders(), Runs: runs, Warmup: 1})
			}
			return scenarios, nil
		},
	}
}

func (e *Env) scales() []string {
	if e.Quick {
		return []string{"1"}
	}
	return []string{"1", "10"}
}

// memory is TPC-H with little memory.
func (e *Env) memory() suite.Case {
	scale := e.scales()[len(e.scales())-1]
	return suite.Case{
		Name: "memory", Title: "Memory under a limit of 1 GB",
		About: "TPC-H at scale factor " + scale + " with DuckDB's `memory_limit` at 1 GB in every tool: whether the build ends, and the peak of the whole process.",
		Prepare: func(ctx context.Context, dir string) ([]suite.Scenario, error) {
			c := e.connection()
			c.Settings = map[string]string{"memory_limit": "1GB"}
			t, err := e.tpchTeam(ctx, dir, scale, c)
			if err != nil {
				return nil, err
			}
			return []suite.Scenario{{Name: "sf" + scale, Title: "scale factor " + scale + ", 1 GB", Contenders: t.builders(), Runs: e.pick(3, 1)}}, nil
		},
	}
}

func (e *Env) tpchTeam(ctx context.Context, dir, scale string, c project.Connection) (*team, error) {
	p := project.TPCH{Data: filepath.Join(e.Data, "tpch-sf"+scale), Connection: c}
	e.Log("TPC-H at scale factor %s: data in %s", scale, p.Data)
	if err := e.Tools.TPCH(ctx, scale, p.Data); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(p.Data, "queries.json"))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &p.Queries); err != nil {
		return nil, err
	}
	if missing := p.Missing(); len(missing) > 0 {
		return nil, fmt.Errorf("no queries %v among %v", missing, slices.Sorted(maps.Keys(p.Queries)))
	}
	return e.assemble(ctx, dir, "tpch", c, p.Files().Write)
}
