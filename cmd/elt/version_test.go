package main

import (
	"context"
	"strings"
	"testing"

	"elt/runner/duckdb"
)

func TestVersionOfDuckDBIsTheLibrarys(t *testing.T) {
	t.Parallel()
	db, err := duckdb.Open(context.Background(), duckdb.Options{Path: ":memory:"})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if got := strings.TrimPrefix(db.Version(), "v"); got != duckdbVersion {
		t.Errorf("the library is %s, `elt version` says %s", got, duckdbVersion)
	}
}
