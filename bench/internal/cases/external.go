package cases

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"elt/bench/internal/content"
	"elt/bench/internal/peers"
	"elt/bench/internal/project"
	"elt/bench/internal/suite"
)

// external is the writing of large Parquet files.
func (e *Env) external() suite.Case {
	return suite.Case{
		Name: "external", Title: "External Parquet",
		About: "One `external` model of dbt-duckdb's kind: reads a Parquet file and writes another. SQLMesh has no model that writes files. The floor is COPY. Before elt shows the file it has it written through to the disk (fsync), which the others leave to the system.",
		Prepare: func(ctx context.Context, dir string) ([]suite.Scenario, error) {
			sizes := []int64{1000, 3000} // megabytes
			if e.Quick {
				sizes = []int64{100}
			}
			var scenarios []suite.Scenario
			for _, megabytes := range sizes {
				contenders, err := e.externalOf(ctx, filepath.Join(dir, fmt.Sprint(megabytes)), megabytes)
				if err != nil {
					return nil, err
				}
				scenarios = append(scenarios, suite.Scenario{
					Name: fmt.Sprintf("%dmb", megabytes), Title: fmt.Sprintf("%g GB", float64(megabytes)/1000),
					Contenders: contenders, Runs: e.pick(3, 1), Warmup: 1,
				})
			}
			return scenarios, nil
		},
	}
}

func (e *Env) externalOf(ctx context.Context, dir string, megabytes int64) ([]suite.Contender, error) {
	source := filepath.Join(e.Data, fmt.Sprintf("external-%d.parquet", megabytes))
	if _, err := os.Stat(source); err != nil {
		e.Log("writing %d MB of Parquet to %s", megabytes, source)
		const row = 64 // bytes
		if err := e.shell().Exec(ctx, "", project.ExternalSource(megabytes*1e6/row, source+".making")); err != nil {
			return nil, err
		}
		if err := os.Rename(source+".making", source); err != nil {
			return nil, err
		}
	}
	p := project.External{Source: source, Connection: e.connection()}
	t := &team{Env: e, dir: dir, name: "external"}
	for _, tool := range []string{peers.Elt, peers.DBT, peers.DuckDB} {
		if err := p.Files().Write(t.folder(tool)); err != nil {
			return nil, err
		}
	}
	if err := t.script("build.sql", p.Bare()); err != nil {
		return nil, err
	}
	all := []suite.Contender{t.elt("build"), t.dbt("build"), t.bare("build.sql"), {Tool: peers.SQLMesh, Absent: "has no model that writes files"}}
	for i := range all[:3] {
		out := filepath.Join(all[i].Command.Dir, filepath.FromSlash(project.ExternalFile))
		database := all[i].File
		all[i].File = out
		all[i].Reset = func(context.Context, int) error {
			if err := os.RemoveAll(filepath.Dir(out)); err != nil {
				return err
			}
			if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
				return err
			}
			return dropDatabase(database)
		}
		all[i].Facts = func(ctx context.Context, _ int) (content.Facts, error) {
			return e.shell().Query(ctx, "", project.ExternalFile, "select * from read_parquet('"+out+"')")
		}
	}
	return all, nil
}
