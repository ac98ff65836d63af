package state_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"elt/compiler/project"
	"elt/runner/duckdb"
	"elt/runner/engine"
	"elt/runner/state"
)

func open(t *testing.T) (engine.Session, string) {
	t.Helper()
	db, err := duckdb.Open(context.Background(), duckdb.Options{Path: filepath.Join(t.TempDir(), "s.duckdb")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s, err := db.Session(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s, db.Database()
}

func run(t *testing.T, s engine.Session, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if _, err := s.Exec(context.Background(), sql); err != nil {
			t.Fatalf("%s\n%v", sql, err)
		}
	}
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123000, time.UTC)

func TestEnsureMakesTheTablesOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, db := open(t)
	if v, err := state.ReadVersion(ctx, s, db); v != 0 || err != nil {
		t.Fatalf("version %d, %v", v, err)
	}
	for range 2 {
		if err := state.Ensure(ctx, s, db, "1.0", state.Time(noon)); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := state.ReadVersion(ctx, s, db); v != state.Version || err != nil {
		t.Fatalf("version %d, %v", v, err)
	}
	run(t, s, "insert into _elt.meta values (1000, 'x', null)")
	if err := state.Ensure(ctx, s, db, "1.0", state.Time(noon)); err == nil {
		t.Error("a newer version was not refused")
	}
}

func TestRowsReadBackAsWritten(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"in the log", "moved", "in the tables"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			readBack(t, way)
		})
	}
}

func readBack(t *testing.T, way string) {
	t.Helper()
	ctx := context.Background()
	s, db := open(t)
	if err := state.Ensure(ctx, s, db, "1.0", state.Time(noon)); err != nil {
		t.Fatal(err)
	}
	r := state.Run{
		RunID: "r1", Command: "build", Target: "dev", EltVersion: "1.0", StartedAt: noon,
		Options: `{"a": "it's"}`, Selected: []string{"model.a.b", `test.a."quoted" it's`},
	}
	book := state.BookFor(db, 1)
	book.Direct = way == "in the tables"
	move := func() {
		if way == "moved" {
			run(t, s, state.EmptyLog(db)...)
		}
	}
	run(t, s, book.InsertRun(r), book.FinishRun("r1", state.OutcomeFailed, noon.Add(time.Minute), time.Time{}))
	move()
	r.FinishedAt, r.Outcome = noon.Add(time.Minute), state.OutcomeFailed
	runs, err := state.Runs(ctx, s, db, "model.a.b", 5)
	diff(t, "runs", runs, []state.Run{r}, err)
	runs, err = state.Runs(ctx, s, db, "model.other", 5)
	diff(t, "runs of a node that was not in any", runs, []state.Run{}, err)

	results := []state.Result{
		{RunID: "r1", UniqueID: "model.a.b", ResourceType: "model", Status: "success", StartedAt: noon,
			CompileTime: time.Millisecond, ExecuteTime: 2 * time.Second, Rows: 7, Failures: -1, HeldFor: "test.x",
			SQLHash: "s", ConfigHash: "c"},
		{RunID: "r1", UniqueID: "test.x", ResourceType: "test", Status: "fail", StartedAt: noon, Rows: -1,
			Failures: 3, Message: "it's bad", Sample: "{}"},
	}
	run(t, s, book.InsertResults(results)...)
	move()
	got, err := state.Results(ctx, s, db, "r1")
	diff(t, "results", got, results, err)

	candidates := []state.Candidate{{
		RunID: "r1", UniqueID: "model.a.b", Relation: project.Relation{Database: db, Schema: "main", Identifier: "_elt_r1_1"},
		Kind: state.KindDelta, ViewSQL: "select 'x'", SQLHash: "s", ConfigHash: "c", Rows: 7, MadeAt: noon,
	}}
	run(t, s, state.InsertCandidates(db, candidates)...)
	gotC, err := state.Candidates(ctx, s, db)
	diff(t, "candidates", gotC, candidates, err)
	run(t, s, state.ForgetCandidates(db, []string{"model.a.b"})...)
	gotC, err = state.Candidates(ctx, s, db)
	diff(t, "candidates forgotten", gotC, []state.Candidate{}, err)

	n := state.NodeState{
		UniqueID: "model.a.b", Relation: project.Relation{Database: db, Schema: "main", Identifier: "b"},
		Materialized: "table", RunID: "r1", PublishedAt: noon, SQLHash: "s", ConfigHash: "c", Rows: 7,
	}
	run(t, s, book.PutNodeStates([]state.NodeState{n})...)
	move()
	n.Rows = 8
	run(t, s, book.PutNodeStates([]state.NodeState{n})...)
	move()
	states, err := state.NodeStates(ctx, s, db)
	diff(t, "states", states, map[string]state.NodeState{n.UniqueID: n}, err)

	files := []state.LakeFile{{RunID: "r1", UniqueID: "source.a", Path: "/lake/ö.csv", Bytes: 12, ModifiedAt: noon}}
	run(t, s, book.InsertLakeFiles(files)...)
	move()
	gotF, err := state.LakeFiles(ctx, s, db, "r1")
	diff(t, "files", gotF, files, err)
}

func TestManyRowsAreInsertedInBatches(t *testing.T) {
	t.Parallel()
	s, db := open(t)
	if err := state.Ensure(context.Background(), s, db, "1.0", state.Time(noon)); err != nil {
		t.Fatal(err)
	}
	results := make([]state.Result, 1201)
	for i := range results {
		results[i] = state.Result{RunID: "r", UniqueID: "n"}
	}
	statements := state.BookFor(db, len(results)).InsertResults(results)
	run(t, s, statements...)
	table, err := s.Query(context.Background(), "select count(*) from _elt.node_results")
	if err != nil || table.Rows[0][0] != int64(1201) || len(statements) != 3 {
		t.Errorf("%d statements, rows %v, %v", len(statements), table, err)
	}
}

func diff[T any](t *testing.T, what string, got, want T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}
