package runner_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/graph"
	"elt/compiler/project"
	"elt/runner"
	"elt/runner/duckdb"
	"elt/runner/engine"
)

// warehouse is a project made by hand: nodes that are compiled already, on a database
// file of its own. It lets the runner be tested without templates.
type warehouse struct {
	t     testing.TB
	path  string
	order []string
	nodes map[string]*project.Node
	// opts are used for every run.
	opts runner.Options
	lake string // lake_views
	// attach are further databases, by their alias: files beside the warehouse.
	attach  []string
	replica string // beside the warehouse; "" for none
}

// newWarehouse returns an empty project whose database is called "w".
func newWarehouse(t testing.TB) *warehouse {
	t.Helper()
	return &warehouse{t: t, path: filepath.Join(t.TempDir(), "w.duckdb"), nodes: map[string]*project.Node{}}
}

var refCall = regexp.MustCompile(`\{(\w+)\}`)

// add adds, or replaces, a node. {name} in its SQL is a ref to a node of that name,
// {this} its own relation.
func (w *warehouse) add(kind project.ResourceType, name, sql string, config ...any) *project.Node {
	w.t.Helper()
	id := fmt.Sprintf("%s.shop.%s", kind, name)
	node := &project.Node{
		UniqueID: id, Type: kind, Name: name, Package: "shop", Config: project.NewConfig(),
		Path: name + ".sql", OriginalPath: "models/" + name + ".sql", FQN: []string{"shop", name},
	}
	if kind != project.Test {
		node.Relation = project.Relation{Database: "w", Schema: "main", Identifier: name}
	}
	for i := 0; i+1 < len(config); i += 2 {
		node.Config.Set(config[i].(string), project.ConfigValue{Value: config[i+1]})
	}
	text := refCall.ReplaceAllStringFunc(sql, func(call string) string {
		ref := strings.Trim(call, "{}")
		if ref == "this" {
			return node.Relation.String()
		}
		parent := w.named(ref)
		node.DependsOn = append(node.DependsOn, parent.UniqueID)
		if parent.Type == project.Source && parent.Table != nil && len(parent.Table.Paths) > 0 {
			return compiler.SourceExpression(parent)
		}
		if parent.IsEphemeral() {
			return "(" + parent.Compiled.SQL + ")"
		}
		return parent.Relation.String()
	})
	node.Source = diag.NewSource(node.OriginalPath, text)
	node.Place = diag.Place{Source: node.Source}
	node.RawCode = text
	if kind == project.Source {
		node.Table = &project.SourceTable{SourceName: "raw"}
	} else {
		node.Compiled = &project.Compiled{SQL: text, Map: identity{node.Source}}
	}
	if _, ok := w.nodes[id]; !ok {
		w.order = append(w.order, id)
	}
	w.nodes[id] = node
	return node
}

func (w *warehouse) table(name, sql string, config ...any) *project.Node {
	return w.add(project.Model, name, sql, append(config, "materialized", "table")...)
}

func (w *warehouse) view(name, sql string, config ...any) *project.Node {
	return w.add(project.Model, name, sql, append(config, "materialized", "view")...)
}

func (w *warehouse) incremental(name, sql string, config ...any) *project.Node {
	return w.add(project.Model, name, sql, append(config, "materialized", "incremental")...)
}

// snapshot adds a snapshot of the strategy check, whose unique_key is one column.
func (w *warehouse) snapshot(name, sql string, config ...any) *project.Node {
	node := w.add(project.Snapshot, name, sql, config...)
	const now = "now()::timestamp"
	key := node.Config.String("unique_key", "")
	node.Compiled.Snapshot = &project.SnapshotParts{
		Strategy: "check", Now: now, UpdatedAt: now,
		ScdID: "md5(" + key + "::varchar || '|' || " + now + "::varchar)", DeletedID: "md5(dbt_scd_id || '|' || " + now + "::varchar)",
	}
	return node
}

// check adds a data test: rows that its SQL returns are failures.
func (w *warehouse) check(name, sql string, config ...any) *project.Node {
	node := w.add(project.Test, name, sql, config...)
	node.Test = &project.TestInfo{}
	return node
}

func (w *warehouse) named(name string) *project.Node {
	w.t.Helper()
	for _, id := range w.order {
		if w.nodes[id].Name == name {
			return w.nodes[id]
		}
	}
	w.t.Fatalf("there is no node %q", name)
	return nil
}

// hook sets a node's post-hooks.
func hook(node *project.Node, sql ...string) {
	for _, s := range sql {
		node.Compiled.PostHooks = append(node.Compiled.PostHooks, project.RenderedHook{
			SQL: strings.ReplaceAll(s, "{this}", node.Relation.String()), Place: node.Place,
		})
	}
}

// identity maps offsets of compiled SQL to the same offsets of a source.
type identity struct{ source *diag.Source }

// Origin returns the same offset.
func (i identity) Origin(offset int) (diag.Place, bool) {
	return diag.Place{Source: i.source, Span: diag.Span{Start: offset, End: offset}}, true
}

func (w *warehouse) plan() *compiler.Plan {
	parents := map[string][]string{}
	for id, node := range w.nodes {
		parents[id] = node.DependsOn
	}
	g := graph.New(w.order, parents)
	target := &project.Target{Name: "dev", Path: w.path, Database: "w", Schema: "main"}
	if w.replica != "" {
		target.Replica = filepath.Join(filepath.Dir(w.path), w.replica)
	}
	for _, alias := range w.attach {
		target.Attach = append(target.Attach, project.Attach{Path: w.beside(alias), Alias: alias})
	}
	return &compiler.Plan{
		Project: &project.Project{
			Name: "shop", Root: filepath.Dir(w.path), IsElt: true, LakeViews: w.lake, TargetPath: "target", Target: target,
		},
		Nodes: w.nodes, Order: g.Order(), Graph: g,
	}
}

// recorder keeps the events of a run.
type recorder struct {
	mu     sync.Mutex
	events []runner.Event
}

// Observe keeps an event.
func (r *recorder) Observe(e runner.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// run runs a command on the nodes of the given names, or on all.
func (w *warehouse) run(command string, names ...string) (*runner.Summary, error) {
	w.t.Helper()
	return w.runAs(context.Background(), command, &recorder{}, names...)
}

func (w *warehouse) runAs(ctx context.Context, command string, obs runner.Observer, names ...string) (*runner.Summary, error) {
	w.t.Helper()
	opts := w.opts
	opts.Command = command
	if opts.Compiler == nil {
		opts.Compiler = runner.Precompiled()
	}
	for _, name := range names {
		opts.Selected = append(opts.Selected, w.named(name).UniqueID)
	}
	return runner.Run(ctx, w.plan(), opts, obs)
}

// build builds everything and wants no error of the run itself.
func (w *warehouse) build(names ...string) *runner.Summary {
	w.t.Helper()
	summary, err := w.run("build", names...)
	if err != nil {
		w.t.Fatalf("build: %v", err)
	}
	return summary
}

// exec runs statements on the closed database.
func (w *warehouse) exec(statements ...string) {
	w.t.Helper()
	w.open(func(s engine.Session) {
		for _, sql := range statements {
			if _, err := s.Exec(context.Background(), sql); err != nil {
				w.t.Fatalf("%s: %v", sql, err)
			}
		}
	})
}

// beside is the file of an attached database.
func (w *warehouse) beside(alias string) string {
	return filepath.Join(filepath.Dir(w.path), alias+".duckdb")
}

func (w *warehouse) open(do func(s engine.Session)) {
	w.t.Helper()
	options := duckdb.Options{Path: w.path}
	for _, alias := range w.attach {
		options.Attach = append(options.Attach, duckdb.Attachment{Path: w.beside(alias), Alias: alias})
	}
	db, err := duckdb.Open(context.Background(), options)
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	s, err := db.Session(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	do(s)
}

// rows returns the result of a query as lines of "a|b".
func (w *warehouse) rows(sql string) string {
	w.t.Helper()
	var lines []string
	w.open(func(s engine.Session) {
		t, err := s.Query(context.Background(), sql)
		if err != nil {
			lines = append(lines, "error: "+err.Error())
			return
		}
		for i := range t.Rows {
			cells := make([]string, len(t.Columns))
			for c := range cells {
				cells[c] = t.Text(i, c)
			}
			lines = append(lines, strings.Join(cells, "|"))
		}
	})
	return strings.Join(lines, "\n")
}

// leftovers lists hidden relations in the database.
func (w *warehouse) leftovers() string {
	return w.rows(`select table_name from duckdb_tables() where table_name like '\_elt\_%' escape '\' order by 1`)
}

// statuses renders a summary as "name status published held-for", one line a node.
func statuses(s *runner.Summary) string {
	if s == nil {
		return "the run did not begin"
	}
	var lines []string
	for _, r := range s.Results {
		line := r.Node.Name + " " + string(r.Status)
		if r.Published {
			line += " published"
		}
		if r.HeldFor != "" {
			line += " held for " + short(r.HeldFor)
		}
		if r.SkippedFor != "" {
			line += " for " + short(r.SkippedFor)

		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func short(id string) string { return id[strings.LastIndex(id, ".")+1:] }

func equal(t testing.TB, what, got, want string) {
	t.Helper()
	want = strings.TrimSpace(strings.ReplaceAll(want, "\n\t\t", "\n"))
	if strings.TrimSpace(got) != want {
		t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}

// size is the size of the database file.
func (w *warehouse) size() int64 {
	w.t.Helper()
	info, err := os.Stat(w.path)
	if err != nil {
		w.t.Fatal(err)
	}
	return info.Size()
}

// equalStatuses compares what became of the nodes, in whatever order they come.
func equalStatuses(t testing.TB, s *runner.Summary, want string) {
	t.Helper()
	sorted := func(text string) string {
		lines := strings.Split(strings.TrimSpace(text), "\n")
		for i := range lines {
			lines[i] = strings.TrimSpace(lines[i])
		}
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	if got, want := sorted(statuses(s)), sorted(want); got != want {
		t.Errorf("statuses:\n%s\nwant:\n%s", got, want)
	}
}
