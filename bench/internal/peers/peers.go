// Package peers makes the tools that are compared: elt from this repository, the others
// from Python packages of fixed versions, each in an environment of its own below a
// scratch folder, where they are found again the next time.
//
// What cannot be had (no Python, no network) is Absent, with the reason; the benchmarks
// then go on without it. Start at Install.
package peers

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Names of the tools, as results show them.
const (
	Elt     = "elt"
	DBT     = "dbt"
	SQLMesh = "sqlmesh"
	DuckDB  = "duckdb" // its own shell: the floor
)

// Tool is a program that can be run.
type Tool struct {
	Name    string `json:"name"`
	Path    string `json:"-"`
	Version string `json:"version"` // its own and that of the DuckDB it runs on
	Absent  string `json:"absent,omitempty"`
}

// pins are the Python packages of each environment.
func pins() map[string][]string {
	return map[string][]string{
		DBT:     {"dbt-core==1.11.16", "dbt-duckdb==1.11.1", "duckdb==1.5.5"},
		SQLMesh: {"sqlmesh==0.236.4", "duckdb==1.5.5"},
		DuckDB:  {"duckdb==1.5.5", "duckdb-cli==1.5.5", "duckdb-extensions==1.5.5", "duckdb-extension-tpch==1.5.5"},
	}
}

// Set are the tools of a run.
type Set struct {
	Elt, DBT, SQLMesh, DuckDB Tool
	dir                       string
}

// Quiet is the environment in which every tool runs: no telemetry, and a home folder of
// its own, so that nobody's .dbt or .duckdbrc takes part.
func (s *Set) Quiet() []string {
	return []string{
		"HOME=" + filepath.Join(s.dir, "home"), "DO_NOT_TRACK=1", "DBT_SEND_ANONYMOUS_USAGE_STATS=false",
		"SQLMESH__DISABLE_ANONYMIZED_ANALYTICS=true", "NO_COLOR=1", "TERM=dumb",
	}
}

// Install builds elt from the repository and makes the other tools' environments below
// dir, unless they are there. log is told what takes long. Only elt and DuckDB's shell
// have to be there: without them the error says why.
func Install(ctx context.Context, repository, dir string, log func(format string, args ...any)) (*Set, error) {
	s := &Set{dir: dir}
	if err := os.MkdirAll(filepath.Join(dir, "home"), 0o755); err != nil {
		return nil, err
	}
	var err error
	if s.Elt, err = s.buildElt(ctx, repository, log); err != nil {
		return nil, err
	}
	s.DuckDB = s.environment(ctx, DuckDB, log)
	s.DuckDB.Path = s.shell()
	if s.DuckDB.Absent != "" || s.DuckDB.Path == "" {
		return nil, fmt.Errorf("no duckdb shell, which every check needs: %s", s.DuckDB.Absent)
	}
	s.DBT, s.SQLMesh = s.environment(ctx, DBT, log), s.environment(ctx, SQLMesh, log)
	return s, nil
}

// BuildElt builds elt from the repository to a file, as a release is built; tags are
// build tags.
func BuildElt(ctx context.Context, repository, file string, tags ...string) error {
	args := []string{"build", "-trimpath", "-ldflags=-s -w", "-tags=" + strings.Join(tags, ","), "-o", file, "./cmd/elt"}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = repository
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

func (s *Set) buildElt(ctx context.Context, repository string, log func(string, ...any)) (Tool, error) {
	log("building elt")
	t := Tool{Name: Elt, Path: filepath.Join(s.dir, "elt")}
	if err := BuildElt(ctx, repository, t.Path); err != nil {
		return t, err
	}
	version, err := exec.CommandContext(ctx, t.Path, "--version").Output()
	if err != nil {
		return t, fmt.Errorf("elt --version: %w", err)
	}
	t.Version = strings.TrimSpace(string(version))
	return t, nil
}

// environment makes or finds the environment of a peer.
func (s *Set) environment(ctx context.Context, name string, log func(string, ...any)) Tool {
	home := filepath.Join(s.dir, name)
	packages := pins()[name]
	t := Tool{Name: name, Path: filepath.Join(home, "bin", name), Version: strings.Join(packages, ", ")}
	mark, want := filepath.Join(home, "installed"), strings.Join(packages, "\n")
	if have, err := os.ReadFile(mark); err == nil && string(have) == want {
		return t
	}
	log("installing %s", strings.Join(packages, " "))
	if err := makeEnvironment(ctx, home, packages); err != nil {
		if ctx.Err() == nil {
			log("%s cannot be installed: %v", name, err)
		}
		t.Absent = firstLine(err.Error())
		return t
	}
	if err := os.WriteFile(mark, []byte(want), 0o644); err != nil {
		t.Absent = err.Error()
	}
	return t
}

func makeEnvironment(ctx context.Context, home string, packages []string) error {
	python, err := exec.LookPath("python3")
	if err != nil {
		return errors.New("there is no python3")
	}
	if err := os.RemoveAll(home); err != nil {
		return err
	}
	commands := [][]string{
		{python, "-m", "venv", home},
		append([]string{filepath.Join(home, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check"}, packages...),
	}
	for _, args := range commands {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			return fmt.Errorf("%s: %s", filepath.Base(args[0])+" "+args[1], lines[len(lines)-1])
		}
	}
	return nil
}

// shell is the program in the package duckdb-cli: the script beside it starts Python.
func (s *Set) shell() string {
	found, err := filepath.Glob(filepath.Join(s.dir, DuckDB, "lib", "python3*", "site-packages", "duckdb_cli", "duckdb"))
	if err != nil || len(found) == 0 {
		return ""
	}
	return found[0]
}

//go:embed tpch.py
var tpchScript string

// TPCH writes the data of TPC-H at a scale factor as Parquet below dir, a folder for each
// table, and its 22 queries to queries.json there, unless they are there already. It
// needs no network beyond that of Install.
func (s *Set) TPCH(ctx context.Context, scale string, dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "queries.json")); err == nil {
		return nil
	}
	making := dir + ".making"
	if err := os.RemoveAll(making); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(s.dir, DuckDB, "bin", "python"), "-", scale, making)
	cmd.Stdin = strings.NewReader(tpchScript)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("making TPC-H: %w\n%s", err, out)
	}
	return os.Rename(making, dir)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
