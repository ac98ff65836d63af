package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"elt/compiler"
	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/materialize"
	"elt/runner/state"
)

// A run with [Options.Changed] first looks which nodes of its selection are up to date: what they
// would be made of now is what they were made of, which their fingerprints say, and what was
// made is there. These are taken out before the run is set up, so that holding and publishing
// do not know of them. What is looked at is rendered as if nothing were made anew, which is so
// for whatever is left out.

// Change is a node that a run with [Options.Changed] would do, and why.
type Change struct {
	Node *project.Node
	Why  string // in words: "its SQL has changed"
}

// rebuilds is what is found out about a selection.
type rebuilds struct {
	*prints
	same  map[string]bool               // what is up to date
	anew  []Change                      // the rest, in plan order
	why   map[string]bool               // ids of anew
	tests map[string][]state.TestResult // see [state.LastTests]
	order map[string]int                // of runs, from 1: as they were recorded
	since time.Time                     // when the newest of what is up to date was published
}

// leaveOut returns what of a selection has to be done, and keeps what is left out.
func (r *run) leaveOut(ctx context.Context, ids []string) ([]string, error) {
	c := &rebuilds{same: map[string]bool{}, why: map[string]bool{}}
	r.rebuilds = c
	if r.stateVersion < state.FingerprintsVersion {
		for _, id := range ids {
			c.mark(r.plan.Nodes[id], "what it was made of is not known")
		}
		return ids, nil
	}
	r.assemble(nil)
	var err error
	if c.prints, err = newPrints(ctx, r, func(string) bool { return false }); err != nil {
		return nil, err
	}
	if c.unseen, err = newUnseen(ctx, r); err != nil {
		return nil, err
	}
	if c.tests, err = state.LastTests(ctx, r.main, r.database); err != nil {
		return nil, err
	}
	if c.order, err = state.RunOrder(ctx, r.main, r.database); err != nil {
		return nil, err
	}
	nodes := r.judged(ids)
	r.renderAsPublished(ctx, ids, nodes)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	for _, n := range nodes {
		if n.node.Type != project.Test && n.node.Type != project.UnitTest {
			c.judge(ctx, n)
		}
	}
	for _, n := range nodes {
		if n.node.Type == project.Test || n.node.Type == project.UnitTest {
			c.judgeTest(ctx, n)
		}
	}
	r.nodes, r.byID = nil, map[string]*nodeRun{}
	return c.rest(ids), nil
}

// leftOut are the results of what is left out, in plan order.
func (r *run) leftOut() []*NodeResult {
	if r.rebuilds == nil {
		return nil
	}
	var out []*NodeResult
	for _, id := range r.plan.Order {
		if r.rebuilds.same[id] {
			out = append(out, &NodeResult{Node: r.plan.Nodes[id], Status: Reused, Rows: -1})
		}
	}
	return out
}

// inPlanOrder sorts results.
func (r *run) inPlanOrder(results []*NodeResult) {
	at := make(map[string]int, len(r.plan.Order))
	for i, id := range r.plan.Order {
		at[id] = i
	}
	slices.SortStableFunc(results, func(a, b *NodeResult) int { return at[a.Node.UniqueID] - at[b.Node.UniqueID] })
}

// unchanged is what came of a run that has nothing to do.
func (r *run) unchanged() *Summary {
	left := r.leftOut()
	r.emit(Unchanged{Since: r.rebuilds.since, Results: left})
	return &Summary{RunID: r.id, Command: r.opts.Command, Elapsed: time.Since(r.clock), Counts: map[Status]int{Reused: len(left)}, Results: left, Unchanged: true}
}

// Changes says what a run with [Options.Changed] would do and why, in plan order, tests last, and
// how many of the nodes it is about are up to date. It changes nothing.
func Changes(ctx context.Context, plan *compiler.Plan, opts Options) (anew []Change, same int, err error) {
	opts.Changed = true
	r := newRun(plan, opts, nil)
	ids := r.chosen()
	if opts.FullRefresh || missing(plan.Project.Target) {
		why := "it was never built"
		if opts.FullRefresh {
			why = "everything is made anew by --full-refresh"
		}
		for _, id := range ids {
			anew = append(anew, Change{plan.Nodes[id], why})
		}
		return anew, 0, nil
	}
	if err := r.openLocalLake(ctx, ids); err != nil {
		return nil, 0, err
	}
	if err := r.openFor(ctx, ids); err != nil {
		return nil, 0, diagnostics(err)
	}
	defer r.close()
	if err := r.readPublishedState(ctx, ids); err != nil {
		return nil, 0, diagnostics(err)
	}
	if _, err := r.leaveOut(ctx, ids); err != nil {
		return nil, 0, diagnostics(err)
	}
	return r.rebuilds.anew, len(r.rebuilds.same), nil
}

// judged are the nodes of a selection as the run would have them.
func (r *run) judged(ids []string) []*nodeRun {
	nodes := make([]*nodeRun, len(ids))
	for i, id := range ids {
		nodes[i] = r.newNode(id, i+1)
	}
	return nodes
}

// renderAsPublished renders nodes with the database as it is. What is wrong with one comes out
// when the run looks at it again.
func (r *run) renderAsPublished(ctx context.Context, ids []string, nodes []*nodeRun) {
	above := r.net.graph.Ancestors(ids, -1)
	var ephemeral []string
	for _, id := range r.plan.Order {
		if r.plan.Nodes[id].IsEphemeral() && above.Has(id) {
			ephemeral = append(ephemeral, id)
		}
	}
	if len(ephemeral) > 0 {
		r.compiler.Compile(ctx, r.view(nil), ephemeral)
	}
	r.renderEach(ctx, nodes, func(n *nodeRun, err error) { n.unrendered = n.unrendered || err != nil })
}

// rest is what has to be done, in plan order.
func (c *rebuilds) rest(ids []string) []string {
	out := []string{}
	for _, id := range ids {
		if c.why[id] {
			out = append(out, id)
		}
	}
	return out
}

// judge says of a node that it is up to date, or why it is not.
func (c *rebuilds) judge(ctx context.Context, n *nodeRun) {
	why := c.changed(ctx, n)
	if why == "" {
		c.same[n.node.UniqueID] = true
		if at := c.stored[n.key].PublishedAt; at.After(c.since) {
			c.since = at
		}
		return
	}
	c.mark(n.node, why)
}

func (c *rebuilds) mark(node *project.Node, why string) {
	c.why[node.UniqueID] = true
	c.anew = append(c.anew, Change{node, why})
}

// changed says in words why a node has to be made anew; "" if it is up to date.
func (c *rebuilds) changed(ctx context.Context, n *nodeRun) string {
	r := c.run
	st, built := c.stored[n.key]
	info := r.published.relations[n.key]
	switch {
	case !built || st.UniqueID != n.node.UniqueID:
		return "it was never built"
	case info == nil, n.node.Pointer.Identifier != "" && r.published.find(n.node.Pointer) == nil:
		return "what was made is gone"
	case n.unrendered:
		return "its template cannot be rendered"
	case n.node.Materialized() == materialize.External:
		return "files are written anew"
	}
	if why := c.parentsAnew(n.node); why != "" {
		return why
	}
	if n.node.Type == project.Seed || n.node.Compiled != nil && !n.node.Compiled.Deferred {
		if err := r.specify(ctx, r.main, n); err != nil {
			return "something is wrong with it"
		}
	}
	if n.spec != nil && n.spec.Keep != nil && r.opts.Expire {
		return "what is older than it keeps is removed"
	}
	f, unknown := c.own(n)
	if unknown == "" {
		unknown = c.unseen.functionsVary(f.Calls)
	}
	if unknown == "" {
		f.Inputs, _, unknown = c.inputs(n.node, n.takesByFile)
	}
	if unknown != "" {
		return unknown
	}
	was, ok := readFingerprint(st.Fingerprint)
	switch {
	case !ok:
		return "what it was made of is not known"
	case st.Materialized != n.spec.Materialized || (info.Type == "view") != isView(n.spec):
		return "the relation is not what was made"
	case n.intake != nil && (n.intake.anew || n.intake.unknown || len(n.intake.files()) > 0 || len(n.intake.gone) > 0):
		return "other files are to be taken in"
	}
	return c.differ(n.node, was, f)
}

// parentsAnew names a node of the selection that has to be made anew and that another reads.
func (c *rebuilds) parentsAnew(node *project.Node) string {
	relations, sources := c.run.inputNodes(node)
	for _, s := range sources {
		if maker := c.maker(s); maker != nil {
			relations = append(relations, maker)
		}
	}
	for _, parent := range relations {
		if c.why[parent.UniqueID] {
			return fmt.Sprintf("%q is made anew", parent.Name)
		}
	}
	return ""
}

// differ says in words what of a fingerprint is not what it was.
func (c *rebuilds) differ(node *project.Node, was, now fingerprint) string {
	switch {
	case was.Setup != now.Setup:
		return "elt, or the settings of the target, are others"
	case was.SQL != now.SQL && node.Type == project.Seed:
		return "its file has changed"
	case was.SQL != now.SQL:
		return "its SQL has changed"
	case was.Config != now.Config:
		return "its config has changed"
	case maps.Equal(was.Inputs, now.Inputs):
		return ""
	}
	all := maps.Clone(was.Inputs)
	maps.Copy(all, now.Inputs)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if was.Inputs[id] == now.Inputs[id] {
			continue
		}
		input := c.run.plan.Nodes[id]
		switch {
		case input == nil, was.Inputs[id] == "", now.Inputs[id] == "":
			return "it reads other relations"
		case input.Type == project.Source:
			return fmt.Sprintf("files of source %q have changed", input.Name)
		default:
			return fmt.Sprintf("%q was made anew", input.Name)
		}
	}
	return "it reads other relations"
}

// judgeTest says of a test that it has passed on what is there, or why it has to be run.
func (c *rebuilds) judgeTest(ctx context.Context, n *nodeRun) {
	if why := c.untested(ctx, n); why != "" {
		c.mark(n.node, why)
		return
	}
	c.same[n.node.UniqueID] = true
}

// untested says in words why a test has to be run.
func (c *rebuilds) untested(ctx context.Context, n *nodeRun) string {
	r := c.run
	switch {
	case len(c.tests[n.node.UniqueID]) == 0:
		return "it was never run"
	case n.unrendered || r.specify(ctx, r.main, n) != nil:
		return "something is wrong with it"
	}
	res := c.lastOf(n)
	var was runOptions
	switch {
	case res.Status != string(Pass):
		return "it did not pass"
	case c.opaque != "":
		return c.opaque
	case json.Unmarshal([]byte(res.Options), &was) != nil || res.EltVersion != r.opts.Version || was.Setup != r.setup():
		return "elt, or the settings of the target, are others"
	case res.SQLHash != n.sqlHash:
		return "its SQL has changed"
	case res.ConfigHash != n.confHash:
		return "its config has changed"
	}
	if n.node.Type == project.UnitTest {
		return c.unitUntested(n, res)
	}
	return c.dataUntested(n, res)
}

// lastOf is what a test has come to that has run: with the SQL it has now, or else when it last ran.
func (c *rebuilds) lastOf(n *nodeRun) state.TestResult {
	results := c.tests[n.node.UniqueID]
	for _, res := range results {
		if res.SQLHash == n.sqlHash {
			return res
		}
	}
	return results[0]
}

// unitUntested is untested of a unit test that has passed on a model with the same query. Since
// that one may be the same only with or without is_incremental(), it must have been this model.
func (c *rebuilds) unitUntested(n *nodeRun, res state.TestResult) string {
	model := c.run.plan.UnitModel(n.node)
	unit := n.node.Unit
	rendered := strings.Contains(unit.Expect.SQL.Text, "{") || slices.ContainsFunc(unit.Given, func(g project.UnitInput) bool { return strings.Contains(g.Rows.SQL.Text, "{") })
	switch {
	case model == nil || !c.same[model.UniqueID]:
		return "its model is not up to date"
	case unit.Overrides != nil || rendered:
		return "it may reach macros that its model's own query does not"
	}
	return c.unseenBy(res, model.UniqueID)
}

// dataUntested is untested of a data test that has passed.
func (c *rebuilds) dataUntested(n *nodeRun, res state.TestResult) string {
	if n.node.Compiled == nil || n.node.Compiled.Deferred {
		return "its template asks what only the build of a parent can answer"
	}
	if why := c.parentsAnew(n.node); why != "" {
		return why
	}
	in, sources, unknown := c.inputs(n.node, func(string) bool { return false })
	switch {
	case len(sources) > 0:
		return fmt.Sprintf("it tests source %q", sources[0].Name)
	case unknown != "":
		return unknown
	}
	relations, _ := c.run.inputNodes(n.node)
	for _, id := range slices.Sorted(maps.Keys(in)) {
		if c.run.plan.Nodes[id].Type == project.Source {
			if why := c.shownFiles(id, relations); why != "" {
				return why
			}
			continue
		}
		if why := c.unseenBy(res, id); why != "" {
			return why
		}
	}
	if why := c.unseen.calls(n.node.Compiled.SQL); why != "" {
		return why
	}
	return c.unseen.beyond(n.node, n.node.Compiled.SQL)
}

// unseenBy says why a test that passed has not seen what is published of one of its inputs: it ran
// in the run that published it, or after that in a run that did not make it, and so read
// what is published. Times alone do not say what is after: clocks are set back. Nor does the order in
// which runs were recorded: a run that only looks is recorded when it is over.
func (c *rebuilds) unseenBy(res state.TestResult, id string) string {
	node := c.run.plan.Nodes[id]
	st := c.stored[c.run.names.full(node.Relation).Key()]
	f, _ := readFingerprint(st.Fingerprint)
	switch {
	case res.RunID == st.RunID:
		return ""
	case res.Made[id] || !res.StartedAt.After(st.PublishedAt) || c.order[res.RunID] <= c.order[st.RunID]:
		return fmt.Sprintf("%q was made anew", node.Name)
	case f.Setup != c.setup:
		return "elt, or the settings of the target, are others"
	}
	return ""
}

// shownFiles says why files that views show to a test may not be those that it has seen. Those of
// a view that is up to date are as they were when it was published.
func (c *rebuilds) shownFiles(source string, relations []*project.Node) string {
	for _, rel := range relations {
		st := c.stored[c.run.names.full(rel.Relation).Key()]
		if st.Materialized == materialize.View && !c.same[rel.UniqueID] {
			return fmt.Sprintf("files of source %q may have changed", c.run.plan.Nodes[source].Name)
		}
	}
	return ""
}

// unitText is what a unit test says, for its hash.
func unitText(u *project.UnitTestInfo) string {
	var b strings.Builder
	rows := func(name string, r *project.UnitRows) {
		fmt.Fprintf(&b, "%q %q %t %t %q\n", name, r.Format, r.Given, r.Ordered, r.SQL.Text)
		for _, c := range r.Columns {
			fmt.Fprintf(&b, "%q ", c.Text)
		}
		for _, line := range r.Lines {
			for _, cell := range line.Cells {
				fmt.Fprintf(&b, "%q=%s ", cell.Column, template.Repr(cell.Value))
			}
			b.WriteByte('\n')
		}
	}
	for i := range u.Given {
		rows(u.Given[i].Input, &u.Given[i].Rows)
	}
	rows("expect", &u.Expect)
	if u.Overrides != nil {
		b.WriteString(template.Repr(u.Overrides))
	}
	fmt.Fprintf(&b, "%t %s", u.ExpectFinal, u.Model)
	return b.String()
}
