package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"elt/compiler"
	"elt/compiler/project"
	"elt/runner"
	"elt/runner/duckdb"
	"elt/runner/engine"
)

// TestTypesPredicted checks that the types which are known before a build are those that
// the build makes: of every relation of every project of the scenarios, the example, and
// a project with a column of each type.
func TestTypesPredicted(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var compared, projects atomic.Int64
	t.Run("projects", func(t *testing.T) {
		for i, path := range append(scripts, "testdata/types.txtar") {
			if testing.Short() && i%4 != 0 {
				continue
			}
			if strings.Contains(path, "interrupt") || strings.Contains(path, "retry_stopped") || strings.Contains(path, "timeout") {
				continue // queries that do not end by themselves
			}
			t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
				t.Parallel()
				archive, err := txtar.ParseFile(path)
				if err != nil {
					t.Fatal(err)
				}
				dir := t.TempDir()
				if err := txtar.Write(archive, dir); err != nil {
					t.Skip("its files have names of their own: ", err)
				}
				projects.Add(1)
				for _, root := range projectRoots(archive, dir) {
					n := compareTypes(t, root)
					t.Logf("%d relations of %s", n, filepath.Base(root))
					compared.Add(n)
				}
			})
		}
		t.Run("example", func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, part := range []string{"elt.yml", "models", "seeds", "tests", "lake"} {
				copyTree(t, filepath.Join("..", "..", part), filepath.Join(dir, part))
			}
			compared.Add(compareTypes(t, dir))
		})
	})
	if n := compared.Load(); n < 200 && int(projects.Load()) > len(scripts)/2 { // unless only some were asked for
		t.Errorf("only %d relations were compared", n)
	}
}

// projectRoots are the folders of an archive that hold a project.
func projectRoots(archive *txtar.Archive, dir string) []string {
	var roots []string
	for _, file := range archive.Files {
		switch base := filepath.Base(file.Name); {
		case strings.Contains(file.Name, "dbt_packages/"):
		case base == "elt.yml" || base == "dbt_project.yml":
			roots = append(roots, filepath.Dir(filepath.Join(dir, filepath.FromSlash(file.Name))))
		}
	}
	if roots == nil {
		roots = append(roots, dir) // it may go by convention
	}
	return roots
}

// compareTypes predicts the columns of a project, builds it, and returns how many
// relations it has compared. A project that is not to build is passed over.
func compareTypes(t *testing.T, root string) (compared int64) {
	t.Helper()
	ctx := context.Background()
	parse := func() (*compiler.Plan, error) {
		return compiler.Parse(ctx, compiler.Options{
			FS: os.DirFS(root), Root: root, Command: "build", Env: os.LookupEnv,
			Now: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), SQLParser: &sqlParser{}, Log: func(string, bool) {},
		})
	}
	plan, err := parse()
	if err != nil || !filepath.IsLocal(relative(root, plan.Project.Target.Path)) {
		return 0
	}
	for _, attached := range plan.Project.Target.Attach {
		if !filepath.IsLocal(relative(root, attached.Path)) {
			return 0
		}
	}
	var ids []string
	for _, id := range plan.Order {
		switch plan.Nodes[id].Type {
		case project.Model, project.Seed, project.Snapshot:
			ids = append(ids, id)
		}
	}
	bound, _ := runner.Bind(ctx, plan, ids, runner.CompileOptions{})
	if bound == nil {
		return 0
	}
	defer bound.Close()
	if plan, err = parse(); err != nil { // anew, as another command would
		t.Fatal(err)
	}
	if summary, _ := runner.Run(ctx, plan, runner.Options{Command: "build"}, nil); summary == nil {
		return 0
	}
	db, err := duckdb.Open(ctx, duckdb.Options{Path: plan.Project.Target.Path, ReadOnly: true})
	if err != nil {
		return 0
	}
	defer db.Close()
	session, err := db.Session(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		predicted, ok := bound.Columns(id)
		relation := plan.Nodes[id].Relation
		built, err := session.(engine.Describer).Describe(ctx, "from "+relation.String())
		if !ok || err != nil || plan.Nodes[id].IsEphemeral() {
			continue
		}
		got := make([]compiler.Column, len(built))
		for i, c := range built {
			got[i] = compiler.Column(c)
		}
		compared++
		if diff := cmp.Diff(predicted, got); diff != "" {
			t.Errorf("%s %s (-predicted +built):\n%s", root, id, diff)
		}
	}
	return compared
}

// relative is a path below a folder, or one that is not local.
func relative(root, path string) string {
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return ".."
	}
	return rel
}

// copyTree copies a file or a folder.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	if info.IsDir() {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
