package project

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"elt/compiler/diag"
	"elt/compiler/template"
)

var update = flag.Bool("update", false, "write what comes out to the golden files")

// TestLoad loads each project of testdata/load/*.txtar and compares what was
// understood; TestMistakes does so for projects in which something is wrong, and
// compares what is said about it. The comment of an archive says in words what it
// shows; lines of the form "option: value" in it set target, profile, profiles-dir,
// vars, env (NAME=value) and crlf.
func TestLoad(t *testing.T) {
	t.Parallel()
	golden(t, "testdata/load/*.txtar", func(p *Project, diags diag.List) string {
		return dump(p) + describe(diags)
	})
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	golden(t, "testdata/mistakes/*.txtar", func(p *Project, diags diag.List) string {
		if p == nil {
			return "no project\n" + describe(diags)
		}
		for _, build := range []func(*Project) ([]*Node, diag.List){BuildSources, BuildSeeds, BuildExposures, BuildUnitTests, SourceTests} {
			_, ds := build(p)
			diags = append(diags, ds...)
		}
		for _, patch := range p.Patches.Resources {
			_, ds := GenericTests(p, patch, "")
			diags = append(diags, ds...)
		}
		for _, f := range p.FilesOf(ModelFile) {
			_, ds := ResolveConfig(p, ResolveInput{Type: Model, Package: p.Name, FQN: p.FQN(f.Path, f.Name)})
			diags = append(diags, ds...)
		}
		return describe(append(diags, p.UnusedConfig()...).Sorted())
	})
}

func golden(t *testing.T, pattern string, run func(*Project, diag.List) string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			opts, want := caseOf(t, archive)
			got := run(Load(context.Background(), opts))
			if *update {
				archive.Files = append(withoutWant(archive.Files), txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			kept := &keeper{}
			opts.Keep = func(*Project) (Keeper, *diag.Diagnostic) { return kept, nil }
			for _, time := range []string{"first", "second"} {
				if diff := cmp.Diff(want, run(Load(context.Background(), opts))); diff != "" {
					t.Errorf("loaded for the %s time with a keeper (-want +got)\n%s", time, diff)
				}
			}
		})
	}
}

func withoutWant(files []txtar.File) []txtar.File {
	return slices.DeleteFunc(files, func(f txtar.File) bool { return f.Name == "want" })
}

// caseOf makes the options of a case. Files whose names begin with "/" are outside
// of the project.
func caseOf(t *testing.T, archive *txtar.Archive) (LoadOptions, string) {
	t.Helper()
	inside, outside, env := fstest.MapFS{}, map[string][]byte{}, map[string]string{}
	opts := LoadOptions{FS: inside, Root: "/home/you/shop", Home: "/home/ada"}
	crlf := false
	for line := range strings.Lines(string(archive.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "target":
			opts.Target = value
		case "profile":
			opts.Profile = value
		case "profiles-dir":
			opts.ProfilesDir = value
		case "env":
			name, text, _ := strings.Cut(value, "=")
			env[name] = text
		case "vars":
			var r report
			c, _ := parseDocument(diag.NewSource("vars", value), &r)
			opts.Vars = c.dict(nil)
		case "crlf":
			crlf = true
		}
	}
	want := ""
	for _, f := range archive.Files {
		switch {
		case f.Name == "want":
			want = string(f.Data)
		case strings.HasPrefix(f.Name, "/"):
			outside[f.Name] = f.Data
		default:
			if crlf {
				f.Data = []byte("\ufeff" + strings.ReplaceAll(string(f.Data), "\n", "\r\n"))
			}
			inside[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	opts.Env = func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	opts.ReadFile = func(name string) ([]byte, error) {
		if data, ok := outside[name]; ok {
			return data, nil
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return opts, want
}

// describe writes diagnostics with the lines they point at.
func describe(diags diag.List) string {
	var b strings.Builder
	for _, d := range diags {
		fmt.Fprintf(&b, "\n%s[%s]: %s\n", d.Severity, d.Code, d.Message)
		point(&b, d.Place)
		for _, n := range d.Notes {
			fmt.Fprintf(&b, "note: %s\n", n.Message)
			point(&b, n.Place)
		}
		if d.Hint != "" {
			fmt.Fprintf(&b, "hint: %s\n", d.Hint)
		}
	}
	return b.String()
}

func point(b *strings.Builder, p diag.Place) {
	if p.IsZero() {
		return
	}
	line, column := p.Source.Position(p.Span.Start)
	text, start := p.Source.Line(line)
	end := min(p.Span.End, start+len(text))
	width := max(1, utf8.RuneCountInString(p.Source.Text[min(p.Span.Start, end):end]))
	fmt.Fprintf(b, "  %s\n  | %s\n  | %s%s\n", p, text, strings.Repeat(" ", column-1), strings.Repeat("^", width))
}

// dump writes what was understood of a project.
func dump(p *Project) string {
	if p == nil {
		return "no project\n"
	}
	var b strings.Builder
	w := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	w("project %s %q of %q (elt %t, sql first %t, lake views %s)", p.Name, p.Version, p.FileName, p.IsElt, p.SQLFirst, p.LakeViews)
	w("paths: models %q seeds %q tests %q snapshots %q macros %q analyses %q docs %q", p.ModelPaths, p.SeedPaths, p.TestPaths, p.SnapshotPaths, p.MacroPaths, p.AnalysisPaths, p.DocsPaths)
	w("target path %q, packages %q, clean %q", p.TargetPath, p.PackagesPath, p.CleanTargets)
	w("vars %s, --vars %s, quoting %s, flags %s", template.Repr(p.Vars.Project), template.Repr(p.Vars.CLI), template.Repr(p.Quoting), template.Repr(p.Flags))
	for _, d := range p.Dispatch {
		w("dispatch %s %q", d.Namespace, d.SearchOrder)
	}
	for _, h := range p.OnRunStart {
		w("on-run-start %q (%s)", h.SQL, h.Place)
	}
	for _, h := range p.OnRunEnd {
		w("on-run-end %q transaction %t (%s)", h.SQL, h.Transaction, h.Place)
	}
	dumpTarget(w, p.Target)
	for _, f := range p.Files {
		w("file %s %q %q name %q leading %d", f.Kind, f.Path, f.OriginalPath, f.Name, f.Leading)
	}
	dumpNodes(w, p)
	return b.String()
}

func dumpTarget(w func(string, ...any), t *Target) {
	w("target %s of %s from %q: path %q database %q schema %q threads %d", t.Name, t.ProfileName, t.Source, t.Path, t.Database, t.Schema, t.Threads)
	for _, s := range slices.Concat(t.Settings, t.ConfigOptions) {
		w("  setting %s = %s", s.Name, template.Repr(s.Value))
	}
	for _, a := range t.Attach {
		w("  attach %+v as %q", a, a.Database())
	}
	for _, x := range t.Extensions {
		w("  extension %+v", x)
	}
	for _, s := range t.Secrets {
		w("  %v provider %q scope %q persistent %t params %d", s, s.Provider, s.Scope, s.Persistent, len(s.Params()))
	}
	w("  extension directory %q replica %q external root %q retries %+v", t.ExtensionDirectory, t.Replica, t.ExternalRoot, t.Retries)
	w("  raw %s", template.Repr(t.Raw))
}

func dumpNodes(w func(string, ...any), p *Project) {
	var nodes []*Node
	for _, build := range []func(*Project) ([]*Node, diag.List){BuildSources, SourceTests, BuildSeeds, BuildExposures, BuildUnitTests} {
		ns, ds := build(p)
		nodes = append(nodes, ns...)
		for _, d := range ds {
			w("diagnostic %v", d)
		}
	}
	for _, patch := range p.Patches.Resources {
		w("%s %q (%s) %q config %s", patch.Type, patch.Name, patch.Place, patch.Description, configDump(patch.Config))
		for _, c := range patch.Columns {
			w("  column %q %q %q tags %q constraints %v (%s)", c.Name, c.DataType, c.Description, c.Tags, len(c.Constraints), c.Place)
		}
		ns, _ := GenericTests(p, patch, "")
		nodes = append(nodes, ns...)
	}
	for _, n := range nodes {
		w("node %s (%s) fqn %q config %s", n.UniqueID, n.Place, n.FQN, configDump(n.Config))
		if n.RawCode != "" {
			w("  code %s kwargs %s", n.RawCode, template.Repr(n.Test.Kwargs))
		}
		if n.Table != nil {
			w("  relation %s paths %v expression %q format %q empty %t bad rows %s", n.Relation, texts(n.Table.Paths), n.Table.Expression, n.Table.Format, n.Table.AllowEmpty, n.Table.OnBadRows)
			w("  from %s", n.Table.From(texts(n.Table.Paths)))
		}
	}
}

func texts(list []Located) []string {
	out := make([]string, len(list))
	for i, l := range list {
		out[i] = l.Text
	}
	return out
}

func configDump(c *Config) string {
	var parts []string
	for _, k := range c.Keys() {
		v, _ := c.Get(k)
		parts = append(parts, k+"="+template.Repr(v.Value))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
