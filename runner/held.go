package runner

import (
	"maps"
	"slices"
	"strings"

	"elt/compiler/project"
	"elt/runner/check"
)

// lookAtLakeAgain fails the nodes that have read a raw file which is not what it was. The
// source is told once; what a node that read it had to say itself follows from it.
func (r *run) lookAtLakeAgain() {
	r.lookAtIntakesAgain()
	r.lookAtFoldersAgain()
	changed := r.lake.changed(r.wholeReaders)
	for _, id := range slices.Sorted(maps.Keys(changed)) {
		told := false
		for _, child := range r.readersOf(id) {
			n := r.byID[child]
			if n == nil || n.result.Status == Skipped || n.takesByFile(id) {
				continue
			}
			n.made, told = false, true
			n.result.Status, n.result.Message, n.result.Diagnostics = Errored, changed[id].Message, nil
		}
		if told {
			r.notice(changed[id])
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
	bad, first := r.foundBad()
	candidates, alone := map[string]bool{}, map[string]bool{}
	for _, n := range r.nodes {
		candidates[n.node.UniqueID] = n.made
		alone[n.node.UniqueID] = goesOn(n.node) && n.result.Status == Errored
	}
	h := holding{graph: r.net.graph, candidates: candidates, reads: r.viewReads, alone: alone, order: r.ids()}
	causes := h.held(bad)
	if r.plan.Project.AsDBT { // what was made is published, whatever a test says of it
		causes = nil
	}
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

// foundBad are the nodes that are not green by themselves or by a test, with the root cause
// of each, and the root cause of the first thing in the run that is not green.
func (r *run) foundBad() (bad map[string]string, first string) {
	bad = map[string]string{}
	mark := func(ids []string, cause string) {
		for _, id := range ids {
			if _, ok := bad[id]; !ok {
				bad[id] = cause
			}
		}
	}
	for _, n := range r.nodes {
		id, cause := n.node.UniqueID, n.result.SkippedFor
		switch n.result.Status {
		case Failed, Errored:
			cause = id
		case PartialSuccess: // what it was made without fails, what was made is good
			if first == "" {
				first = id
			}
			continue
		case Skipped:
		default:
			continue
		}
		if first == "" {
			first = cause
		}
		if n.node.Type != project.Test {
			mark([]string{id}, cause)
			continue
		}
		if config, _ := check.ConfigOf(n.node); n.result.Status == Skipped && config.Severity == "warn" {
			continue
		}
		// What a test of error severity found bad, or could not look at, is not green.
		mark(r.net.workParents(id), cause)
		mark(n.looked, cause)
		for _, input := range r.net.inputsOf(id, r.plan.Nodes) {
			mark(r.net.workReaders(input, r.plan.Nodes), cause)
		}
	}
	return bad, first
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
	if info, _, _ := r.published.text(key); info == nil {
		return nil, false
	}
	var ids []string
	for _, read := range r.published.readsOf(key) {
		if id, ok := r.net.relations().makers[read.key]; ok {
			ids = append(ids, id)
		} else {
			ids = append(ids, foreignView+read.key)
		}
	}
	return ids, true
}
