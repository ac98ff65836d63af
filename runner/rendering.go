package runner

import (
	"context"
	"errors"
	"slices"
	"sync"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// compile renders the nodes, reads their config and checks their queries. It reports
// everything that is wrong, not just the first.
func (r *run) compile(ctx context.Context) error {
	var problems diag.List
	r.doomReaders()
	read, unread := r.ephemerals()
	if found := r.compiler.Compile(ctx, r.view(nil), unread); r.plan.Project.OwnDefaults() {
		problems = append(problems, found...) // else it is compiled for the artifacts: it hurts nothing here
	}
	problems = append(problems, r.compiler.Compile(ctx, r.view(nil), read)...)
	problems = append(problems, r.compileEach(ctx)...)
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), problems.Sorted().Err())
	}
	for _, n := range r.nodes {
		if n.unrendered || n.node.Compiled != nil && n.node.Compiled.Deferred {
			continue
		}
		if err := r.specify(ctx, r.main, n); err != nil && !r.putOff(n, err) {
			problems = append(problems, diag.From(err, diag.Database)...)
		}
		if d := n.tellManyBatches(); d != nil {
			problems = append(problems, d)
		}
	}
	found, err := r.checkQueries(ctx)
	if err != nil {
		return errors.Join(err, problems.Sorted().Err())
	}
	found = append(found, r.storedTwice()...)
	problems = append(problems, r.leaveToNodes(found)...).Sorted()
	if problems.HasErrors() {
		for _, n := range r.nodes {
			if n.node.Type == project.Seed { // what its file is said to hold may be why
				problems = append(problems, n.warnings...)
			}
		}
		return append(problems.Errors(), problems.Warnings()...).Sorted()
	}
	for _, d := range problems {
		r.notice(d)
	}
	return nil
}

// ephemerals are the ephemeral models of a run, parents first: those that its nodes read, and
// those that a build was to make, too, though nothing of it reads them.
func (r *run) ephemerals() (read, unread []string) {
	above := r.net.graph.Ancestors(r.ids(), -1)
	for _, id := range r.plan.Order {
		switch {
		case !r.plan.Nodes[id].IsEphemeral():
		case above.Has(id):
			read = append(read, id)
		case r.opts.Command != "build" && r.opts.Command != "run":
		case r.opts.Selected == nil || slices.Contains(r.opts.Selected, id):
			unread = append(unread, id)
		}
	}
	return read, unread
}

// checked are the nodes whose queries are checked ahead: those of the run, and its ephemeral
// models, whose mistakes are theirs, once, and not those of all that read them. In a dbt
// project a mistake is of the node which fails by it.
func (r *run) checked() []string {
	if !r.plan.Project.OwnDefaults() {
		return r.ids()
	}
	read, unread := r.ephemerals()
	ids := r.ids()
	for _, id := range slices.Concat(read, unread) {
		if r.plan.Nodes[id].Compiled != nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// stopsAtMistakes reports whether one mistake found ahead ends the run before anything is
// touched. A dbt project on which some nodes are broken has to yield what dbt yields: all
// others are built. Where the run is to end at the first failure, or to publish nothing
// because of it, that failure is known already.
func (r *run) stopsAtMistakes() bool {
	return r.plan.Project.OwnDefaults() || r.opts.FailFast || r.opts.AllOrNothing
}

// leaveToNodes takes out of a list what is wrong with nodes of the run, unless it stops at
// mistakes: each such node fails when it is its turn; see putOff.
func (r *run) leaveToNodes(list diag.List) diag.List {
	if r.stopsAtMistakes() {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(d *diag.Diagnostic) bool {
		if n := r.byID[d.Node]; n != nil && n.putOff && d.Code == diag.Unchecked {
			return true // it will say itself what is wrong
		}
		if d.Severity != diag.Error {
			return false
		}
		if read := r.plan.Nodes[d.Node]; read != nil && read.Type == project.Source && (d.Code == diag.SQL || d.Code == diag.LakeFile) {
			return true // a table or a file that is not there fails its readers
		}
		n := r.byID[d.Node]
		if n == nil {
			return false
		}
		n.doomed = append(n.doomed, d)
		return true
	})
}

// putOff lets a mistake that rendering has brought to light wait until it is the node's
// turn: there it fails the node and skips what is behind it, as dbt does it; see
// stopsAtMistakes. A seed is not rendered again: what is wrong with its file is kept.
func (r *run) putOff(n *nodeRun, err error) bool {
	if r.stopsAtMistakes() {
		return false
	}
	if n.node.Type == project.Seed {
		n.doomed = append(n.doomed, diag.From(err, diag.Database)...)
		return true
	}
	n.putOff = true
	n.node.Compiled = &project.Compiled{Deferred: true, Map: nowhere{}}
	return true
}

// nowhere is the origin of a text that was not rendered.
type nowhere struct{}

// Origin knows no place.
func (nowhere) Origin(int) (diag.Place, bool) { return diag.Place{}, false }

// compileEach renders the nodes of the run, each with the database as it sees it.
func (r *run) compileEach(ctx context.Context) diag.List {
	var problems diag.List
	r.renderEach(ctx, r.nodes, func(n *nodeRun, err error) {
		if err != nil && !r.putOff(n, err) {
			n.unrendered = true
			problems = append(problems, diag.From(err, diag.TemplateError)...)
		}
	})
	return problems
}

// renderEach renders nodes, several at a time, and hands over what came of each, one at a time.
func (r *run) renderEach(ctx context.Context, nodes []*nodeRun, done func(*nodeRun, error)) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	next := make(chan *nodeRun)
	for range compileWorkers {
		wg.Go(func() {
			for n := range next {
				err := r.compiler.CompileNode(ctx, r.view(n), n.node.UniqueID)
				mu.Lock()
				done(n, err)
				mu.Unlock()
			}
		})
	}
	for _, n := range nodes {
		if ctx.Err() != nil {
			break
		}
		next <- n
	}
	close(next)
	wg.Wait()
}

// compileWorkers is how many nodes are rendered at a time.
const compileWorkers = 4
