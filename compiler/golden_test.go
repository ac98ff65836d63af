package compiler_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

var update = flag.Bool("update", false, "write what comes out to the golden files")

// TestGolden compiles the project of each testdata/*.txtar without a database and
// compares what comes out with the files under want/ in the same archive: nodes.txt,
// diagnostics.txt, compiled/UNIQUE_ID.sql and, where it is asked for, origins.txt, which
// says for each line of compiled SQL where it comes from. A want/ file that is no longer
// made is a failure, as is a case that has none.
//
// The comment of an archive says in words what it shows. Lines "option: value" in it
// are vars (KEY=TEXT), crlf (a file to give a BOM and CRLF line ends), tests (compiled
// generic tests are compared too), origins, full-refresh and target.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 25 && !*update {
		t.Fatalf("%d golden files (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c := caseOf(archive)
			got := c.run()
			if *update {
				archive.Files = append(c.given, got...)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(texts(c.want), texts(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func texts(files []txtar.File) map[string]string {
	out := map[string]string{}
	for _, f := range files {
		out[f.Name] = string(f.Data)
	}
	return out
}

// goldenCase is one archive.
type goldenCase struct {
	given, want    []txtar.File
	opts           compiler.Options
	tests, origins bool
}

func caseOf(archive *txtar.Archive) *goldenCase {
	files := fstest.MapFS{}
	c := &goldenCase{opts: options(files)}
	for _, f := range archive.Files {
		if strings.HasPrefix(f.Name, "want/") {
			c.want = append(c.want, f)
			continue
		}
		c.given = append(c.given, f)
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	for line := range strings.Lines(string(archive.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch strings.TrimSuffix(key, ":") {
		case "vars":
			name, text, _ := strings.Cut(value, "=")
			c.opts.Vars = template.NewDict(template.Item{Key: name, Value: text})
		case "crlf":
			text := "\ufeff" + strings.ReplaceAll(string(files[value].Data), "\n", "\r\n")
			files[value] = &fstest.MapFile{Data: []byte(text)}
		case "tests":
			c.tests = true
		case "origins":
			c.origins = true
		case "full-refresh":
			c.opts.FullRefresh = true
		case "target":
			c.opts.Target = value
		}
	}
	return c
}

// options are those of a project in memory, at a fixed time.
func options(files fstest.MapFS) compiler.Options {
	return compiler.Options{
		FS: files, Root: "/home/you/shop", Command: "build", InvocationID: "00000000-0000-0000-0000-000000000000",
		Now: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC),
	}
}

func (c *goldenCase) run() []txtar.File {
	ctx := context.Background()
	plan, err := compiler.Parse(ctx, c.opts)
	if err != nil {
		return []txtar.File{{Name: "want/diagnostics.txt", Data: []byte(describe(diag.From(err, "")))}}
	}
	diags := append(slices.Clone(plan.Diagnostics), plan.Compile(ctx, nil, plan.Order)...)
	out := []txtar.File{{Name: "want/nodes.txt", Data: []byte(listNodes(plan))}}
	if len(diags) > 0 {
		out = append(out, txtar.File{Name: "want/diagnostics.txt", Data: []byte(describe(diags))})
	}
	var origins strings.Builder
	for _, id := range plan.Order {
		node := plan.Nodes[id]
		if node.Compiled == nil || node.Test != nil && node.Test.Generic != "" && !c.tests {
			continue
		}
		out = append(out, txtar.File{Name: "want/compiled/" + id + ".sql", Data: []byte(compiledText(node))})
		if c.origins {
			origins.WriteString(id + "\n" + lineOrigins(node.Compiled))
		}
	}
	if c.origins {
		out = append(out, txtar.File{Name: "want/origins.txt", Data: []byte(origins.String())})
	}
	return out
}

// compiledText is what runs for a node, its hooks included.
func compiledText(node *project.Node) string {
	var b strings.Builder
	for _, hook := range node.Compiled.PreHooks {
		fmt.Fprintf(&b, "-- pre-hook of %s, transaction %v: %s\n", hook.Place, hook.Transaction, hook.SQL)
	}
	if node.Compiled.Deferred {
		b.WriteString("-- deferred\n")
	}
	b.WriteString(node.Compiled.SQL)
	if !strings.HasSuffix(b.String(), "\n") {
		b.WriteString("\n")
	}
	for _, hook := range node.Compiled.PostHooks {
		fmt.Fprintf(&b, "-- post-hook of %s, transaction %v: %s\n", hook.Place, hook.Transaction, hook.SQL)
	}
	return b.String()
}

// lineOrigins says for each line of compiled SQL where its first character that is no
// blank comes from.
func lineOrigins(c *project.Compiled) string {
	var b strings.Builder
	offset, number := 0, 0
	for line := range strings.Lines(c.SQL) {
		number++
		text := strings.TrimLeft(line, " \t\n")
		if text != "" {
			place, ok := c.Map.Origin(offset + len(line) - len(text))
			if !ok {
				place = diag.Place{}
			}
			fmt.Fprintf(&b, "  %d ← %s  %s\n", number, place, strings.TrimSpace(text))
		}
		offset += len(line)
	}
	return b.String()
}

// shownConfig are the config keys that nodes.txt shows where they are set.
var shownConfig = []string{"materialized", "severity", "where", "unique_key", "alias", "group", "access", "strategy", "meta"}

func listNodes(plan *compiler.Plan) string {
	var b strings.Builder
	fact := func(key string, values ...string) {
		if text := strings.Join(values, ", "); text != "" {
			fmt.Fprintf(&b, "  %s: %s\n", key, text)
		}
	}
	for _, id := range plan.Order {
		node := plan.Nodes[id]
		fmt.Fprintln(&b, id)
		fact("fqn", strings.Join(node.FQN, "."))
		fact("path", node.OriginalPath)
		if node.Type == project.Model || node.Type == project.Seed || node.Type == project.Snapshot || node.Type == project.Source {
			fact("relation", node.Relation.String())
		}
		fact("depends on", node.DependsOn...)
		fact("macros", node.Macros...)
		fact("tags", node.Tags...)
		if node.Version != "" {
			fact("version", node.Version+" of latest "+node.LatestVersion)
		}
		fact("description", quoted(node.Description))
		for _, column := range node.Columns {
			fact("column "+column.Name, quoted(column.Description))
		}
		for _, key := range shownConfig {
			v, ok := node.Config.Get(key)
			usual := node.Type == project.Test && (key == "materialized" || v.Value == "ERROR")
			if ok && v.Value != nil && !usual {
				fact(key, template.Repr(v.Value))
			}
		}
	}
	for _, node := range plan.Disabled {
		fmt.Fprintf(&b, "disabled: %s (%s)\n", node.UniqueID, node.OriginalPath)
	}
	return b.String()
}

func quoted(text string) string {
	if text == "" {
		return ""
	}
	return strconv.Quote(text)
}

func describe(diags diag.List) string {
	var b strings.Builder
	for _, d := range diags {
		fmt.Fprintf(&b, "%s: %s: %s [%s]", d.Place, d.Severity, d.Message, d.Code)
		if d.Node != "" {
			fmt.Fprintf(&b, " in %s", d.Node)
		}
		b.WriteString("\n")
		for _, note := range d.Notes {
			fmt.Fprintf(&b, "  %s: %s\n", note.Place, note.Message)
		}
		if d.Hint != "" {
			fmt.Fprintf(&b, "  hint: %s\n", d.Hint)
		}
	}
	return b.String()
}
