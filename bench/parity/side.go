package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// side is one of the two programs, its copy of the project, and what it made of it.
type side struct {
	name, program, dir string

	manifest map[string]any
	results  map[string]map[string]any // of run_results.json, by unique_id
	elapsed  time.Duration
	output   string
	exit     int
	memory   int64 // largest resident size, in kilobytes
}

// leftOut are the folders of a project that are not copied.
var leftOut = []string{".git", "target", "logs", "dbt_packages", ".venv"}

// prepare copies the project. Packages that are installed are linked.
func (s *side) prepare(project string) error {
	if err := os.RemoveAll(s.dir); err != nil {
		return err
	}
	err := filepath.WalkDir(project, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(project, path)
		if err != nil {
			return err
		}
		to := filepath.Join(s.dir, rel)
		switch {
		case d.IsDir() && slices.Contains(leftOut, d.Name()):
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(to, 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			return link(path, to)
		case isDatabase(path):
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o644)
	})
	if err != nil {
		return err
	}
	return s.linkPackages(project)
}

// setCompat switches off, in the project file of the copy, what elt does otherwise on purpose. The rest of the file
// stays as it is written; dbt does not mind the key.
func (s *side) setCompat() error {
	path := filepath.Join(s.dir, "dbt_project.yml")
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var file struct {
		Flags yaml.Node `yaml:"flags"`
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		return err
	}
	text := string(data)
	switch flags := file.Flags; {
	case flags.Kind == yaml.MappingNode && len(flags.Content) > 0 && flags.Style&yaml.FlowStyle == 0:
		lines := strings.SplitAfter(text, "\n")
		first := flags.Content[0]
		lines[first.Line-1] = strings.Repeat(" ", first.Column-1) + "compat: dbt\n" + lines[first.Line-1]
		text = strings.Join(lines, "")
	case flags.Kind == 0:
		text = strings.TrimRight(text, "\n") + "\nflags:\n  compat: dbt\n"
	default:
		return fmt.Errorf("%s: write flags: as a mapping over several lines, or set compat: dbt there yourself", path)
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

// isDatabase reports whether a file is a database or what DuckDB keeps beside it: it
// belongs to an earlier run, not to the project.
func isDatabase(path string) bool {
	return slices.Contains(databaseNames, filepath.Ext(path)) || filepath.Ext(path) == ".wal"
}

// databaseNames are the extensions by which projects call their databases.
var databaseNames = []string{".duckdb", ".db"}

func link(from, to string) error {
	target, err := filepath.EvalSymlinks(from)
	if err != nil {
		return err
	}
	return os.Symlink(target, to)
}

func (s *side) linkPackages(project string) error {
	installed := filepath.Join(project, "dbt_packages")
	entries, err := os.ReadDir(installed)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(s.dir, "dbt_packages"), 0o755); err != nil {
		return err
	}
	for _, e := range entries {
		if err := link(filepath.Join(installed, e.Name()), filepath.Join(s.dir, "dbt_packages", e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// run runs the command and reads the artifacts.
func (s *side) run(ctx context.Context, o *options) error {
	if o.deps {
		if err := s.exec(ctx, "deps"); err != nil {
			return err
		}
		if s.exit != 0 {
			return fmt.Errorf("%s deps failed:\n%s", s.name, s.output)
		}
	}
	if o.before != "" {
		if err := s.exec(ctx, append(strings.Fields(o.before), o.args...)...); err != nil {
			return err
		}
		if s.exit != 0 {
			return fmt.Errorf("%s %s failed:\n%s", s.name, o.before, s.output)
		}
	}
	started := time.Now()
	if err := s.exec(ctx, append([]string{o.command}, o.args...)...); err != nil {
		return err
	}
	s.elapsed = time.Since(started)
	var err error
	if s.manifest, err = readJSON(filepath.Join(s.dir, "target", "manifest.json")); err != nil {
		return fmt.Errorf("%s left no manifest: %w\n%s", s.name, err, s.output)
	}
	s.results = map[string]map[string]any{}
	results, err := readJSON(filepath.Join(s.dir, "target", "run_results.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, r := range list(results["results"]) {
		if one, ok := r.(map[string]any); ok {
			s.results[text(one["unique_id"])] = one
		}
	}
	return nil
}

// exec runs the program in the copy. That it fails is a result like another.
func (s *side) exec(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, s.program, args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "DBT_SEND_ANONYMOUS_USAGE_STATS=false", "DO_NOT_TRACK=1",
		"DBT_PROFILES_DIR="+s.dir, "NO_COLOR=1", "DBT_TARGET_PATH=target", "DBT_USE_COLORS=false")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	s.output, s.exit, s.memory = out.String(), cmd.ProcessState.ExitCode(), residentSize(cmd.ProcessState)
	return ctx.Err()
}

func readJSON(path string) (map[string]any, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	return out, json.Unmarshal(data, &out)
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
