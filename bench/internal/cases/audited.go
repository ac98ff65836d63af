package cases

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"elt/bench/internal/content"
	"elt/bench/internal/project"
	"elt/bench/internal/suite"
)

// audited is a project whose work is its tests.
func (e *Env) audited() suite.Case {
	const tables = 20
	rows := e.pick(200_000, 20_000)
	return suite.Case{
		Name: "tests", Title: "500 tests on 20 tables",
		About: fmt.Sprintf("%d tables of %d rows with %d tests each (unique, not_null, accepted_values, relationships): built and tested, and tested alone on what is there. In SQLMesh they are audits.", tables, rows, project.TestsOfATable),
		Prepare: func(ctx context.Context, dir string) ([]suite.Scenario, error) {
			p := project.Audited{Tables: tables, Rows: rows, Connection: e.connection()}
			t, err := e.assemble(ctx, dir, "audited", e.connection(), p.Files().Write)
			if err != nil {
				return nil, err
			}
			onlyTests := t.manifest.Bare(func(_ string, n project.Node) bool { return n.Type == "test" })
			if err := t.script("test.sql", onlyTests); err != nil {
				return nil, err
			}
			alone := []suite.Contender{t.elt("test"), t.dbt("test"), t.mesh("audit"), t.bare("test.sql")}
			for i := range alone[:3] {
				alone[i].Facts = counted(alone[i], t.Tools.SQLMesh.Name)
			}
			runs := e.pick(5, 1)
			return []suite.Scenario{
				{Name: "build", Title: "build and test", Contenders: t.builders(), Runs: runs, Warmup: e.pick(1, 0)},
				{Name: "test", Title: "test alone", Contenders: alone, Runs: runs, Warmup: e.pick(1, 0)},
			}, nil
		},
	}
}

var countedAudits = regexp.MustCompile(`Found (\d+) audit\(s\)[\s\S]*Finished with 0 audit errors and 0 audits skipped`)

// counted tells how many tests a tool ran, all of which must have passed.
func counted(c suite.Contender, sqlmesh string) func(context.Context, int) (content.Facts, error) {
	return func(context.Context, int) (content.Facts, error) {
		if c.Tool != sqlmesh {
			found, err := testOutcomes(filepath.Join(c.Command.Dir, "target", "run_results.json"))
			return content.Facts{"tests": found}, err
		}
		log, err := os.ReadFile(filepath.Join(c.Command.Dir, "bench.log"))
		if err != nil {
			return nil, err
		}
		found := countedAudits.FindSubmatch(log)
		if found == nil {
			return nil, fmt.Errorf("no count of audits that passed in bench.log")
		}
		return content.Facts{"tests": fmt.Sprintf(`{"pass":%s}`, found[1])}, nil
	}
}
