package runner_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner"
	"elt/runner/engine"
)

func TestInterruptPublishesNothing(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as n")
	w.build()
	w.table("a", "select 2 as n")
	w.table("slow", "select sum(a.range * b.range) as n from range(1000000) a, range(1000000) b")
	w.table("z", "select * from {slow}")
	ctx, cancel := context.WithCancel(context.Background())
	started := make(chan struct{})
	var begun atomic.Int32
	w.opts.Point = func(name string) {
		if name == "candidate-started" && begun.Add(1) == 2 {
			close(started)
		}
	}
	var ended time.Time
	go func() {
		<-started
		time.Sleep(50 * time.Millisecond) // into the long query
		ended = time.Now()
		cancel()
	}()
	summary, err := w.runAs(ctx, "build", &recorder{})
	took := time.Since(ended)
	if !errors.Is(err, runner.ErrInterrupted) || summary == nil || !summary.Interrupted {
		t.Fatalf("got %+v, %v", summary, err)
	}
	t.Logf("it took %v to stop what would run for days; the program leaves on its own where that is long", took)
	equal(t, "a", w.rows("select * from a"), "1")
	equal(t, "outcome", w.rows("select outcome from _elt.runs order by started_at desc limit 1"), "interrupted")
}

func TestRetryTakesOverWhatIsStillGood(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as n")
	w.table("b", "select n + 1 as n from {a}")
	w.table("c", "select n as nowhere from {b}")
	w.table("d", "select * from {c}")
	w.check("b_ok", "select * from {b} where n > 5")
	w.check("b_not", "select * from {b} where n > 1")
	s := w.build()
	equalStatuses(t, s, `
		a success published
		b success held for b_not
		c skipped for b_not
		d skipped for b_not
		b_ok pass
		b_not fail`)
	w.check("b_not", "select * from {b} where n > 2")
	w.table("c", "select n from {b}")
	w.table("d", "select n from {c}")
	opts := runner.Options{Compiler: runner.Precompiled()}
	s, err := runner.Retry(context.Background(), w.plan(), opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	equalStatuses(t, s, `
		b success published
		c success published
		d success published
		b_not pass`)
	if !s.Results[0].Resumed || s.Results[1].Resumed {
		t.Error("b is to be taken over, c is not")
	}
	equal(t, "d", w.rows("select * from d"), "2")
	equal(t, "leftovers", w.leftovers(), "")
	if _, err := runner.Retry(context.Background(), w.plan(), opts, nil); !errors.Is(err, runner.ErrNothingToRetry) {
		t.Errorf("a second retry: %v", err)
	}
}

func TestRetryRebuildsWhatHasChanged(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("b", "select 2 as n")
	w.view("v", "select * from {b}")
	w.table("c", "select n from {v}")
	w.check("c_ok", "select * from {c} where n > 1")
	w.check("b_ok", "select * from {b} where n > 1")
	w.build()
	w.table("b", "select 1 as n")
	s, err := runner.Retry(context.Background(), w.plan(), runner.Options{Compiler: runner.Precompiled()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	equalStatuses(t, s, `
		b success published
		v success published
		c success published
		c_ok pass
		b_ok pass`)
	for _, res := range s.Results {
		if res.Resumed {
			t.Errorf("%s was taken over, but what it was made of has changed", res.Node.Name)
		}
	}
}

func TestShowCandidateAndClean(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as n")
	w.view("v", "select n * 2 as n from {a}")
	w.incremental("inc", "select n from {v}")
	w.check("inc_ok", "select * from {inc} where n > 2")
	w.check("a_ok", "select * from {a} where n > 1")
	w.build()
	w.table("a", "select 5 as n")
	w.build()
	show := func(name string) string {
		table, err := runner.Show(context.Background(), w.plan(), runner.ShowOptions{
			Node: w.named(name).UniqueID, Candidate: true, Limit: -1, Compiler: runner.Precompiled(),
		})
		if err != nil {
			return err.Error()
		}
		return cells(table)
	}
	equal(t, "candidate of a", show("a"), "5")
	w.check("a_ok", "select * from {a} where n > 10")
	w.build()
	equal(t, "candidate of inc", show("inc"), "2\n10")
	dropped, err := runner.Clean(context.Background(), w.plan(), runner.CleanOptions{})
	if err != nil || len(dropped.Relations) != 1 {
		t.Fatalf("dropped %v, %v", dropped, err)
	}
	equal(t, "leftovers", w.leftovers(), "")
	if got := show("a"); !strings.Contains(got, "no candidate") {
		t.Error(got)
	}
}

func cells(t *engine.Table) string {
	var lines []string
	for i := range t.Rows {
		var row []string
		for c := range t.Columns {
			row = append(row, t.Text(i, c))
		}
		lines = append(lines, strings.Join(row, "|"))
	}
	return strings.Join(lines, "\n")
}

func TestHistoryTellsTheIncident(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as n")
	w.table("b", "select n from {a}")
	w.check("b_ok", "select * from {b} where n > 1")
	w.build()
	w.table("a", "select 2 as n")
	w.build()
	report, err := runner.History(context.Background(), w.plan(), runner.HistoryOptions{LastFailure: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Runs) != 2 || report.Runs[0].Outcome != "failed" || report.Runs[1].Outcome != "success" {
		t.Fatalf("runs: %+v", report.Runs)
	}
	in := report.Incident
	if in == nil || len(in.Failures) != 1 || in.Failures[0].LastSuccess.IsZero() {
		t.Fatalf("incident: %+v", in)
	}
	equal(t, "changed", strings.Join(in.Failures[0].Changed, "\n"), "model.shop.a: SQL")
	if len(in.Stale) != 1 || short(in.Stale[0].UniqueID) != "b" || in.Stale[0].PublishedAt.IsZero() {
		t.Errorf("stale: %+v", in.Stale)
	}
}

func TestStateOfANewerEltIsRefused(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("a", "select 1 as n")
	w.build()
	w.exec("insert into _elt.meta values (99, 'future', now()::timestamp)")
	_, err := w.run("build")
	if err == nil || !strings.Contains(err.Error(), "version 99") {
		t.Fatalf("got %v", err)
	}
}

func TestFailedCompilationLeavesNoFile(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.add(project.Model, "a", "select 1", "materialized", "unheard_of")
	_, err := w.run("build")
	if err == nil {
		t.Fatal("no error")
	}
	if _, err := os.Stat(w.path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the database file exists: %v", err)
	}
}

func TestSeedsAreLoaded(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	seed := w.add(project.Seed, "s", "")
	seed.OriginalPath = "seeds/s.csv"
	seed.Compiled = nil
	dir := filepath.Join(filepath.Dir(w.path), "seeds")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "s.csv"), []byte("id,name\n1,one\n2,two\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	w.table("a", "select sum(id) as n from {s}")
	s := w.build()
	equalStatuses(t, s, "s success published\n\t\ta success published")
	equal(t, "a", w.rows("select * from a"), "3")
}

func TestTimeoutStopsANode(t *testing.T) {
	t.Parallel()
	w := newWarehouse(t)
	w.table("slow", "select sum(a.range * b.range) as n from range(10000000) a, range(1000000) b", "timeout", "100ms")
	w.table("fast", "select 1 as n", "timeout", int64(60))
	w.table("odd", "select 1 as n", "timeout", "soon")
	s := w.build()
	equalStatuses(t, s, `
		slow error
		fast success published
		odd error`)
	for _, res := range s.Results {
		if res.Node.Name == "slow" && res.Diagnostics[0].Code != diag.Timeout {
			t.Errorf("got %v", res.Diagnostics)
		}
	}
}
