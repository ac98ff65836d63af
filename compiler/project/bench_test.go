package project

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// bigProject makes a project of n models with one test each, in folders of 100.
func bigProject(n int) fstest.MapFS {
	files := fstest.MapFS{
		"dbt_project.yml": {Data: []byte("name: big\nmodels:\n  big:\n    +materialized: view\n    d1:\n      +tags: [one]\n")},
	}
	for dir := range n / 100 {
		var yml strings.Builder
		yml.WriteString("version: 2\n\nmodels:\n")
		for i := range 100 {
			name := fmt.Sprintf("model_%d_%d", dir, i)
			files[fmt.Sprintf("models/d%d/%s.sql", dir, name)] = &fstest.MapFile{Data: []byte("select 1 as id from x\n")}
			fmt.Fprintf(&yml, "  - name: %s\n    description: \"The model %d\"\n    columns:\n      - name: id\n        description: its key\n        data_tests:\n          - unique\n", name, i)
		}
		files[fmt.Sprintf("models/d%d/schema.yml", dir)] = &fstest.MapFile{Data: []byte(yml.String())}
	}
	return files
}

// onDisk writes files to a folder: fstest.MapFS looks through all its files for
// every folder it lists, which no disk does.
func onDisk(b *testing.B, files fstest.MapFS) fs.FS {
	b.Helper()
	dir := b.TempDir()
	if err := os.CopyFS(dir, files); err != nil {
		b.Fatal(err)
	}
	return os.DirFS(dir)
}

func BenchmarkLoad(b *testing.B) {
	files := onDisk(b, bigProject(10_000))
	b.ResetTimer()
	b.ReportAllocs()
	for b.Loop() {
		p, diags := Load(context.Background(), LoadOptions{FS: files, Root: "/big"})
		if len(diags) > 0 || len(p.Patches.Resources) != 10_000 {
			b.Fatal(diags, len(p.Patches.Resources))
		}
	}
}

func BenchmarkNodes(b *testing.B) {
	p, _ := Load(context.Background(), LoadOptions{FS: onDisk(b, bigProject(10_000)), Root: "/big"})
	b.ResetTimer()
	b.ReportAllocs()
	for b.Loop() {
		tests := 0
		for _, patch := range p.Patches.Resources {
			nodes, _ := GenericTests(p, patch, "model.big."+patch.Name)
			tests += len(nodes)
		}
		for _, f := range p.FilesOf(ModelFile) {
			ResolveConfig(p, ResolveInput{Type: Model, Package: p.Name, FQN: p.FQN(f.Path, f.Name), Patch: p.Patches.Find(Model, f.Name).Config})
		}
		if tests != 10_000 {
			b.Fatal(tests)
		}
	}
}
