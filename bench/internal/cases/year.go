package cases

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"elt/bench/internal/content"
	"elt/bench/internal/peers"
	"elt/bench/internal/project"
	"elt/bench/internal/suite"
)

// year is every file of nycflights13, taken in one by one and all at once.
func (e *Env) year() suite.Case {
	return suite.Case{
		Name: "year", Title: "A year of files",
		About: "Every file a day of nycflights13, taken in by a build each, then sent anew: five files come again with a row more and two are deleted, and one build makes that right. Beside it all files at once, from nothing. " +
			"elt takes in files by its `by_file` ledger; the floor is told by hand what to insert and delete. After each work the whole table must equal the floor's.",
		Prepare: func(ctx context.Context, dir string) ([]suite.Scenario, error) {
			flights, err := e.flightFiles(ctx)
			if err != nil {
				return nil, err
			}
			one, err := e.oneByOne(filepath.Join(dir, "one"), flights)
			if err != nil {
				return nil, err
			}
			all, err := e.atOnce(filepath.Join(dir, "all"), flights)
			return append(one, all), err
		},
	}
}

// oneByOne is a build for each file, and then one for what is sent again or gone.
func (e *Env) oneByOne(dir string, a *archive) ([]suite.Scenario, error) {
	single := suite.Scenario{Name: "one-by-one", Title: fmt.Sprintf("%d files, a build each", len(a.days)), Runs: 1, Reference: peers.DuckDB}
	again := suite.Scenario{Name: "sent-again", Title: "five files sent again, two gone", Runs: 1, Reference: peers.DuckDB}
	for _, taking := range []func(string, *archive, plan) (*taker, error){e.eltByFile, e.bareByDay} {
		t, err := taking(dir, a, plan{})
		if err != nil {
			return nil, err
		}
		c := t.whole()
		if c.Command.Args, err = writeArrivals(t.dir, t.everyDay()); err != nil {
			return nil, err
		}
		c.Command.Stdin = ""
		single.Contenders = append(single.Contenders, c)
		c = t.whole()
		c.Command.Args = t.next("")
		c.Reset = func(context.Context, int) error { return t.sendAgain() }
		again.Contenders = append(again.Contenders, c)
	}
	for _, tool := range []peers.Tool{e.Tools.DBT, e.Tools.SQLMesh} {
		single.Contenders = append(single.Contenders, suite.Contender{Tool: tool.Name, Absent: "a build of seconds a day: see what a day costs in `daily`"})
		again.Contenders = append(again.Contenders, suite.Contender{Tool: tool.Name, Absent: "never looks at a file again: see `daily`"})
	}
	return []suite.Scenario{single, again}, nil
}

// whole compares all rows of the table.
func (t *taker) whole() suite.Contender {
	c := t.contender
	c.Facts = func(ctx context.Context, _ int) (content.Facts, error) {
		return t.shell().Query(ctx, t.database, "rows of the year", "select * exclude ("+t.exclude()+") from main.facts")
	}
	return c
}

// everyDay is what happens in a year: each file comes into the lake and is taken in.
func (t *taker) everyDay() []arrival {
	days := make([]arrival, len(t.days))
	for i, day := range t.days {
		days[i] = arrival{From: t.file[day], To: filepath.Join(filepath.FromSlash(project.LakeFiles(day)), "raw.csv"), Args: []string{t.Tools.Elt.Path, "build", "-q"}}
		if t.bare {
			days[i].Args, days[i].Stdin = []string{t.Tools.DuckDB.Path, "-bail", "lake.duckdb"}, t.Bare(day)
		}
		if t.bare && i == 0 {
			days[i].Stdin = t.Bare()
		}
	}
	return days
}

// sendAgain replaces five files by ones with a row more and deletes two, spread over the
// year, and writes the shell's script of them.
func (t *taker) sendAgain() error {
	var script strings.Builder
	for i := range 7 {
		day := t.days[(i+1)*len(t.days)/8]
		if i%3 != 2 {
			if err := t.resend(day); err != nil {
				return err
			}
			script.WriteString(t.Bare(day))
			continue
		}
		if err := os.RemoveAll(filepath.Join(t.dir, filepath.FromSlash(project.LakeFiles(day)))); err != nil {
			return err
		}
		fmt.Fprintf(&script, "delete from main.facts where day = date '%s';\n", day)
	}
	return os.WriteFile(filepath.Join(t.dir, "day.sql"), []byte(script.String()), 0o644)
}

// atOnce is a build from nothing with all files there.
func (e *Env) atOnce(dir string, a *archive) (suite.Scenario, error) {
	s := suite.Scenario{Name: "at-once", Title: fmt.Sprintf("%d files at once", len(a.days)), Runs: e.pick(3, 1), Warmup: 1, Reference: peers.DuckDB}
	for _, taking := range []func(string, *archive, plan) (*taker, error){e.eltByFile, e.eltByDay, e.dbtByDay, e.meshByDay, e.bareByDay} {
		t, err := taking(dir, a, plan{})
		if err != nil {
			return s, err
		}
		for _, day := range a.days {
			if err := t.link(day); err != nil {
				return s, err
			}
		}
		if t.bare {
			if err := os.WriteFile(filepath.Join(t.dir, "day.sql"), []byte(t.Bare()), 0o644); err != nil {
				return s, err
			}
		}
		c := t.whole()
		c.Command.Args = t.all(a.days[len(a.days)-1])
		c.Reset = func(context.Context, int) error { return t.fresh() }
		s.Contenders = append(s.Contenders, c)
	}
	return s, nil
}

// fresh forgets the table and all that the tool keeps of it.
func (t *taker) fresh() error {
	if err := t.forget(t.dir); err != nil {
		return err
	}
	return dropDatabase(t.database)
}
