package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/duckdb"
	"elt/runner/engine"
)

// relations compares what the two databases hold: for each relation of a node its kind,
// columns with types, and rows as bags.
//
// Both databases have one name, and views name it, so they cannot be attached at once.
// Each is attached alone, under its own name, and its relations are copied into a scratch
// database; then the scratch databases are compared.
func (r *report) relations(ctx context.Context, dbt, elt *side) error {
	ids := map[string]map[string]any{}
	for id, node := range dbt.nodes() {
		if dbt.results[id] != nil && text(node["relation_name"]) != "" {
			ids[id] = node
		}
	}
	if len(ids) == 0 {
		return nil
	}
	for _, s := range []*side{dbt, elt} {
		if err := s.copyRelations(ctx, ids); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	db, err := duckdb.Open(ctx, duckdb.Options{Attach: []duckdb.Attachment{
		{Path: dbt.scratch(), Alias: "dbt", ReadOnly: true}, {Path: elt.scratch(), Alias: "elt", ReadOnly: true}}})
	if err != nil {
		return err
	}
	defer db.Close()
	session, err := db.Session(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	for _, id := range union(ids, nil) {
		if err := r.relation(ctx, session, id); err != nil {
			return err
		}
	}
	return nil
}

// scratch is the database the relations of a side are copied to.
func (s *side) scratch() string { return filepath.Join(filepath.Dir(s.dir), "rows.duckdb") }

// databases finds the database files of the copy, at the top and one folder below.
func (s *side) databases() ([]string, error) {
	var out []string
	for _, below := range []string{"", "*"} {
		for _, ext := range databaseNames {
			found, err := filepath.Glob(filepath.Join(s.dir, below, "*"+ext))
			if err != nil {
				return nil, err
			}
			out = append(out, found...)
		}
	}
	return out, nil
}

// copyRelations copies the relations of nodes, each as a table of the node's unique_id,
// and its kind and columns beside it.
func (s *side) copyRelations(ctx context.Context, ids map[string]map[string]any) error {
	if err := os.RemoveAll(s.scratch()); err != nil {
		return err
	}
	files, err := s.databases()
	if err != nil {
		return err
	}
	var attach []duckdb.Attachment
	for _, file := range files {
		attach = append(attach, duckdb.Attachment{Path: file, Alias: project.DatabaseName(file), ReadOnly: true})
	}
	attach = append(attach, duckdb.Attachment{Path: s.scratch(), Alias: "_scratch"})
	old, err := os.Getwd()
	if err != nil {
		return err
	}
	if err := os.Chdir(s.dir); err != nil { // views over files have paths relative to it
		return err
	}
	defer os.Chdir(old)
	db, err := duckdb.Open(ctx, duckdb.Options{Attach: attach})
	if err != nil {
		return err
	}
	defer db.Close()
	session, err := db.Session(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	if _, err := session.Exec(ctx, "create table _scratch.main.kinds (id text, kind text, columns text)"); err != nil {
		return err
	}
	for _, id := range union(ids, nil) {
		if err := copyRelation(ctx, session, id, text(ids[id]["relation_name"])); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
	}
	return nil
}

func copyRelation(ctx context.Context, session engine.Session, id, name string) error {
	var parts []string
	for _, chain := range sqltoken.Chains(name) { // quoted or, under quoting: false, plain
		for _, part := range chain.Parts {
			parts = append(parts, part.Name)
		}
	}
	if len(parts) != 3 {
		return fmt.Errorf("%q is no relation name", name)
	}
	info, err := duckdb.Find(ctx, session, project.Relation{Database: parts[0], Schema: parts[1], Identifier: parts[2]})
	if err != nil || info == nil {
		return err
	}
	var columns []string
	for _, c := range info.Columns {
		columns = append(columns, c.Name+" "+c.Type)
	}
	row := []string{id, info.Type, strings.Join(columns, ", ")}
	for i := range row {
		row[i] = project.QuoteString(row[i])
	}
	statements := []string{
		"insert into _scratch.main.kinds values (" + strings.Join(row, ", ") + ")",
		"create table _scratch.main." + project.QuoteIdent(id) + " as select * from " + name,
	}
	for _, sql := range statements {
		if _, err := session.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

func (r *report) relation(ctx context.Context, session engine.Session, id string) error {
	kinds := map[string][]string{}
	for _, side := range []string{"dbt", "elt"} {
		t, err := session.Query(ctx, "select kind, columns from "+side+".main.kinds where id = "+project.QuoteString(id))
		if err != nil {
			return err
		}
		kinds[side] = []string{"missing", "missing"}
		if len(t.Rows) > 0 {
			kinds[side] = []string{text(t.Rows[0][0]), text(t.Rows[0][1])}
		}
	}
	r.add(id, "relation kind", kinds["dbt"][0], kinds["elt"][0])
	r.add(id, "relation columns", kinds["dbt"][1], kinds["elt"][1])
	if slices.Contains([]string{kinds["dbt"][0], kinds["elt"][0]}, "missing") || kinds["dbt"][1] != kinds["elt"][1] {
		return nil
	}
	only := func(a, b string) (string, error) {
		t, err := session.Query(ctx, fmt.Sprintf("select count(*) from (from %[1]s.main.%[3]s except all from %[2]s.main.%[3]s)", a, b, project.QuoteIdent(id)))
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%v rows that the other has not", t.Rows[0][0]), nil
	}
	left, err := only("dbt", "elt")
	if err != nil {
		return err
	}
	right, err := only("elt", "dbt")
	if err != nil {
		return err
	}
	const none = "0 rows that the other has not"
	if left == none && right == none {
		left, right = "", ""
	} else if left == right {
		right += " either"
	}
	r.add(id, "rows", left, right)
	return nil
}
