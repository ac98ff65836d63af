package lineage_test

import (
	"cmp"

	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"elt/compiler/lineage"
	"elt/runner/duckdb"
	"elt/runner/engine"

	gocmp "github.com/google/go-cmp/cmp"
)

// shape is a query with its lineage as worked out by hand.
type shape struct {
	name, sql string
	want      []string
}

// readShapes reads testdata/shapes.txt; files is the folder of the query's raw files.
func readShapes(t testing.TB, files string) []shape {
	t.Helper()
	text, err := os.ReadFile("testdata/shapes.txt")
	if err != nil {
		t.Fatal(err)
	}
	var shapes []shape
	names := map[string]bool{}
	for _, block := range strings.Split(string(text), "\n## ")[1:] {
		head, want, ok := strings.Cut(block, "\n---\n")
		name, sql, _ := strings.Cut(head, "\n")
		if !ok || names[name] {
			t.Fatalf("the shape %q has no lineage, or its name is used twice", name)
		}
		names[name] = true
		lines := strings.Split(strings.TrimSpace(want), "\n")
		for i := range lines {
			lines[i] = sortedLine(lines[i])
		}
		shapes = append(shapes, shape{name, strings.ReplaceAll(sql, "$FILES", files), lines})
	}
	return shapes
}

// sortedLine brings the columns of a line into order.
func sortedLine(line string) string {
	for _, sign := range []string{" = ", " ~ ", " + ", " ? ", "* "} {
		if name, list, ok := strings.Cut(line, sign); ok {
			columns := strings.Split(list, ", ")
			slices.Sort(columns)
			return name + sign + strings.Join(columns, ", ")
		}
	}
	return line
}

// openShapes is a database with the tables of the shapes, and the folder of their files.
func openShapes(t testing.TB) (engine.Session, string) {
	t.Helper()
	ctx := context.Background()
	db, err := duckdb.Open(ctx, duckdb.Options{Path: ":memory:"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	session, err := db.Session(ctx)
	if err != nil {
		t.Fatal(err)
	}
	files := t.TempDir()
	if err := os.WriteFile(filepath.Join(files, "note.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("testdata/tables.sql")
	if err != nil {
		t.Fatal(err)
	}
	statements := strings.Split(strings.TrimSpace(string(script)), ";\n")
	statements = append(statements, fmt.Sprintf("copy (select 1 as id, 2.5 as amount) to '%s/orders.parquet'", files))
	for _, sql := range statements {
		if _, err := session.Exec(ctx, strings.TrimSuffix(sql, ";")); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	return session, files
}

// planOf is DuckDB's plan of a query, and the names of its columns.
func planOf(t testing.TB, session engine.Session, sql string) ([]byte, []string) {
	t.Helper()
	ctx := context.Background()
	table, err := session.Query(ctx, "select "+fmt.Sprintf(lineage.PlanFunction, "'"+strings.ReplaceAll(sql, "'", "''")+"'")+"::varchar")
	if err != nil {
		t.Fatal(err)
	}
	described, err := session.(engine.Describer).Describe(ctx, sql)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, column := range described {
		names = append(names, column.Name)
	}
	return []byte(table.Rows[0][0].(string)), names
}

// lines writes a query's lineage as the shapes do.
func lines(q *lineage.Query) []string {
	signs := map[lineage.Kind]string{lineage.Passthrough: "=", lineage.Transformed: "~", lineage.Aggregated: "+", lineage.Indirect: "?"}
	var out []string
	for _, column := range q.Columns {
		if len(column.Edges) == 0 {
			out = append(out, column.Name+" .")
		}
		for _, kind := range []lineage.Kind{lineage.Aggregated, lineage.Passthrough, lineage.Transformed, lineage.Indirect} {
			if list := edgesOf(q, column.Edges, kind); list != "" {
				out = append(out, column.Name+" "+signs[kind]+" "+list)
			}
		}
	}
	if list := edgesOf(q, q.Indirect, lineage.Indirect); list != "" {
		out = append(out, "* "+list)
	}
	return out
}

func edgesOf(q *lineage.Query, edges []lineage.Edge, kind lineage.Kind) string {
	var list []string
	for _, edge := range edges {
		if edge.Kind != kind {
			continue
		}
		source := q.Sources[edge.Source]
		name := cmp.Or(source.Table, source.Function)
		if len(source.Files) > 0 && !strings.HasPrefix(source.Function, "read_text") {
			name = filepath.Base(source.Files[0])
		}
		text := name + "." + edge.Column
		if !slices.Equal(edge.Via, []lineage.Via{lineage.ViaValue}) {
			var via []string
			for _, v := range edge.Via {
				via = append(via, string(v))
			}
			text += ":" + strings.Join(via, "+")
		}
		list = append(list, text)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func TestShapes(t *testing.T) {
	t.Parallel()
	session, files := openShapes(t)
	shapes := readShapes(t, files)
	if len(shapes) < 250 {
		t.Errorf("only %d shapes are read", len(shapes))
	}
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			plan, names := planOf(t, session, s.sql)
			q, err := lineage.FromPlan(plan, names)
			if err != nil {
				t.Fatalf("%v\n%s\n%s", err, s.sql, plan)
			}
			if diff := gocmp.Diff(s.want, lines(q)); diff != "" {
				t.Errorf("%s\n(-by hand +computed)\n%s", s.sql, diff)
			}
		})
	}
}
