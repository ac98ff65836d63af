package state

import (
	"context"
	"testing"
	"time"

	"elt/runner/duckdb"
)

// TestMigrateFromAnOlderElt takes the tables of this version for those of an older elt,
// with rows in them, and brings them forward by migrations of a newer one.
func TestMigrateFromAnOlderElt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, err := duckdb.Open(ctx, duckdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := db.Session(ctx)
	if err != nil {
		t.Fatal(err)
	}
	now := Time(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	if err := Ensure(ctx, s, db.Database(), "1.0", now); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Exec(ctx, "insert into _elt.past_runs (run_id, outcome) values ('old', 'success')"); err != nil {
		t.Fatal(err)
	}
	version := func() int {
		t.Helper()
		v, err := ReadVersion(ctx, s, db.Database())
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	add := []string{"alter table {s}.past_runs add column machine varchar default 'unknown'"}
	wrong := []string{"create table {s}.half (n integer)", "alter table {s}.nosuch add column n integer"}
	newer := append(migrations(), add, wrong)
	if err := migrate(ctx, s, db.Database(), Version, newer, "2.0", now); err == nil {
		t.Fatal("a migration that fails was taken for done")
	}
	if got := version(); got != Version {
		t.Errorf("after a failed migration: version %d", got)
	}
	if _, err := s.Query(ctx, "select machine from _elt.past_runs"); err == nil {
		t.Error("half of a failed migration stayed")
	}
	if err := migrate(ctx, s, db.Database(), Version, newer[:Version+1], "2.0", now); err != nil {
		t.Fatal(err)
	}
	if got := version(); got != Version+1 {
		t.Errorf("after a migration: version %d", got)
	}
	table, err := s.Query(ctx, "select run_id || ' ' || outcome || ' ' || machine from _elt.past_runs")
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Rows) != 1 || table.Text(0, 0) != "old success unknown" {
		t.Errorf("rows of the older elt: %v", table.Rows)
	}
	if err := Check(version()); err == nil {
		t.Error("this elt does not refuse what the newer one has written")
	}
}
