package runner

import (
	"slices"

	"elt/compiler/graph"
	"elt/compiler/project"
)

// Relations that the run makes and that a data test reads without naming them by ref().

// linkTested says which source tables are made by the run itself (seeds, most often) and have a data test
// in it: that test waits for what makes the table, and what reads the table waits for the test,
// as dbt's order has it where a seed is done before a test. A source that is above what makes it is left alone.
func (r *run) linkTested(plan *graph.Graph) map[string]string {
	found := map[string]string{}
	looked := map[string]bool{}
	parents := map[string][]string{} // with what is found so far
	for _, n := range r.nodes {
		if n.node.Type != project.Test {
			continue
		}
		for _, id := range n.node.DependsOn {
			source := r.plan.Nodes[id]
			if source == nil || source.Type != project.Source || looked[id] || source.Table == nil || len(source.Table.Paths) > 0 || source.Table.Expression != "" {
				continue
			}
			looked[id] = true
			maker := r.makerOf(source)
			if maker == nil || above(plan, parents, maker.node.UniqueID, id) {
				continue
			}
			found[id] = maker.node.UniqueID
			parents[id] = append(parents[id], maker.node.UniqueID)
		}
	}
	return found
}

// makerOf is the node of the run that makes the table which a source names, nil where none does.
func (r *run) makerOf(source *project.Node) *nodeRun {
	if r.byKey == nil {
		r.byKey = map[string]*nodeRun{}
		for _, n := range r.nodes {
			if n.node.Type != project.Test && n.node.Type != project.UnitTest {
				r.byKey[n.key] = n
			}
		}
	}
	return r.byKey[r.names.full(source.Relation).Key()]
}

// above reports whether a node, or what is linked to be above others, is above another one.
func above(plan *graph.Graph, linked map[string][]string, below, id string) bool {
	seen := map[string]bool{}
	for todo := []string{below}; len(todo) > 0; todo = todo[1:] {
		if todo[0] == id {
			return true
		}
		if seen[todo[0]] {
			continue
		}
		seen[todo[0]] = true
		todo = append(append(todo, plan.Parents(todo[0])...), linked[todo[0]]...)
	}
	return false
}

// looksAt notes that a loose test has looked at what a node of the run makes: it sees that as other tests
// do, and it is the test's to judge. It is no for any other node.
func (n *nodeRun) looksAt(id string) bool {
	if !n.node.IsLoose() {
		return false
	}
	if !slices.Contains(n.looked, id) {
		n.looked = append(n.looked, id)
	}
	return true
}

// waitForAll has the loose tests among units wait for all that is made, and not fail with it.
func waitForAll(units []*unit, nodes map[string]*project.Node) {
	for _, u := range units {
		if !nodes[u.ids[0]].IsLoose() {
			continue
		}
		for _, made := range units {
			if !made.tests {
				made.then = append(made.then, u)
				u.waits++
			}
		}
	}
}
