package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/check"
	"elt/runner/materialize"
	"elt/runner/state"
)

// begin is the first step that writes: elt's own tables, leftovers of dead runs, the
// record of this run, and the schemas it needs.
func (r *run) begin(ctx context.Context) error {
	if r.readOnly {
		return nil
	}
	if err := state.Ensure(ctx, r.main, r.database, r.opts.Version, state.Time(r.now())); err != nil {
		return err
	}
	if _, err := r.dropLeftovers(ctx, r.keep); err != nil {
		return err
	}
	r.point("cleaned")
	err := r.transact(ctx, func() error {
		for _, sql := range append(state.InsertLakeFiles(r.database, r.lake.rows(r.id)), state.InsertRun(r.database, r.row())) {
			if _, err := r.main.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.recorded = true
	r.point("run-recorded")
	return r.createSchemas(ctx)
}

// row is this run for the history.
func (r *run) row() state.Run {
	return state.Run{
		RunID: r.id, Command: r.opts.Command, Target: r.plan.Project.Target.Name, EltVersion: r.opts.Version,
		StartedAt: r.begun, Options: r.optionsJSON(), Selected: r.ids(), RetryOf: r.retryOf,
	}
}

// createSchemas creates the schemas that candidates will be made in.
func (r *run) createSchemas(ctx context.Context) error {
	done := map[string]bool{}
	for _, n := range r.nodes {
		if n.node.Type == project.Test {
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

// runOptions are the options that a retry repeats.
type runOptions struct {
	FullRefresh, AllOrNothing, StoreFailures, WarnError bool
}

func (r *run) optionsJSON() string {
	b, _ := json.Marshal(runOptions{r.opts.FullRefresh, r.opts.AllOrNothing, r.opts.StoreFailures, r.opts.WarnError})
	return string(b) // four bools always marshal
}

// operations runs the project's hooks of one kind, in order.
func (r *run) operations(ctx context.Context, when string) error {
	var hooks []*project.Node
	for _, id := range r.plan.Order {
		if node := r.plan.Nodes[id]; node.Type == project.Operation && node.Hook != nil && node.Hook.When == when {
			hooks = append(hooks, node)
		}
	}
	slices.SortStableFunc(hooks, func(a, b *project.Node) int { return a.Hook.Index - b.Hook.Index })
	for _, node := range hooks {
		n := &nodeRun{node: node}
		if err := r.compiler.CompileNode(ctx, view{run: r, n: nil}, node.UniqueID); err != nil {
			return err
		}
		if node.Compiled == nil {
			continue
		}
		sql := node.Compiled.SQL
		for _, at := range sqltoken.SplitStatements(sql) {
			if _, err := r.main.Exec(ctx, sql[at.Start:at.End]); err != nil {
				return r.fault(n, sent{query: -at.Start}, err)
			}
		}
	}
	return nil
}

// schedule does the units.
func (r *run) schedule(ctx context.Context) error {
	r.started, r.notedAt = true, time.Now()
	groups := r.fuse()
	var tests [][]string
	byFirst := map[string]check.Group{}
	for _, g := range groups {
		ids := make([]string, len(g.Tests))
		for i, t := range g.Tests {
			ids[i] = t.ID
		}
		byFirst[ids[0]] = g
		tests = append(tests, ids)
	}
	workers := make([]*worker, r.workers)
	for i := range workers {
		s, err := r.db.Session(ctx)
		if err != nil {
			return err
		}
		defer s.Close()
		workers[i] = &worker{run: r, session: s, number: i}
	}
	s := &schedule{
		units:    makeUnits(r.net, r.ids(), r.plan.Nodes, tests),
		workers:  r.workers,
		failFast: r.opts.FailFast,
		do: func(ctx context.Context, number int, u *unit) outcome {
			return workers[number].unit(ctx, u, byFirst[u.ids[0]])
		},
		started: func(u *unit) {
			for _, id := range u.ids {
				r.emit(NodeStarted{Node: r.plan.Nodes[id], At: r.now()})
			}
		},
		finished: func(o outcome) {
			for _, res := range o.results {
				r.over_(res.Node.UniqueID)
				r.emit(NodeFinished{Result: res})
				r.noteCandidate(ctx, r.byID[res.Node.UniqueID])
			}
		},
		skipped: func(u *unit, root string) {
			for _, id := range u.ids {
				r.skip(r.byID[id], root, "")
			}
		},
	}
	s.run(ctx)
	return nil
}

// noteTime is how often candidates are noted while a run goes on.
const noteTime = time.Second

// noteCandidate notes what was made since the last note, every now and then: enough
// that a run which is killed after hours can be taken up, and so seldom that many small
// nodes do not pay for it. What ends up published is mostly never noted.
func (r *run) noteCandidate(ctx context.Context, n *nodeRun) {
	if n.row == nil {
		return
	}
	r.unnoted = append(r.unnoted, n)
	if time.Since(r.notedAt) < noteTime {
		return
	}
	var rows []state.Candidate
	for _, n := range r.unnoted {
		rows = append(rows, *n.row)
	}
	for _, sql := range state.InsertCandidates(r.database, rows) {
		if _, err := r.main.Exec(ctx, sql); err != nil {
			return // noted again with the outcome
		}
	}
	r.unnoted, r.notedAt = nil, time.Now()
	r.point("candidate-recorded")
}

// over_ says that a node's outcome may be looked at by templates.
func (r *run) over_(id string) {
	r.madeMu.Lock()
	defer r.madeMu.Unlock()
	r.over[id] = true
}

// skip ends a node that is not done.
func (r *run) skip(n *nodeRun, root, message string) {
	n.result = &NodeResult{Node: n.node, Status: Skipped, StartedAt: r.now(), Rows: -1, SkippedFor: root, Message: message}
	r.over_(n.node.UniqueID)
	r.emit(NodeFinished{Result: n.result})
}

// skipUnfinished ends the nodes that an interrupt, or an error of the run, has left.
func (r *run) skipUnfinished(err error) {
	for _, n := range r.nodes {
		if n.result != nil {
			continue
		}
		message := ""
		if r.interrupted {
			message = string(ErrInterrupted)
		} else if err != nil {
			message = "not started: " + err.Error()
		}
		r.skip(n, "", message)
	}
}

// unit does one unit and says whether what is behind it may start.
func (w *worker) unit(ctx context.Context, u *unit, group check.Group) outcome {
	o := outcome{unit: u, worker: w.number}
	switch {
	case len(u.ids) > 1:
		tests := make([]*nodeRun, len(u.ids))
		for i, id := range u.ids {
			tests[i] = w.byID[id]
		}
		o.results = w.fused(ctx, tests, group)
	case w.byID[u.ids[0]].node.Type == project.Test:
		o.results = []*NodeResult{w.test(ctx, w.byID[u.ids[0]])}
		w.point("test-done")
	default:
		o.results = []*NodeResult{w.build(ctx, w.byID[u.ids[0]])}
	}
	for _, res := range o.results {
		if o.failed == "" && (res.Status == Failed || res.Status == Errored) {
			o.failed = res.Node.UniqueID
		}
	}
	return o
}

// fuse finds tests that can share a scan: simple ones that read the same one node.
func (r *run) fuse() []check.Group {
	var simple []check.Fusable
	for _, n := range r.nodes {
		if n.node.Type != project.Test || n.node.Compiled == nil || n.node.Compiled.Deferred || !r.builtIn(n.node) {
			continue
		}
		if len(n.node.DependsOn) != 1 {
			continue
		}
		c, problems := check.Statement(n.node, r.checkOptions(n))
		if problems.HasErrors() || len(c.Prepare) > 0 || len(c.AfterPublish) > 0 {
			continue
		}
		if f, ok := check.FusableOf(n.node, c); ok {
			simple = append(simple, f)
		}
	}
	return check.Fuse(simple, r.shapes())
}

// shapes says what is known of the relations that tests look at before they are built:
// how many rows they had last time.
func (r *run) shapes() func(relation string) check.Shape {
	byText := map[string]*project.Node{}
	for _, node := range r.plan.Nodes {
		if node.Relation.Identifier != "" && node.Type != project.Test {
			byText[node.Relation.String()] = node
		}
	}
	return func(relation string) check.Shape {
		node := byText[relation]
		if node == nil {
			return check.Shape{Rows: -1}
		}
		shape := check.Shape{View: node.Materialized() == materialize.View, Rows: -1}
		if info := r.published.find(node.Relation); info != nil {
			shape.View = shape.View || info.Type == "view" && !r.net.work[node.UniqueID]
			shape.Rows = r.published.rows[info.Key()]
		}
		return shape
	}
}

// builtIn reports whether a generic test is elt's own, not the project's or a
// package's of the same name.
func (r *run) builtIn(node *project.Node) bool {
	if node.Test == nil || node.Test.Generic == "" {
		return false
	}
	for _, macro := range node.Macros {
		if strings.HasSuffix(macro, ".test_"+node.Test.Generic) {
			return strings.HasPrefix(macro, "macro.dbt.") || strings.HasPrefix(macro, "macro.elt.")
		}
	}
	return len(node.Macros) == 0
}

// finish decides what is held back, publishes the rest and tidies up.
func (r *run) finish(ctx context.Context) error {
	r.point("built")
	r.lookAtLakeAgain()
	r.hold()
	if r.readOnly {
		return nil
	}
	if err := r.release(ctx); err != nil {
		return err
	}
	if err := checkpoint(ctx, r.main, r.databases()); err != nil {
		r.notice(&diag.Diagnostic{Severity: diag.Warning, Code: diag.Database, Message: "the log could not be written into the database file: " + err.Error(), Err: err})
	}
	r.point("checkpointed")
	return r.after(ctx)
}

// release publishes what is not held, or records the run where nothing is.
func (r *run) release(ctx context.Context) error {
	var ready []*nodeRun
	for _, n := range r.nodes {
		if n.made && n.result.HeldFor == "" && !r.opts.NoPublish {
			n.result.Published = true
			ready = append(ready, n)
		}
	}
	if len(ready) == 0 {
		return r.remember(ctx)
	}
	started := time.Now()
	if err := r.publish(ctx, ready); err != nil {
		for _, n := range ready {
			n.result.Published = false
		}
		r.interrupted, r.unpublished = ctx.Err() != nil, true
		return errors.Join(publishFault(err), r.reopen(ctx), r.remember(ctx))
	}
	r.point("published")
	event := Published{Elapsed: time.Since(started)}
	for _, n := range ready {
		event.Nodes = append(event.Nodes, n.node)
	}
	r.emit(event)
	return nil
}

// reopen opens the database again after a failed commit, which DuckDB does not always
// get over.
func (r *run) reopen(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	if err := r.close(); err != nil {
		return err
	}
	db, err := openReadWrite(ctx, r.plan.Project.Target, r.opts.Wait)
	if err != nil {
		return err
	}
	r.db = db
	r.main, err = db.Session(ctx)
	return err
}

// remember records a run that publishes nothing. It is done even when the run was
// interrupted, but not for long.
func (r *run) remember(ctx context.Context) error {
	if r.readOnly {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rememberTime)
	defer cancel()
	return r.transact(ctx, func() error { return r.recordOutcome(ctx, nil, r.now()) })
}

// rememberTime is how long the record of an interrupted run may take.
const rememberTime = time.Second

// after runs what comes after the publish: views of stored failures and the project's
// on-run-end hooks, in a transaction of their own.
func (r *run) after(ctx context.Context) error {
	for _, n := range r.nodes {
		for _, sql := range n.after {
			if _, err := r.main.Exec(ctx, sql); err != nil {
				return r.fault(n, sent{query: -1}, err)
			}
		}
	}
	return r.transact(ctx, func() error { return r.operations(ctx, "on-run-end") })
}

// databases are the databases this run may have written.
func (r *run) databases() []string {
	out := []string{r.database}
	for _, n := range r.nodes {
		if db := r.names.full(n.node.Relation).Database; n.made && !slices.ContainsFunc(out, func(o string) bool { return strings.EqualFold(o, db) }) {
			out = append(out, db)
		}
	}
	return out
}

// summary counts what the run came to.
func (r *run) summary() *Summary {
	s := &Summary{RunID: r.id, Counts: map[Status]int{}, Interrupted: r.interrupted}
	for _, n := range r.nodes {
		s.Results = append(s.Results, n.result)
		s.Counts[n.result.Status]++
		if n.made {
			s.Built++
		}
		if n.result.Published {
			s.Published++
		}
		if n.result.HeldFor != "" {
			s.Held++
		}
	}
	return s
}

// lookAtLakeAgain fails the nodes that have read a raw file which is not what it was.
func (r *run) lookAtLakeAgain() {
	changed := r.lake.changed()
	for _, id := range slices.Sorted(maps.Keys(changed)) {
		d := changed[id]
		for _, child := range r.readersOf(id) {
			n := r.byID[child]
			if n == nil || n.result.Status == Skipped || n.result.Status == Errored {
				continue
			}
			own := *d
			own.Node = child
			n.made = false
			n.result.Status, n.result.Message = Errored, own.Message
			n.result.Diagnostics = append(n.result.Diagnostics, &own)
			r.notice(&own)
		}
	}
}

// readersOf returns the nodes that read a source, through ephemeral models too.
func (r *run) readersOf(source string) []string {
	var out []string
	seen := map[string]bool{}
	todo := r.net.graph.Children(source)
	for len(todo) > 0 {
		id := todo[0]
		todo = todo[1:]
		if seen[id] {
			continue
		}
		seen[id] = true
		if node := r.plan.Nodes[id]; node != nil && node.IsEphemeral() {
			todo = append(todo, r.net.graph.Children(id)...)
			continue
		}
		out = append(out, id)
	}
	return out
}

// hold works out what is not published, and why.
func (r *run) hold() {
	bad := map[string]string{}
	mark := func(id, cause string) {
		if _, ok := bad[id]; !ok {
			bad[id] = cause
		}
	}
	first := ""
	for _, n := range r.nodes {
		id, cause := n.node.UniqueID, n.result.SkippedFor
		switch n.result.Status {
		case Failed, Errored:
			cause = id
		case Skipped:
		default:
			continue
		}
		if first == "" {
			first = cause
		}
		if n.node.Type != project.Test {
			mark(id, cause)
			continue
		}
		if config, _ := check.ConfigOf(n.node); n.result.Status == Skipped && config.Severity == "warn" {
			continue
		}
		// What a test of error severity found bad, or could not look at, is not green.
		for _, parent := range r.net.workParents(id) {
			mark(parent, cause)
		}
	}
	candidates := map[string]bool{}
	for _, n := range r.nodes {
		candidates[n.node.UniqueID] = n.made
	}
	h := holding{graph: r.net.graph, candidates: candidates, reads: r.viewReads, order: r.ids()}
	causes := h.held(bad)
	for _, n := range r.nodes {
		if !n.made {
			continue
		}
		cause, held := causes[n.node.UniqueID]
		if !held && r.opts.AllOrNothing && first != "" {
			cause, held = first, true
		}
		if held {
			n.result.HeldFor = cause
		}
	}
}

// foreignView begins the id of a view that is not of the project.
const foreignView = "view:"

// viewReads says what a published view reads by its present text.
func (r *run) viewReads(id string) ([]string, bool) {
	key, foreign := strings.CutPrefix(id, foreignView)
	if !foreign {
		node := r.plan.Nodes[id]
		if node == nil || node.Relation.Identifier == "" {
			return nil, false
		}
		key = r.names.full(node.Relation).Key()
	}
	info := r.published.relations[key]
	if info == nil || info.Type != "view" {
		return nil, false
	}
	var ids []string
	for _, read := range r.published.readsOf(key) {
		if id, ok := r.net.byRelation[read.key]; ok {
			ids = append(ids, id)
		} else {
			ids = append(ids, foreignView+read.key)
		}
	}
	return ids, true
}

// sampleJSON is a sample for the history; "" for none.
func sampleJSON(s *Sample) string {
	if s == nil {
		return ""
	}
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Sprintf("%q", err.Error())
	}
	return string(b)
}
