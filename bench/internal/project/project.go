// Package project writes the projects that the benchmarks build: as dbt and elt read
// them, and translated for SQLMesh and for DuckDB's own shell.
//
// A project is a set of Files. Those of generated.go, tpch.go, audited.go, lake.go and
// large.go come out of numbers alone, so that everybody has the same. ReadManifest and
// what follows from it, in translate.go and sqlmesh.go, turn a compiled project into the
// same statements for tools that do not read dbt's format.
package project

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Files are the contents of a project by path, with forward slashes.
type Files map[string]string

// Write writes the files below a folder, which it makes.
func (f Files) Write(dir string) error {
	for path, text := range f {
		full := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Connection is the profile of a project that is made here.
type Connection struct {
	Threads  int               // nodes at a time, as `threads` of a profile says
	Settings map[string]string // DuckDB's settings
}

// base are the two files that every project needs. The database of project x is
// x.duckdb, in its folder.
func (c Connection) base(name, materialized string) Files {
	settings := ""
	for key, value := range c.Settings {
		settings += fmt.Sprintf("        %s: '%s'\n", key, value)
	}
	if settings != "" {
		settings = "      settings:\n" + settings
	}
	return Files{
		"dbt_project.yml": fmt.Sprintf("name: %[1]s\nversion: '1.0'\nprofile: %[1]s\nmodels:\n  %[1]s:\n    +materialized: %[2]s\n", name, materialized),
		"profiles.yml": fmt.Sprintf("%[1]s:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n      path: %[1]s.duckdb\n      threads: %[2]d\n%[3]s",
			name, max(c.Threads, 1), settings),
	}
}

// Copy copies a project's folder, without what tools leave there: databases, compiled
// files and logs.
func Copy(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if left(entry) && relative != "." {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		target := filepath.Join(to, relative)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
}

// left reports whether a tool has left this, or git.
func left(entry fs.DirEntry) bool {
	name := entry.Name()
	if entry.IsDir() {
		return name == "target" || name == "logs" || name == ".git" || name == ".cache"
	}
	return strings.HasSuffix(name, ".duckdb") || strings.HasSuffix(name, ".duckdb.wal")
}
