package cases

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"elt/bench/internal/content"
	"elt/bench/internal/peers"
	"elt/bench/internal/project"
	"elt/bench/internal/suite"
)

// How elt and dbt leave out what has not changed: elt looks into the database, dbt's user names the
// files of the last run.
const (
	variantOfChanged = "--changed"
	variantOfState   = "state:modified+"
)

// tiny is a build of many small models.
func (e *Env) tiny() suite.Case {
	models := e.pick(1000, 200)
	return suite.Case{
		Name: "tiny", Title: fmt.Sprintf("Build of %d small models", models),
		About: fmt.Sprintf("A project of %d tables of a hundred rows each, as many tests, and 20 seeds: from an empty database, again with nothing changed, and with one model changed in the middle layer. ", models) +
			"elt and dbt build everything again unless they are asked to leave out what has not changed, which is an entry of its own: `elt build --changed` looks into the database, dbt is given the files of its last run. " +
			"After one change the floor is the changed table and everything below it.",
		Prepare: func(ctx context.Context, dir string) ([]suite.Scenario, error) {
			t, err := e.generated(ctx, dir, models)
			if err != nil {
				return nil, err
			}
			err = errors.Join(project.Copy(t.folder(peers.Elt), t.eltChanged().Command.Dir), project.Copy(t.folder(peers.DBT), t.dbtState().Command.Dir))
			if err != nil {
				return nil, err
			}
			scenarios := []suite.Scenario{
				{Name: "first", Title: "first build", Contenders: t.builders(), Warmup: e.pick(1, 0)},
				{Name: "same", Title: "nothing changed", Contenders: t.rebuilders(nil), Warmup: 1},
				{Name: "changed", Title: "one model changed", Contenders: t.rebuilders(t.change(models / 200 * 100)), Warmup: 1},
			}
			for i := range scenarios {
				scenarios[i].Runs = e.pick(5, 1)
				fewer(scenarios[i].Contenders, 3)
			}
			return scenarios, nil
		},
	}
}

// fewer lets tools that take a minute or more take part in fewer rounds.
func fewer(contenders []suite.Contender, runs int) {
	for i := range contenders {
		if tool := contenders[i].Tool; tool == peers.DBT || tool == peers.SQLMesh {
			contenders[i].Runs = runs
		}
	}
}

// dbtState is dbt with the state of its last run, in a folder of its own.
func (t *team) dbtState() suite.Contender {
	c := t.dbt("build", "--select", variantOfState, "--state", "state")
	c.Variant, c.Command.Dir = variantOfState, t.folder("dbt-state")
	c.File = filepath.Join(c.Command.Dir, t.name+".duckdb")
	return c
}

// eltChanged is elt with --changed, in a folder of its own.
func (t *team) eltChanged() suite.Contender {
	c := t.elt("build", variantOfChanged)
	c.Variant, c.Command.Dir = variantOfChanged, t.folder("elt-changed")
	c.File = filepath.Join(c.Command.Dir, t.name+".duckdb")
	return c
}

// rebuilders are all tools at another build; change is called before each round.
func (t *team) rebuilders(change func(c suite.Contender, round int) error) []suite.Contender {
	all := []suite.Contender{t.eltChanged(), t.elt("build"), t.dbtState(), t.dbt("build"), t.mesh(planAll()...), t.bare("changed.sql")}
	for i := range all {
		all[i] = withoutOutcomes(t.checked(all[i]))
		c := all[i]
		all[i].Reset = func(ctx context.Context, round int) error {
			if c.Variant == variantOfState {
				if err := t.keepState(ctx, c, round); err != nil {
					return err
				}
			}
			if change == nil {
				return nil
			}
			return change(c, round)
		}
	}
	if change == nil {
		all[len(all)-1].Absent = "a script does not know what has changed"
	}
	return all
}

// withoutOutcomes leaves out how many tests were run: who builds only what has changed
// tests only that.
func withoutOutcomes(c suite.Contender) suite.Contender {
	all := c.Facts
	c.Facts = func(ctx context.Context, round int) (content.Facts, error) {
		facts, err := all(ctx, round)
		delete(facts, outcomes)
		return facts, err
	}
	return c
}

// keepState puts the manifest of the last run where dbt is told to compare with it; the
// first time there has to be a run.
func (t *team) keepState(ctx context.Context, c suite.Contender, _ int) error {
	if _, err := os.Stat(c.File); os.IsNotExist(err) {
		if err := t.quietly(ctx, c.Command.Dir, c.Command.Args[0], "build"); err != nil {
			return err
		}
	}
	state := filepath.Join(c.Command.Dir, "state")
	if err := os.MkdirAll(state, 0o755); err != nil {
		return err
	}
	return copyFile(filepath.Join(c.Command.Dir, "target", "manifest.json"), filepath.Join(state, "manifest.json"))
}

// change changes one generated model, and for DuckDB's shell writes the script of what
// depends on it.
func (t *team) change(model int) func(c suite.Contender, round int) error {
	path := project.ModelPath(model)
	name := strings.TrimSuffix(filepath.Base(path), ".sql")
	id := "model." + t.name + "." + name
	below := t.manifest.Below(id)
	script := t.manifest.Bare(func(id string, n project.Node) bool {
		return below[id] && (n.Type != "test" || slices.ContainsFunc(t.manifest.Parents[id], func(p string) bool { return below[p] }))
	})
	return func(c suite.Contender, round int) error {
		switch c.Tool {
		case peers.DuckDB:
			old := t.manifest.Nodes[id].Compiled
			changed := addedNumber.ReplaceAllString(old, fmt.Sprintf("amount + %d as", round+2))
			return t.script("changed.sql", strings.Replace(script, strings.TrimSpace(old), strings.TrimSpace(changed), 1))
		case peers.SQLMesh:
			return changeNumber(filepath.Join(c.Command.Dir, "models", name+".sql"), round)
		}
		return changeNumber(filepath.Join(c.Command.Dir, filepath.FromSlash(path)), round)
	}
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if closing := out.Close(); err == nil {
		err = closing
	}
	return err
}
