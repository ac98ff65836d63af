package runner_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"elt/compiler/project"
	"elt/runner"
	"elt/runner/engine"
)

var (
	changedSequences = flag.Int("changed-sequences", 4, "random sequences that TestChangedAgainstAFullBuild goes through")
	changedSeed      = flag.Uint64("changed-seed", 0, "the only sequence to go through; 0 for all")
)

// TestChangedAgainstAFullBuild edits random projects at random and compares what `build --changed`
// leaves with what a build of everything leaves on a copy of the database.
func TestChangedAgainstAFullBuild(t *testing.T) {
	t.Parallel()
	for i := range *changedSequences {
		seed := uint64(i + 1)
		if *changedSeed != 0 {
			seed = *changedSeed
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			newEdited(t, seed).play(7)
		})
		if *changedSeed != 0 {
			return
		}
	}
}

// edited is a project that is edited at random.
type edited struct {
	*warehouse
	rand   *rand.Rand
	models []drawnModel
	limits map[string]int // of tests, by name: the largest value that passes
	tested map[string]string
	files  map[string]string // of the lake
	clock  time.Time         // of the file written last
	log    []string
}

// drawnModel is what a model is defined by.
type drawnModel struct {
	name, kind string
	parents    []string
	add        int
	meta       int // of its config, which changes no row
}

func newEdited(t *testing.T, seed uint64) *edited {
	e := &edited{
		warehouse: newWarehouse(t), rand: rand.New(rand.NewPCG(seed, 7)), limits: map[string]int{}, tested: map[string]string{},
		files: map[string]string{}, clock: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	e.lake = []string{"pinned", "live"}[e.rand.IntN(2)]
	for range 2 {
		e.writeFile()
	}
	above := []string{"raw"}
	for i := range 5 + e.rand.IntN(3) {
		m := drawnModel{name: fmt.Sprintf("m%d", i), kind: []string{"table", "view", "incremental", "table", "ephemeral", "snapshot"}[e.rand.IntN(6)]}
		for range 1 + e.rand.IntN(2) {
			if p := above[e.rand.IntN(len(above))]; !slices.Contains(m.parents, p) {
				m.parents = append(m.parents, p)
			}
		}
		above = append(above, m.name)
		e.models = append(e.models, m)
		if e.rand.IntN(2) == 0 {
			test := "t" + m.name
			e.limits[test], e.tested[test] = 1e6, m.name
		}
	}
	return e
}

// define writes the project down.
func (e *edited) define() {
	src := e.add(project.Source, "raw", "")
	src.Table = &project.SourceTable{SourceName: "lake", Paths: []project.Located{{Text: "lake/*.csv"}}, Format: "csv"}
	for _, m := range e.models {
		sql := fmt.Sprintf("select id, v + %d as v from %s", m.add, e.from(m.parents[0]))
		if len(m.parents) == 2 {
			sql = fmt.Sprintf("select a.id, a.v + b.v + %d as v from %s a join %s b on a.id = b.id", m.add, e.from(m.parents[0]), e.from(m.parents[1]))
		}
		if m.kind == "snapshot" {
			e.snapshot(m.name, sql, "strategy", "check", "unique_key", "id", "check_cols", "all", "meta_number", int64(m.meta))
			continue
		}
		config := []any{"materialized", m.kind, "meta_number", int64(m.meta)}
		if m.kind == "incremental" {
			config = append(config, "unique_key", "id", "incremental_strategy", "delete+insert")
		}
		e.add(project.Model, m.name, sql, config...)
	}
	for _, m := range e.models {
		if limit, ok := e.limits["t"+m.name]; ok {
			e.check("t"+m.name, fmt.Sprintf("select * from {%s} where v > %d", m.name, limit))
		}
	}
}

// from is what is read of a node: of a snapshot what is valid now.
func (e *edited) from(name string) string {
	for _, m := range e.models {
		if m.name == name && m.kind == "snapshot" {
			return "(select id, v from {" + name + "} where dbt_valid_to is null)"
		}
	}
	return "{" + name + "}"
}

// writeFile adds a raw file, or changes one.
func (e *edited) writeFile() {
	n := e.rand.IntN(4)
	var b strings.Builder
	b.WriteString("id,v\n")
	for i := range 1 + e.rand.IntN(3) {
		fmt.Fprintf(&b, "%d,%d\n", n*10+i, e.rand.IntN(9))
	}
	e.files[fmt.Sprintf("f%d.csv", n)] = b.String()
	e.put(e.path, fmt.Sprintf("f%d.csv", n))
}

// put writes a raw file beside a database, with a time of its own.
func (e *edited) put(database, name string) {
	e.t.Helper()
	e.clock = e.clock.Add(time.Minute)
	path := filepath.Join(filepath.Dir(database), "lake", name)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(e.files[name]), 0o644)
	}
	if err == nil {
		err = os.Chtimes(path, e.clock, e.clock)
	}
	if err != nil {
		e.t.Fatal(err)
	}
}

// edit changes something.
func (e *edited) edit() {
	m := &e.models[e.rand.IntN(len(e.models))]
	what := "sql " + m.name
	switch e.rand.IntN(8) {
	case 0, 1:
		m.add++
	case 2:
		m.meta++
		what = "config " + m.name
	case 3:
		e.writeFile()
		what = "a raw file"
	case 4:
		for name := range e.files {
			e.put(e.path, name)
		}
		what = "raw files touched"
	case 5:
		what = "dropped " + m.name
		e.drop(m.name)
	case 6:
		what = "limit of t" + m.name
		if _, ok := e.limits["t"+m.name]; ok {
			e.limits["t"+m.name] = 1e6 - e.limits["t"+m.name] // with 0 it fails
		}
	case 7:
		what = "nothing"
	}
	e.log = append(e.log, what)
}

// drop drops a relation behind elt's back.
func (e *edited) drop(name string) {
	e.open(func(s engine.Session) {
		for _, kind := range []string{"table", "view"} {
			_, _ = s.Exec(context.Background(), "drop "+kind+" if exists main."+name) // it is of the other kind
		}
	})
}

// copy is the same project on a copy of the database.
func (e *edited) copy() *edited {
	e.t.Helper()
	twin := *e
	w := *e.warehouse
	twin.warehouse = &w
	twin.path = filepath.Join(e.t.TempDir(), "w.duckdb")
	for name := range e.files {
		twin.put(twin.path, name)
	}
	content, err := os.ReadFile(e.path)
	if os.IsNotExist(err) {
		return &twin
	}
	if err == nil {
		err = os.WriteFile(twin.path, content, 0o644)
	}
	if err != nil {
		e.t.Fatal(err)
	}
	return &twin
}

// selection is nothing, for all, or some of the models with their tests.
func (e *edited) selection() []string {
	if e.rand.IntN(3) > 0 {
		return nil
	}
	var names []string
	for _, m := range e.models {
		if e.rand.IntN(2) > 0 {
			continue
		}
		names = append(names, m.name)
		if _, ok := e.limits["t"+m.name]; ok {
			names = append(names, "t"+m.name)
		}
	}
	return names
}

// disturb does what leaves the database in some other state: a plain build of a part, a run
// without tests, one that is interrupted.
func (e *edited) disturb() {
	names := e.selection()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	switch e.rand.IntN(7) {
	case 0:
		e.log = append(e.log, fmt.Sprint("build ", names))
		_, _ = e.run("build", names...) // a part may miss what it reads
	case 1:
		names = slices.DeleteFunc(names, func(name string) bool { return name[0] == 't' })
		e.log = append(e.log, fmt.Sprint("run ", names))
		_, _ = e.run("run", names...)
	case 2:
		points := runner.Points()
		at := points[e.rand.IntN(len(points))]
		e.log = append(e.log, "interrupted at "+at)
		e.opts.Point = func(name string) {
			if name == at {
				cancel()
			}
		}
		e.opts.Changed = e.rand.IntN(2) == 0
		_, _ = e.runAs(ctx, "build", &recorder{})
		e.opts.Point, e.opts.Changed = nil, false
	case 3:
		e.log = append(e.log, "retry")
		e.retry()
	case 4:
		e.log = append(e.log, fmt.Sprint("build --changed and retry ", names))
		_, _ = e.changed(names...)
		e.edit()
		e.define()
		e.retry()
	}
}

// retry takes up the last run, whatever came of it.
func (e *edited) retry() {
	opts := e.opts
	opts.Compiler = runner.Precompiled()
	_, _ = runner.Retry(context.Background(), e.plan(), opts, &recorder{})
}

func (e *edited) changed(names ...string) (*runner.Summary, error) {
	e.opts.Changed = true
	defer func() { e.opts.Changed = false }()
	return e.run("build", names...)
}

// content is what all models hold, as far as they are there.
func (e *edited) content() string {
	var b strings.Builder
	for _, m := range e.models {
		if m.kind == "ephemeral" {
			continue
		}
		rows := e.rows("select id, v from main." + m.name + " order by all")
		if strings.HasPrefix(rows, "error") {
			rows = "is not there"
		}
		fmt.Fprintf(&b, "%s:\n%s\n", m.name, rows)
	}
	return b.String()
}

// unchanged reports whether a run has done nothing but tests of ephemeral models, which may be
// tests of sources: these are run each time.
func (e *edited) unchanged(s *runner.Summary) bool {
	return s.Unchanged || !slices.ContainsFunc(s.Results, func(res *runner.NodeResult) bool {
		of := slices.IndexFunc(e.models, func(m drawnModel) bool { return "t"+m.name == res.Node.Name })
		return res.Status != runner.Reused && (of < 0 || e.models[of].kind != "ephemeral")
	})
}

func (e *edited) play(rounds int) {
	for range rounds {
		for range e.rand.IntN(3) {
			e.edit()
		}
		e.define()
		e.disturb()
		names := e.selection()
		full := e.copy()
		e.log = append(e.log, fmt.Sprint("build --changed ", names))
		got, err := e.changed(names...)
		want, fullErr := full.run("build", names...)
		if (err == nil) != (fullErr == nil) {
			e.t.Fatalf("%s\nwith --changed: %v\nwithout: %v", strings.Join(e.log, "\n"), err, fullErr)
		}
		if err != nil {
			continue
		}
		if got.OK() != want.OK() {
			e.t.Fatalf("%s\nwith --changed:\n%s\nwithout:\n%s", strings.Join(e.log, "\n"), statuses(got), statuses(want))
		}
		if !got.OK() {
			continue
		}
		if a, b := e.content(), full.content(); a != b {
			e.t.Fatalf("%s\nwith --changed:\n%s\n%s\nwithout:\n%s", strings.Join(e.log, "\n"), statuses(got), a, b)
		}
		if again, err := e.changed(names...); err != nil || len(names) == 0 && !e.unchanged(again) {
			e.t.Fatalf("%s\nonce more: %v\n%s", strings.Join(e.log, "\n"), err, statuses(again))
		}
	}
}
