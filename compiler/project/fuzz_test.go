package project

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"elt/compiler/diag"
)

// FuzzPropertyFile feeds any text as a property file. Whatever it is, nothing may
// panic, and every place must lie inside the text.
func FuzzPropertyFile(f *testing.F) {
	f.Add("models: [{name: a, columns: [{name: b, tests: [unique]}]}]")
	f.Add("a: &a {b: [1, *b]}\n<<: *a")
	f.Add("\ufeffmodels:\r\n- name: \"ü\\n\"\r\n  tests:\r\n  - {x: {arguments: {y: [1, {z: 2}]}, config: {where: \"{{ 1 }}\"}}}")
	seedCorpus(f, "testdata/load/*.txtar")
	seedCorpus(f, "testdata/mistakes/*.txtar")
	f.Fuzz(func(t *testing.T, text string) {
		files := fstest.MapFS{"elt.yml": {Data: []byte("name: shop")}, "models/s.yml": {Data: []byte(text)}}
		p, diags := Load(context.Background(), LoadOptions{FS: files, Root: "/home/you/shop"})
		checkTree(t, text)
		for _, build := range []func(*Project) ([]*Node, diag.List){BuildSources, SourceTests, BuildExposures, BuildUnitTests} {
			_, ds := build(p)
			diags = append(diags, ds...)
		}
		for _, patch := range p.Patches.Resources {
			nodes, ds := GenericTests(p, patch, "")
			diags = append(diags, ds...)
			checkPlaces(t, patch.Place, text)
			for _, n := range nodes {
				checkPlaces(t, n.Place, text)
			}
		}
		for _, d := range diags {
			if d.Message == "" {
				t.Errorf("a diagnostic without a message: %#v", d)
			}
			checkPlaces(t, d.Place, text)
			for _, n := range d.Notes {
				checkPlaces(t, n.Place, text)
			}
		}
	})
}

func seedCorpus(f *testing.F, pattern string) {
	f.Helper()
	files, _ := filepath.Glob(pattern)
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, part := range archive.Files {
			if filepath.Ext(part.Name) == ".yml" {
				f.Add(string(part.Data))
			}
		}
	}
}

func checkPlaces(t *testing.T, p diag.Place, text string) {
	t.Helper()
	if p.IsZero() || p.Source.Path != "models/s.yml" {
		return
	}
	if p.Span.Start < 0 || p.Span.End < p.Span.Start || p.Span.End > len(text) {
		t.Errorf("the place %v is not in a text of %d bytes", p.Span, len(text))
	}
}

// FuzzProjectFile feeds any text as elt.yml, profiles.yml, vars.yml and .env at once.
func FuzzProjectFile(f *testing.F) {
	f.Add("name: x\ntarget: {path: a}")
	f.Add("A=1\nB='x\nC=\"${A}\"")
	seedCorpus(f, "testdata/load/*.txtar")
	seedCorpus(f, "testdata/mistakes/*.txtar")
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"elt.yml", "dbt_project.yml"} {
			files := fstest.MapFS{"models/a.sql": {}}
			for _, n := range []string{name, "profiles.yml", "vars.yml", ".env", ".dbtignore"} {
				files[n] = &fstest.MapFile{Data: []byte(text)}
			}
			p, _ := Load(context.Background(), LoadOptions{FS: files, Root: "/home/you/shop", Home: "/home/a",
				ReadFile: func(string) ([]byte, error) { return nil, os.ErrNotExist }})
			if p == nil || p.Target == nil || p.Name == "" {
				t.Errorf("a project without name or target")
			}
		}
	})
}
