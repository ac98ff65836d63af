// Package cases holds what is measured: each file is one subject or two that share
// projects. All returns them in the order of the results.
//
// A case makes its projects below its folder, one for each tool, and says which commands
// do the same work. It measures nothing itself: package suite does.
package cases

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"elt/bench/internal/content"
	"elt/bench/internal/peers"
	"elt/bench/internal/process"
	"elt/bench/internal/project"
	"elt/bench/internal/suite"
)

// Env is what the cases share.
type Env struct {
	Tools      *peers.Set
	Repository string // this repository
	Data       string // folder for data that is kept for the next time
	Work       string // folder of the cases' projects
	Quick      bool   // small sizes and few runs, to see that all works
	Threads    int    // nodes at a time, for those tools that have such a number
	Jaffle     string // folder or git address of jaffle_shop_duckdb
	Flights    string // folder of one CSV file a day, as lake/flights, or one file of a year; "" takes lake/flights
	Log        func(format string, args ...any)
}

// All returns every case.
func All(e *Env) []suite.Case {
	return []suite.Case{
		e.startup(), e.jaffle(), e.parse(), e.compile(), e.lineage(), e.tiny(), e.tpch(),
		e.daily(), e.year(), e.external(), e.growth(), e.audited(), e.memory(),
	}
}

// pick is the first number, or the second when the run is quick.
func (e *Env) pick(full, quick int) int {
	if e.Quick {
		return quick
	}
	return full
}

func (e *Env) shell() content.Shell { return content.Shell(e.Tools.DuckDB.Path) }

func (e *Env) connection() project.Connection { return project.Connection{Threads: e.Threads} }

// team is one project in the form of each tool: folders elt, dbt, sqlmesh and duckdb
// below one folder. Its database is name.duckdb in each.
type team struct {
	*Env
	dir, name string
	manifest  *project.Manifest
}

// folder is where a tool works. A variant of a tool has a folder of its own.
func (t *team) folder(tool string) string { return filepath.Join(t.dir, tool) }

func (t *team) database(tool string) string {
	return filepath.Join(t.folder(tool), t.name+".duckdb")
}

// assemble writes a project for elt and dbt with write, and translates it for the others.
func (e *Env) assemble(ctx context.Context, dir, name string, c project.Connection, write func(dir string) error) (*team, error) {
	t := &team{Env: e, dir: dir, name: name}
	for _, tool := range []string{peers.Elt, peers.DBT, peers.DuckDB} {
		if err := write(t.folder(tool)); err != nil {
			return nil, err
		}
	}
	if err := t.compileManifest(ctx); err != nil {
		return nil, err
	}
	columns, err := t.seedColumns(ctx)
	if err != nil {
		return nil, err
	}
	files := t.manifest.SQLMesh(name, c, columns)
	files["models/.keep"] = ""
	if err := files.Write(t.folder(peers.SQLMesh)); err != nil {
		return nil, err
	}
	seeds := filepath.Join(t.folder(peers.DuckDB), "seeds")
	if _, err := os.Stat(seeds); err == nil {
		if err := project.Copy(seeds, filepath.Join(t.folder(peers.SQLMesh), "seeds")); err != nil {
			return nil, err
		}
	}
	return t, t.script("build.sql", settings(c)+t.manifest.Bare(nil))
}

// settings are the statements that give DuckDB's shell what a profile gives the others.
func settings(c project.Connection) string {
	var b strings.Builder
	for name, value := range c.Settings {
		fmt.Fprintf(&b, "set %s = '%s';\n", name, value)
	}
	return b.String()
}

// compileManifest compiles the project once, with elt, in the folder of DuckDB's shell.
func (t *team) compileManifest(ctx context.Context) error {
	dir := t.folder(peers.DuckDB)
	if err := t.quietly(ctx, dir, t.Tools.Elt.Path, "compile"); err != nil {
		return err
	}
	manifest, err := project.ReadManifest(filepath.Join(dir, "target", "manifest.json"))
	t.manifest = manifest
	return err
}

// seedColumns are the columns of each seed and their types, as DuckDB reads the file.
func (t *team) seedColumns(ctx context.Context) (map[string][]string, error) {
	columns := map[string][]string{}
	for _, n := range t.manifest.Nodes {
		if n.Type != "seed" {
			continue
		}
		path := filepath.Join(t.folder(peers.DuckDB), filepath.FromSlash(n.Path))
		list, err := t.shell().Value(ctx, "", fmt.Sprintf("select string_agg(column_name || ' ' || column_type, ' ') from (describe from read_csv('%s'))", path))
		if err != nil {
			return nil, err
		}
		columns[n.Name] = strings.Fields(list)
	}
	return columns, nil
}

// script writes statements beside the shell's database.
func (t *team) script(name, text string) error {
	return os.WriteFile(filepath.Join(t.folder(peers.DuckDB), name), []byte(text), 0o644)
}

// quietly runs a command that is not measured.
func (t *team) quietly(ctx context.Context, dir string, args ...string) error {
	_, err := process.Run(ctx, process.Command{Args: args, Dir: dir, Env: t.Tools.Quiet(), Log: filepath.Join(dir, "prepare.log")})
	return err
}

// elt, dbt, mesh and bare are the tools at a command of theirs; bare at a script.
func (t *team) elt(args ...string) suite.Contender {
	return t.contender(t.Tools.Elt, peers.Elt, args)
}

func (t *team) dbt(args ...string) suite.Contender {
	return t.contender(t.Tools.DBT, peers.DBT, args)
}

func (t *team) mesh(args ...string) suite.Contender {
	return t.contender(t.Tools.SQLMesh, peers.SQLMesh, args)
}

func (t *team) bare(script string) suite.Contender {
	c := t.contender(t.Tools.DuckDB, peers.DuckDB, []string{"-bail", t.name + ".duckdb"})
	c.Command.Stdin = filepath.Join(t.folder(peers.DuckDB), script)
	return c
}

func (t *team) contender(tool peers.Tool, folder string, args []string) suite.Contender {
	return suite.Contender{
		Tool: tool.Name, Absent: tool.Absent, File: t.database(folder),
		Command: process.Command{Args: append([]string{tool.Path}, args...), Dir: t.folder(folder)},
	}
}

// planAll is the command by which SQLMesh builds what is new.
func planAll() []string { return []string{"plan", "--auto-apply", "--no-prompts"} }

// builders are all tools at a build from nothing.
func (t *team) builders() []suite.Contender {
	all := []suite.Contender{t.elt("build"), t.dbt("build"), t.mesh(planAll()...), t.bare("build.sql")}
	for i := range all {
		all[i] = t.fromNothing(t.checked(all[i]))
	}
	return all
}

// fromNothing drops the database before each round.
func (t *team) fromNothing(c suite.Contender) suite.Contender {
	file := c.File
	c.Reset = func(context.Context, int) error { return dropDatabase(file) }
	return c
}

func dropDatabase(file string) error {
	for _, path := range []string{file, file + ".wal", file + ".tmp"} {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

// outcomes is the fact of how many tests ended how, of those tools that write it down.
const outcomes = "~tests"

// checked compares every relation of schema main, and the outcomes of tests where a tool
// writes them down.
func (t *team) checked(c suite.Contender) suite.Contender {
	file, dir := c.File, c.Command.Dir
	c.Facts = func(ctx context.Context, _ int) (content.Facts, error) {
		facts, err := t.shell().Relations(ctx, file, "main")
		if err != nil {
			return nil, err
		}
		found, err := testOutcomes(filepath.Join(dir, "target", "run_results.json"))
		if found != "" {
			facts[outcomes] = found
		}
		return facts, err
	}
	return c
}

// testOutcomes counts the tests of run_results.json by status: "pass 20". A file that is
// not there has none.
func testOutcomes(path string) (string, error) {
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var run struct {
		Results []struct {
			Status string `json:"status"`
			ID     string `json:"unique_id"`
		} `json:"results"`
	}
	if err := json.Unmarshal(data, &run); err != nil {
		return "", err
	}
	counts := map[string]int{}
	for _, result := range run.Results {
		if strings.HasPrefix(result.ID, "test.") {
			counts[result.Status]++
		}
	}
	if len(counts) == 0 {
		return "", nil
	}
	text, err := json.Marshal(counts)
	return string(text), err
}

// again is the elt command that builds everything, also what has not changed.
func (e *Env) again(ctx context.Context) []string {
	help, err := exec.CommandContext(ctx, e.Tools.Elt.Path, "build", "--help").Output()
	if err == nil && strings.Contains(string(help), "--no-reuse") {
		return []string{"build", "--no-reuse"}
	}
	return []string{"build"}
}
