package cases

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"elt/bench/internal/content"
	"elt/bench/internal/peers"
	"elt/bench/internal/project"
	"elt/bench/internal/suite"
)

// size is a project of a parse case: how large, and how often each tool may run on it.
type size struct {
	models, runs, peerRuns int
	coldOnly               bool // others are measured cold only: minutes each time
}

func (e *Env) sizes() []size {
	if e.Quick {
		return []size{{models: 1000, runs: 2, peerRuns: 1}, {models: 10_000, runs: 2}}
	}
	return []size{{models: 1000, runs: 5, peerRuns: 3}, {models: 10_000, runs: 9, peerRuns: 1}, {models: 40_000, runs: 3, peerRuns: 1, coldOnly: true}}
}

// parse is the loading of large projects.
func (e *Env) parse() suite.Case {
	return suite.Case{
		Name: "parse", Title: "Parse and graph of large projects",
		About: "Listing all nodes of generated projects with as many tests as models: `elt ls`, `dbt ls`, and `sqlmesh info --skip-connection`, which loads the project and counts its models. " +
			"Cold is without what a tool has cached; warm is the same again; changed is after one model's file was changed. elt and dbt must list the same nodes.",
		Prepare: func(ctx context.Context, dir string) ([]suite.Scenario, error) {
			return e.eachSize(ctx, dir, e.sizes(), func(t *team, _ size) []suite.Contender {
				all := []suite.Contender{t.elt("ls"), t.dbt("--quiet", "ls"), t.mesh("info", "--skip-connection")}
				for i := range all {
					all[i].Command.Stdout = filepath.Join(all[i].Command.Dir, "listed")
					all[i].Facts = listed(all[i])
				}
				return all
			})
		},
	}
}

// compile is the same projects with their SQL rendered.
func (e *Env) compile() suite.Case {
	return suite.Case{
		Name: "compile", Title: "Compile of large projects",
		About: "Rendering the SQL of every node of the same projects to `target/compiled`: `elt compile` and `dbt compile`, whose files must be equal. SQLMesh has no command that renders every model.",
		Prepare: func(ctx context.Context, dir string) ([]suite.Scenario, error) {
			sizes := e.sizes()
			for i := range sizes {
				if sizes[i].coldOnly { // dbt needs five minutes for a quarter of it
					sizes[i].peerRuns = 0
				}
			}
			return e.eachSize(ctx, dir, sizes, func(t *team, _ size) []suite.Contender {
				all := []suite.Contender{t.elt("compile"), t.dbt("--quiet", "compile")}
				for i := range all {
					all[i].Facts = compiled(all[i], t.name)
				}
				return append(all, suite.Contender{Tool: peers.SQLMesh, Absent: "has no command that renders every model"})
			})
		},
	}
}

// eachSize prepares the projects and the scenarios cold, warm and changed of each.
func (e *Env) eachSize(ctx context.Context, dir string, sizes []size, contenders func(*team, size) []suite.Contender) ([]suite.Scenario, error) {
	var scenarios []suite.Scenario
	for _, s := range sizes {
		t, err := e.generated(ctx, filepath.Join(dir, fmt.Sprint(s.models)), s.models)
		if err != nil {
			return nil, err
		}
		all := contenders(t, s)
		for i := range all {
			all[i].File = ""
			if all[i].Tool == peers.Elt {
				continue
			}
			all[i].Runs = s.peerRuns
			if s.peerRuns == 0 && all[i].Absent == "" {
				all[i].Absent = "takes many minutes at this size"
			}
		}
		for _, state := range []string{"cold", "warm", "changed"} {
			scenarios = append(scenarios, suite.Scenario{
				Name: fmt.Sprintf("%d-%s", s.models, state), Title: fmt.Sprintf("%d models, %s", s.models, state),
				Contenders: e.inState(s, t, all, state), Runs: s.runs,
			})
		}
	}
	return scenarios, nil
}

// generated writes a generated project for elt, dbt and SQLMesh.
func (e *Env) generated(ctx context.Context, dir string, models int) (*team, error) {
	g := project.Generated{Models: models, Tests: models, Seeds: 20, Materialized: "table", Connection: e.connection()}
	return e.assemble(ctx, dir, "generated", e.connection(), g.Files().Write)
}

// inState are the tools at a project that is as the state says.
func (e *Env) inState(s size, t *team, all []suite.Contender, state string) []suite.Contender {
	out := slices.Clone(all)
	for i := range out {
		if s.coldOnly && state != "cold" && out[i].Tool != peers.Elt && out[i].Absent == "" {
			out[i].Absent = "takes many minutes at this size: measured cold only"
		}
		dir := out[i].Command.Dir
		switch state {
		case "cold":
			out[i].Reset = func(context.Context, int) error { return e.forget(dir) }
		case "changed":
			path := filepath.Join(dir, filepath.FromSlash(project.ModelPath(42)))
			if out[i].Tool == peers.SQLMesh {
				path = filepath.Join(dir, "models", filepath.Base(path))
			}
			out[i].Reset = func(_ context.Context, round int) error { return changeNumber(path, round) }
		}
	}
	return out
}

// forget takes away what a tool keeps between runs beside its database.
func (e *Env) forget(dir string) error {
	for _, name := range []string{"target", ".cache"} {
		if err := suite.Discard(e.Work, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

var addedNumber = regexp.MustCompile(`amount \+ \d+ as`)

// changeNumber makes a generated model add another number: a change of its SQL that shows
// in its rows, another one each round.
func changeNumber(path string, round int) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed := addedNumber.ReplaceAll(text, fmt.Appendf(nil, "amount + %d as", round+2))
	if bytes.Equal(changed, text) {
		return fmt.Errorf("%s has nothing to change", path)
	}
	return os.WriteFile(path, changed, 0o644)
}

var countedModels = regexp.MustCompile(`Models: (\d+)`)

// listed tells how many models and seeds a tool has found and, of those that list them,
// which nodes.
func listed(c suite.Contender) func(context.Context, int) (content.Facts, error) {
	return func(context.Context, int) (content.Facts, error) {
		text, err := os.ReadFile(c.Command.Stdout)
		if err != nil {
			return nil, err
		}
		if c.Tool == peers.SQLMesh {
			found := countedModels.FindSubmatch(text)
			if found == nil {
				return nil, fmt.Errorf("no count of models in %q", text)
			}
			return content.Facts{"models and seeds": string(found[1])}, nil
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		slices.Sort(lines)
		count := 0
		for _, line := range lines {
			name := line[strings.LastIndexByte(line, '.')+1:]
			if strings.HasPrefix(name, "model_") || strings.HasPrefix(name, "seed_") {
				count++
			}
		}
		return content.Facts{
			"models and seeds": fmt.Sprint(count),
			"~nodes":           fmt.Sprintf("%d #%x", len(lines), sumOf(strings.Join(lines, "\n"))),
		}, nil
	}
}

func sumOf(text string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(text))
	return h.Sum64()
}

// compiled tells which files a tool has written to target/compiled, and what is in them
// apart from white space at their ends.
func compiled(c suite.Contender, name string) func(context.Context, int) (content.Facts, error) {
	return func(context.Context, int) (content.Facts, error) {
		root := filepath.Join(c.Command.Dir, "target", "compiled", name)
		var lines []string
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			relative, err := filepath.Rel(root, path)
			lines = append(lines, fmt.Sprintf("%s %x", relative, sumOf(strings.TrimSpace(string(text)))))
			return err
		})
		slices.Sort(lines)
		return content.Facts{"files": fmt.Sprintf("%d #%x", len(lines), sumOf(strings.Join(lines, "\n")))}, err
	}
}
