package suite_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"elt/bench/internal/content"
	"elt/bench/internal/process"
	"elt/bench/internal/suite"
)

// The test binary is its own launcher and every command of these tests: it ends at once,
// with the exit code that SUITE_CHILD says.
func TestMain(m *testing.M) {
	process.Launch()
	switch os.Getenv("SUITE_CHILD") {
	case "succeeds":
		os.Exit(0)
	case "fails":
		os.Stderr.WriteString("no such table\n")
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// track records in which order contenders run.
type track struct{ order []string }

// contender is a tool that does what a child does, and whose facts of each round are made.
func (tr *track) contender(t *testing.T, tool, does string, made func(round int) content.Facts) suite.Contender {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := suite.Contender{Tool: tool, Command: process.Command{Args: []string{self, "-test.run=^$"}, Dir: t.TempDir(), Env: []string{"SUITE_CHILD=" + does}}}
	c.Reset = func(context.Context, int) error { tr.order = append(tr.order, tool); return nil }
	if made != nil {
		c.Facts = func(_ context.Context, round int) (content.Facts, error) { return made(round), nil }
	}
	return c
}

func same(int) content.Facts { return content.Facts{"main.t": "3 rows"} }

func measure(t *testing.T, s suite.Scenario) suite.ScenarioResult {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the benchmarks are for Unix")
	}
	r := suite.Runner{Dir: t.TempDir(), Limit: time.Minute, Log: t.Logf}
	result, err := r.Run(t.Context(), suite.Case{Name: "case", Prepare: func(context.Context, string) ([]suite.Scenario, error) { return []suite.Scenario{s}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	return result.Scenarios[0]
}

func TestRunsAlternateAndWarmUpDoesNotCount(t *testing.T) {
	t.Parallel()
	var tr track
	got := measure(t, suite.Scenario{Name: "s", Runs: 2, Warmup: 1, Contenders: []suite.Contender{
		tr.contender(t, "elt", "succeeds", same), tr.contender(t, "dbt", "succeeds", same), tr.contender(t, "duckdb", "succeeds", same)}})
	if want := strings.Fields("elt dbt duckdb elt dbt duckdb elt dbt duckdb"); !slices.Equal(tr.order, want) {
		t.Errorf("order %v, want %v", tr.order, want)
	}
	for _, c := range got.Contenders {
		if c.Wall.N != 2 || c.Wrong != "" || c.Failed != "" || c.ToElt.N != 2 || c.ToFloor.N != 2 {
			t.Errorf("%s: %+v", c.Label, c)
		}
	}
	if elt := got.Contenders[0]; elt.ToElt.Median != 1 {
		t.Errorf("elt is %v times elt", elt.ToElt.Median)
	}
}

func TestATimeDoesNotCountOnceTheResultIsWrong(t *testing.T) {
	t.Parallel()
	var tr track
	wrongLater := func(round int) content.Facts {
		if round < 1 {
			return same(round)
		}
		return content.Facts{"main.t": "2 rows"}
	}
	got := measure(t, suite.Scenario{Name: "s", Runs: 3, Reference: "duckdb", Contenders: []suite.Contender{
		tr.contender(t, "elt", "succeeds", wrongLater), tr.contender(t, "duckdb", "succeeds", same)}})
	elt := got.Contenders[0]
	if elt.Wall.N != 1 || elt.Wrong != "against duckdb: main.t: 2 rows, not 3 rows" {
		t.Errorf("%d runs count, wrong: %q", elt.Wall.N, elt.Wrong)
	}
	if floor := got.Contenders[1]; floor.Wall.N != 3 || floor.Wrong != "" {
		t.Errorf("the reference: %+v", floor)
	}
}

func TestAFailedToolTakesNoFurtherPart(t *testing.T) {
	t.Parallel()
	var tr track
	got := measure(t, suite.Scenario{Name: "s", Runs: 2, Contenders: []suite.Contender{
		tr.contender(t, "dbt", "fails", same), tr.contender(t, "elt", "succeeds", same)}})
	if dbt := got.Contenders[0]; dbt.Counts() || !strings.HasSuffix(dbt.Failed, "exit code 1: no such table") {
		t.Errorf("failed: %q, samples %v", dbt.Failed, dbt.Samples)
	}
	if want := []string{"dbt", "elt", "elt"}; !slices.Equal(tr.order, want) {
		t.Errorf("order %v, want %v", tr.order, want)
	}
}

func TestFactsThatOnlySomeToolsTell(t *testing.T) {
	t.Parallel()
	tells := func(outcome string) func(int) content.Facts {
		return func(int) content.Facts { return content.Facts{"main.t": "3 rows", "~tests": outcome} }
	}
	var tr track
	got := measure(t, suite.Scenario{Name: "s", Runs: 1, Reference: "elt", Contenders: []suite.Contender{
		tr.contender(t, "elt", "succeeds", tells("20 pass")), tr.contender(t, "duckdb", "succeeds", same),
		tr.contender(t, "dbt", "succeeds", tells("19 pass"))}})
	if silent := got.Contenders[1]; silent.Wrong != "" {
		t.Errorf("a tool that tells no outcomes is wrong: %s", silent.Wrong)
	}
	if other := got.Contenders[2]; other.Wrong != "against elt: ~tests: 19 pass, not 20 pass" {
		t.Errorf("wrong: %q", other.Wrong)
	}
}

func TestFewerRunsAndAbsence(t *testing.T) {
	t.Parallel()
	var tr track
	slow, absent := tr.contender(t, "dbt", "succeeds", same), tr.contender(t, "sqlmesh", "succeeds", same)
	slow.Runs, absent.Absent = 1, "cannot do this"
	got := measure(t, suite.Scenario{Name: "s", Runs: 3, Contenders: []suite.Contender{tr.contender(t, "elt", "succeeds", same), slow, absent}})
	if want := []string{"elt", "dbt", "elt", "elt"}; !slices.Equal(tr.order, want) {
		t.Errorf("order %v, want %v", tr.order, want)
	}
	if dbt := got.Contenders[1]; dbt.Wall.N != 1 || dbt.ToElt.N != 1 {
		t.Errorf("%+v", dbt)
	}
	if got.Contenders[2].Absent != "cannot do this" || got.Contenders[2].Counts() {
		t.Errorf("%+v", got.Contenders[2])
	}
}

func TestACaseThatCannotBeHadIsSkipped(t *testing.T) {
	t.Parallel()
	r := suite.Runner{Dir: t.TempDir(), Log: t.Logf}
	result, err := r.Run(t.Context(), suite.Case{Name: "jaffle", Prepare: func(context.Context, string) ([]suite.Scenario, error) {
		return nil, &suite.Missing{What: "no network"}
	}})
	if err != nil || result.Skipped != "no network" {
		t.Errorf("%+v, %v", result, err)
	}
	broken := errors.New("disk full")
	if _, err := r.Run(t.Context(), suite.Case{Name: "other", Prepare: func(context.Context, string) ([]suite.Scenario, error) { return nil, broken }}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestRatiosGoByRounds(t *testing.T) {
	t.Parallel()
	sample := func(round int, wall float64) suite.Sample { return suite.Sample{Round: round, Wall: wall} }
	s := suite.ScenarioResult{Contenders: []suite.ContenderResult{
		{Tool: "elt", Samples: []suite.Sample{sample(-1, 99), sample(0, 1), sample(1, 10), sample(2, 1)}},
		{Tool: "dbt", Samples: []suite.Sample{sample(1, 30)}},
		{Tool: "duckdb", Samples: []suite.Sample{sample(0, 0.5), sample(2, 0.5)}}}}
	s.Summarize()
	for i, want := range []struct{ toElt, toFloor float64 }{{1, 2}, {3, math.NaN()}, {0.5, 1}} {
		c := s.Contenders[i]
		if c.ToElt.Median != want.toElt || (c.ToFloor.N > 0) == math.IsNaN(want.toFloor) || c.ToFloor.N > 0 && c.ToFloor.Median != want.toFloor {
			t.Errorf("%s: × elt %+v, × floor %+v", c.Tool, c.ToElt, c.ToFloor)
		}
	}
}

func TestDiscard(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := suite.Runner{Dir: dir}
	for range 2 { // of one name, one after the other
		path := filepath.Join(dir, "case", "target")
		if err := os.MkdirAll(filepath.Join(path, "compiled"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := suite.Discard(dir, path); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", path, err)
		}
	}
	if err := suite.Discard(dir, filepath.Join(dir, "case", "never was")); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != "case" {
		t.Errorf("%v is left (%v)", left, err)
	}
}
