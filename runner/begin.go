package runner

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/state"
)

// begin is the first step that writes: elt's own tables, leftovers of dead runs, the
// record of this run, and the schemas it needs.
func (r *run) begin(ctx context.Context) error {
	if r.readOnly {
		return nil
	}
	r.ahead.wait() // nothing is changed before it is read
	if r.records == nil {
		if err := state.EnsureFrom(ctx, r.main, r.database, r.stateVersion, r.opts.Version, state.Time(r.now())); err != nil {
			return err
		}
	}
	before, err := r.runBefore(ctx, state.Version)
	if err != nil {
		return err
	}
	r.folders = r.fileFolders(before)
	if r.records != nil {
		if err := r.records.keep(ctx, r.firstRows()); err != nil {
			return err
		}
		r.recorded = true
	}
	r.dropHiddenFiles(r.folders)
	r.dropVersions(ctx)
	untidy, err := r.tidy(ctx, before)
	if err != nil {
		return err
	}
	r.point("cleaned")
	if !r.recorded {
		if err := r.transact(ctx, func() error { return execAll(ctx, r.main, r.firstRows()) }); err != nil {
			return err
		}
		r.recorded = true
	}
	r.point("run-recorded")
	if untidy { // only now: a checkpoint without anything to write gives nothing back
		if err := checkpoint(ctx, r.db, []string{r.database}); err != nil {
			return err
		}
	}
	return r.createSchemas(ctx)
}

// firstRows are the statements that note that the run has begun, and which raw files it reads.
func (r *run) firstRows() []string {
	files := r.lakeRows(r.id)
	r.book = state.BookFor(r.database, len(files)+2*len(r.nodes)+len(r.carried))
	var out []string
	if r.longLog || r.book.Direct && r.filled[state.LogTable] {
		out = state.EmptyLog(r.database)
	}
	return append(append(out, r.book.InsertLakeFiles(files)...), r.book.InsertRun(r.row()))
}

// runBefore is the run that was recorded last; none in a file that this run has made. version is
// that of elt's own tables.
func (r *run) runBefore(ctx context.Context, version int) (state.Run, error) {
	if r.made {
		return state.Run{}, nil
	}
	if recent := r.asked(); recent != nil {
		return recent.Last, nil
	}
	return state.LastRun(ctx, r.main, r.database, version)
}

// tidy drops what earlier runs have left, and reports whether the file may hold room
// that is to be given back: of what was dropped, or of what a run that ended badly had
// begun to write. On a disk which an unfinished table has filled, a build that did not
// give it back would find no room either.
func (r *run) tidy(ctx context.Context, before state.Run) (untidy bool, err error) {
	if r.made {
		return false, nil
	}
	dropped, err := r.dropLeftovers(ctx, state.Version, r.keep)
	if err != nil {
		return false, err
	}
	return len(dropped) > 0 || before.RunID != "" && before.Outcome != state.OutcomeSuccess, nil
}

// row is this run for the history.
func (r *run) row() state.Run {
	return state.Run{
		RunID: r.id, Command: r.opts.Command, Target: r.plan.Project.Target.Name, EltVersion: r.opts.Version,
		StartedAt: r.begun, Options: r.optionsJSON(), Selected: r.selection(), RetryOf: r.retryOf,
	}
}

// createSchemas creates the schemas that candidates will be made in.
func (r *run) createSchemas(ctx context.Context) error {
	done := map[string]bool{}
	for _, n := range r.nodes {
		if n.node.Type == project.Test || n.node.Type == project.UnitTest {
			continue
		}
		rel := r.names.full(n.node.Relation)
		if len(r.published.bySchema[schemaKey(rel.Database, rel.Schema)]) > 0 {
			continue
		}
		schema := project.QuoteIdent(rel.Database) + "." + project.QuoteIdent(rel.Schema)
		if done[schema] {
			continue
		}
		done[schema] = true
		if _, err := r.main.Exec(ctx, "create schema if not exists "+schema); err != nil {
			return err
		}
	}
	return nil
}

// selection is what the run is about: its nodes, and in a retry also the tests that are
// not run again, so that a retry of the retry knows of them.
func (r *run) selection() []string {
	if r.selected != nil {
		return r.selected
	}
	return r.ids()
}

func (r *run) ids() []string {
	ids := make([]string, len(r.nodes))
	for i, n := range r.nodes {
		ids[i] = n.node.UniqueID
	}
	return ids
}

func (r *run) projectNodes() []*project.Node {
	nodes := make([]*project.Node, len(r.nodes))
	for i, n := range r.nodes {
		nodes[i] = n.node
	}
	return nodes
}

// runOptions are what a retry repeats, and what it has to compare.
type runOptions struct {
	FullRefresh, AllOrNothing, StoreFailures, Adopt, Expire bool

	Warnings diag.Warnings

	EventTimeStart, EventTimeEnd time.Time `json:",omitzero"`

	Setup  string   // see [run.setup]
	Tested []string // of `elt test`: the nodes that the tests are about

	Folders []string `json:",omitempty"` // see [run.fileFolders]
}

func (r *run) optionsJSON() string {
	o := runOptions{
		FullRefresh: r.opts.FullRefresh, AllOrNothing: r.opts.AllOrNothing,
		StoreFailures: r.opts.StoreFailures, Warnings: r.opts.Warnings,
		Adopt: r.opts.Adopt, Expire: r.opts.Expire, Setup: r.setup(), EventTimeStart: r.opts.EventTimeStart, EventTimeEnd: r.opts.EventTimeEnd,
		Folders: r.folders,
	}
	if r.opts.Command == "test" {
		for _, id := range r.selection() {
			o.Tested = append(o.Tested, r.plan.Nodes[id].DependsOn...)
		}
		slices.Sort(o.Tested)
		o.Tested = slices.Compact(o.Tested)
	}
	b, _ := json.Marshal(o) // bools and strings always marshal
	return string(b)
}

// setup says in short how the target's database is set up: the same query may answer
// something else under other settings, or with another database attached.
func (r *run) setup() string {
	o := openOptions(r.plan.Project.Target)
	return textHash(fmt.Sprint(o.ConfigOptions, o.Settings, o.Extensions, o.Attach))
}

// compareBool puts false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// operations runs the hooks of one kind.
func (r *run) operations(ctx context.Context, when string, db hookDatabase) error {
	r.hookResults = slices.DeleteFunc(r.hookResults, func(res *NodeResult) bool { return res.Node.Hook.When == when })
	hooks := r.hooks(when)
	for i, node := range hooks {
		started := time.Now()
		err := r.operation(ctx, node, db)
		res := hookResult(node, Success, "passed")
		res.StartedAt, res.ExecuteTime = started, time.Since(started)
		r.hookResults = append(r.hookResults, res)
		if err != nil {
			res.Status, res.Message, res.Diagnostics = Errored, r.publicText(err.Error()), diag.From(err, diag.SQL)
			for _, left := range hooks[i+1:] {
				r.hookResults = append(r.hookResults, hookResult(left, Skipped, "skipped"))
			}
			return err
		}
	}
	return nil
}

// hookResult is what became of a hook of the project, in dbt's words.
func hookResult(node *project.Node, status Status, word string) *NodeResult {
	return &NodeResult{Node: node, Status: status, StartedAt: time.Now(), Rows: -1,
		Message: fmt.Sprintf("%s.%s.%d %s", node.Package, node.Hook.When, node.Hook.Index, word)}
}

// endAnyway runs the on-run-end hooks of a run in which no node was done since an on-run-start hook has failed, as dbt
// does: what the first have made, these may remove. Where the template of a hook is wrong, nothing is done at all.
func (r *run) endAnyway(ctx context.Context, err error) error {
	broken := slices.ContainsFunc(r.hookResults, func(res *NodeResult) bool { return res.Status == Errored && res.Node.Compiled != nil })
	if err == nil || r.interrupted || r.readOnly || !broken {
		return err
	}
	return errors.Join(err, r.endHooks(ctx))
}

// endHooks runs the on-run-end hooks, in a transaction of their own.
func (r *run) endHooks(ctx context.Context) error {
	if len(r.hooks("on-run-end")) == 0 {
		return nil
	}
	o := &operation{run: r, stale: true}
	return o.end(ctx, r.operations(ctx, "on-run-end", o))
}

// hooks are the hooks of one kind: those of packages by the names of the packages,
// then the project's own, each in order, as dbt does.
func (r *run) hooks(when string) []*project.Node {
	var hooks []*project.Node
	for _, id := range r.plan.Order {
		if node := r.plan.Nodes[id]; node.Type == project.Operation && node.Hook != nil && node.Hook.When == when {
			hooks = append(hooks, node)
		}
	}
	slices.SortStableFunc(hooks, func(a, b *project.Node) int {
		return cmp.Or(compareBool(a.Package == r.plan.Project.Name, b.Package == r.plan.Project.Name),
			cmp.Compare(a.Package, b.Package), a.Hook.Index-b.Hook.Index)
	})
	return hooks
}

// hookDatabase is the database as the project's hooks see and change it.
type hookDatabase interface {
	dbtcontext.Database
	do(ctx context.Context, sql string) error
}

// do runs a statement of an on-run-start hook.
func (v view) do(ctx context.Context, sql string) error {
	_, err := v.run.main.Exec(ctx, sql)
	return err
}

// operation runs one hook of the project. At the start of a run it must not change what is
// published; at the end it may.
func (r *run) operation(ctx context.Context, node *project.Node, db hookDatabase) error {
	before := node.Hook.When == "on-run-start"
	if err := r.compiler.CompileNode(ctx, db, node.UniqueID); err != nil {
		return err
	}
	if node.Compiled == nil {
		return nil
	}
	sql := node.Compiled.SQL
	statements := sqltoken.SplitStatements(sql)
	for _, at := range statements {
		if !before {
			break
		}
		if d := r.refuseChange(sql[at.Start:at.End], "an on-run-start hook", nil, node.Place); d != nil {
			return d
		}
	}
	for _, at := range statements {
		if err := db.do(ctx, sql[at.Start:at.End]); err != nil {
			return r.fault(ctx, &nodeRun{node: node}, sent{query: -at.Start}, err)
		}
	}
	return nil
}
