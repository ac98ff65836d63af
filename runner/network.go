package runner

import (
	"slices"
	"sync"

	"elt/compiler/graph"
	"elt/compiler/project"
)

// network is the project's graph as a run sees it: with the edges that published
// views add. A view that is not made in this run shows its old text, which may read a
// candidate; so whatever reads the view has to wait for that candidate, and follows
// its fate.
type network struct {
	graph      *graph.Graph
	work       map[string]bool
	relations  func() relationIndex // is made when it is first asked for: rendering alone seldom does
	published  *published
	behindMemo map[string][]string
}

// relationIndex says what of the project each relation is, by the relation's key.
type relationIndex struct {
	makers  map[string]string   // → unique_id
	sources map[string][]string // → all sources that name it
}

// newNetwork builds the network of a run that makes the nodes in work.
func newNetwork(plan planGraph, work map[string]bool, p *published) *network {
	n := &network{
		graph: plan.graph, work: work, published: p, behindMemo: map[string][]string{},
		relations: sync.OnceValue(func() relationIndex { return indexRelations(plan.nodes, p.names) }),
	}
	n.linkViews(plan, p)
	return n
}

func indexRelations(nodes map[string]*project.Node, names *names) relationIndex {
	ids := make([]string, 0, len(nodes))
	for id, node := range nodes {
		if node.Relation.Identifier != "" && (node.IsRefable() || node.Type == project.Source) && !node.IsEphemeral() {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	index := relationIndex{makers: make(map[string]string, len(ids)), sources: map[string][]string{}}
	for _, id := range ids {
		node := nodes[id]
		key := names.full(node.Relation).Key()
		if node.Type == project.Source {
			index.sources[key] = append(index.sources[key], id)
			if index.makers[key] != "" {
				continue // a source may be a table that the project makes: that one is meant
			}
		}
		index.makers[key] = id
	}
	return index
}

// planGraph is what a network is made from.
type planGraph struct {
	graph  *graph.Graph
	nodes  map[string]*project.Node
	takers map[string]string // by the id of a test: the by_file model that it waits for, see [run.linkTakers]
	makers map[string]string // by the id of a source: what makes its table in the run, see [run.linkTested]
}

// linkViews adds an edge from each node of the run to the published views in whose
// text it stands, as far as somebody in the run reads those views.
func (n *network) linkViews(plan planGraph, p *published) {
	var ids []string
	for id := range n.work {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	extra := map[string][]string{}
	for id := range plan.graph.Ancestors(ids, -1) {
		node := plan.nodes[id]
		if n.work[id] || node == nil {
			continue
		}
		descendants := graph.Set(nil)
		for _, candidate := range n.behind(p.names.full(node.Relation).Key()) {
			if descendants == nil {
				descendants = plan.graph.Descendants([]string{id}, -1)
			}
			if !descendants.Has(candidate) {
				extra[id] = append(extra[id], candidate)
			}
		}
	}
	for _, links := range []map[string]string{plan.takers, plan.makers} {
		for id, other := range links {
			extra[id] = append(extra[id], other)
		}
	}
	if len(extra) == 0 {
		return
	}
	parents := make(map[string][]string, plan.graph.Len())
	for _, id := range plan.graph.IDs() {
		parents[id] = append(plan.graph.Parents(id), extra[id]...)
	}
	n.graph = graph.New(plan.graph.IDs(), parents)
}

// behind returns the nodes of the run that a published view reads, through other views
// too, as far as those are not made in this run themselves.
func (n *network) behind(key string) []string {
	if found, ok := n.behindMemo[key]; ok {
		return found
	}
	n.behindMemo[key] = nil // a view cannot read itself; this ends the walk if it does
	var found []string
	for _, read := range n.published.readsOf(key) {
		id := n.relations().makers[read.key]
		if n.work[id] {
			found = append(found, id)
			continue
		}
		found = append(found, n.behind(read.key)...)
	}
	slices.Sort(found)
	found = slices.Compact(found)
	n.behindMemo[key] = found
	return found
}

// blockedBy returns the nodes of the run that wait for a unit test: its model; of an
// ephemeral one, which is not made itself, those that it becomes part of.
func (n *network) blockedBy(unit *project.Node, nodes map[string]*project.Node) []string {
	var found []string
	seen := map[string]bool{}
	todo := slices.Clone(unit.DependsOn)
	for len(todo) > 0 {
		id := todo[0]
		todo = todo[1:]
		switch {
		case seen[id]:
		case n.work[id] && nodes[id].Type != project.Test && nodes[id].Type != project.UnitTest:
			found = append(found, id)
		case nodes[id] != nil && nodes[id].IsEphemeral():
			todo = append(todo, n.graph.Children(id)...)
		}
		seen[id] = true
	}
	return found
}

// workParents returns the nodes of the run that a node waits for: the nearest ones
// above it, through whatever is not in the run.
func (n *network) workParents(id string) []string {
	var found []string
	seen := map[string]bool{}
	todo := n.graph.Parents(id)
	for len(todo) > 0 {
		parent := todo[0]
		todo = todo[1:]
		if seen[parent] {
			continue
		}
		seen[parent] = true
		if n.work[parent] {
			found = append(found, parent)
			continue
		}
		todo = append(todo, n.graph.Parents(parent)...)
	}
	return found
}

// inputsOf returns what a test reads and the run does not make: sources, ephemeral
// models, and relations that are not selected. Those last were green when they were
// published, so where the test also reads what the run makes, they are not to blame.
func (n *network) inputsOf(test string, nodes map[string]*project.Node) []string {
	besides := len(n.workParents(test)) > 0
	var found []string
	for _, id := range n.graph.Parents(test) {
		node := nodes[id]
		if n.work[id] || node == nil || besides && node.Type != project.Source && !node.IsEphemeral() {
			continue
		}
		found = append(found, id)
	}
	return found
}

// workReaders returns the nodes of the run, tests aside, that read something the run does
// not make: the nearest ones below it, through whatever is not in the run.
func (n *network) workReaders(id string, nodes map[string]*project.Node) []string {
	var found []string
	seen := map[string]bool{}
	todo := n.graph.Children(id)
	for len(todo) > 0 {
		child := todo[0]
		todo = todo[1:]
		node := nodes[child]
		if seen[child] || node == nil || node.Type == project.Test || node.Type == project.UnitTest {
			continue
		}
		seen[child] = true
		if n.work[child] {
			found = append(found, child)
			continue
		}
		todo = append(todo, n.graph.Children(child)...)
	}
	return found
}
