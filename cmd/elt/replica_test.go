package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"elt/runner/duckdb"
)

// TestReaderKeepsTheReplicaItOpened has a reader with the replica open while a build
// replaces it: the reader goes on seeing what it opened, others see the new one.
func TestReaderKeepsTheReplicaItOpened(t *testing.T) {
	t.Parallel()
	if filepath.Separator == '\\' {
		t.Skip("Windows does not let a file be replaced that is open")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"elt.yml":         "name: shop\ntarget: {path: warehouse.duckdb, replica: read.duckdb}\n",
		"models/a.sql":    "{{ config(materialized='table') }}\nselect {{ var('day', 1) }} as day, range as n from range(100000)\n",
		"models/view.sql": "select max(day) as day, count(distinct n) as rows from {{ ref('a') }}\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	build := func(day int) {
		t.Helper()
		cmd := exec.Command(filepath.Join(binaryFolder(t), "elt"), "build", "-q", "--vars", "day: "+strconv.Itoa(day))
		cmd.Dir = dir
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
	}
	build(1)
	replica := filepath.Join(dir, "read.duckdb")
	ctx := context.Background()
	old, err := duckdb.Open(ctx, duckdb.Options{Path: replica, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	reader, err := old.Session(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for day := 2; day <= 4; day++ {
		build(day)
		table, err := reader.Query(ctx, "select day, rows from view")
		if err != nil {
			t.Fatal(err)
		}
		if table.Text(0, 0) != "1" || table.Text(0, 1) != "100000" {
			t.Errorf("after build %d: the old replica shows day %s and %s rows", day, table.Text(0, 0), table.Text(0, 1))
		}
		batch, err := exec.Command(filepath.Join(binaryFolder(t), "reader"), "watch", replica, "select day::bigint from {db}.view", strconv.Itoa(day)).CombinedOutput()
		if err != nil {
			t.Errorf("after build %d: %v: %s", day, err, batch)
		}
	}
}
