package duckdb

import (
	"context"
	"testing"
)

func open(t *testing.T, options Options) *DB {
	t.Helper()
	db, err := Open(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestOpenMemory(t *testing.T) {
	db := open(t, Options{})
	s, err := db.Session(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	table, err := s.Query(context.Background(), "select 42 as a, 'x' as b")
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Rows) != 1 || table.Rows[0][0] != int64(42) || table.Text(0, 1) != "x" {
		t.Errorf("got %v", table)
	}
}
