// Command lineage prints what elt's column lineage says of the query shapes of
// compiler/lineage, as JSON: for each shape, for each output column in order, its name and
// the source columns it is computed from. compare.py sets it beside sqlglot's lineage.
//
//	go run ./bench/lineage > /tmp/elt-lineage.json
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"elt/compiler/lineage"
	"elt/runner/duckdb"
	"elt/runner/engine"
)

// folder holds the shapes, seen from the root of the module.
const folder = "compiler/lineage/testdata"

// column is an output column and what it is computed from.
type column struct {
	Name     string   `json:"name"`
	Direct   []string `json:"direct"`
	Indirect []string `json:"indirect"`
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	db, err := duckdb.Open(ctx, duckdb.Options{Path: ":memory:"})
	if err != nil {
		return err
	}
	defer db.Close()
	session, err := db.Session(ctx)
	if err != nil {
		return err
	}
	files, err := os.MkdirTemp("", "lineage")
	if err != nil {
		return err
	}
	defer os.RemoveAll(files)
	if err := prepare(ctx, session, files); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(folder, "shapes.txt"))
	if err != nil {
		return err
	}
	result := map[string][]column{}
	for _, block := range strings.Split(string(text), "\n## ")[1:] {
		head, _, _ := strings.Cut(block, "\n---\n")
		name, sql, _ := strings.Cut(head, "\n")
		columns, err := shape(ctx, session, strings.ReplaceAll(sql, "$FILES", files))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		result[name] = columns
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}

func prepare(ctx context.Context, session engine.Session, files string) error {
	script, err := os.ReadFile(filepath.Join(folder, "tables.sql"))
	if err != nil {
		return err
	}
	statements := strings.Split(strings.TrimSpace(string(script)), ";\n")
	statements = append(statements, fmt.Sprintf("copy (select 1 as id, 2.5 as amount) to '%s/orders.parquet'", files))
	for _, sql := range statements {
		if _, err := session.Exec(ctx, strings.TrimSuffix(sql, ";")); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(files, "note.txt"), []byte("x"), 0o600)
}

// shape is the lineage of one query.
func shape(ctx context.Context, session engine.Session, sql string) ([]column, error) {
	table, err := session.Query(ctx, "select "+fmt.Sprintf(lineage.PlanFunction, "'"+strings.ReplaceAll(sql, "'", "''")+"'")+"::varchar")
	if err != nil {
		return nil, err
	}
	described, err := session.(engine.Describer).Describe(ctx, sql)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, c := range described {
		names = append(names, c.Name)
	}
	q, err := lineage.FromPlan([]byte(table.Rows[0][0].(string)), names)
	if err != nil {
		return nil, err
	}
	var columns []column
	for _, c := range q.Columns {
		out := column{Name: c.Name, Direct: []string{}, Indirect: []string{}}
		for _, edge := range c.Edges {
			source := q.Sources[edge.Source]
			from := cmp.Or(source.Table, source.Function) + "." + edge.Column
			if strings.HasSuffix(source.Function, "parquet") || source.Function == "parquet_scan" {
				from = filepath.Base(source.Files[0]) + "." + edge.Column
			}
			if edge.Kind == lineage.Indirect {
				out.Indirect = append(out.Indirect, from)
			} else {
				out.Direct = append(out.Direct, from)
			}
		}
		columns = append(columns, out)
	}
	return columns, nil
}
