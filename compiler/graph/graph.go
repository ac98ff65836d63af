// Package graph is the directed acyclic graph of a project's nodes, by unique_id.
//
// It knows ids and edges and nothing else: what a node is, and what it is called
// in a message, is the caller's business. All answers are deterministic: they
// depend on the ids and edges given and on the order of the ids, never on the
// order of a map. A graph with cycles is no error here; [Graph.Cycles] names them
// and every other method still ends. A [Graph] never changes after [New], so it
// may be read from many goroutines. Start reading at [New].
package graph

import "slices"

// Graph is a directed graph of ids. The zero Graph is not usable; see [New].
type Graph struct {
	ids      []string
	index    map[string]int32
	parents  [][]int32 // by node, in the order given, each once
	children [][]int32 // by node, ascending
	order    []string
	position []int32 // of each node in order
}

// Set is a set of ids.
type Set map[string]struct{}

// Has reports whether the set holds an id. A nil set is empty.
func (s Set) Has(id string) bool {
	_, ok := s[id]
	return ok
}

// New builds a graph from its ids and, for each, the ids it reads. An id that
// occurs again counts once. Edges from or to an id that is not among ids are
// left out, since a dangling reference has been reported by whoever resolved it;
// a repeated edge counts once; an edge from a node to itself is a cycle. The
// order of ids decides ties in [Graph.Order].
func New(ids []string, parents map[string][]string) *Graph {
	g := &Graph{index: make(map[string]int32, len(ids))}
	for _, id := range ids {
		if _, ok := g.index[id]; !ok {
			g.index[id] = int32(len(g.ids))
			g.ids = append(g.ids, id)
		}
	}
	g.link(parents)
	g.sort()
	return g
}

// link fills parents and children with what is known on both ends.
func (g *Graph) link(parents map[string][]string) {
	g.parents = make([][]int32, len(g.ids))
	g.children = make([][]int32, len(g.ids))
	seen := make([]int32, len(g.ids)) // node+1 for which a parent was last added
	for i, id := range g.ids {
		node := int32(i)
		for _, name := range parents[id] {
			p, ok := g.index[name]
			if !ok || seen[p] == node+1 {
				continue
			}
			seen[p] = node + 1
			g.parents[node] = append(g.parents[node], p)
			g.children[p] = append(g.children[p], node)
		}
	}
}

// sort fills order: always the first node, in the order given, whose parents are
// all out. When only nodes on or behind cycles are left, the first node of a
// topmost group of cyclic nodes goes next, so that the order is total.
func (g *Graph) sort() {
	waiting := make([]int32, len(g.ids))
	var ready heap
	for i, ps := range g.parents {
		waiting[i] = int32(len(ps))
		if len(ps) == 0 {
			ready.push(int32(i))
		}
	}
	g.order = make([]string, 0, len(g.ids))
	g.position = make([]int32, len(g.ids))
	done := make([]bool, len(g.ids))
	var cyclic []int32 // nodes on cycles, topmost group first; found when needed
	for len(g.order) < len(g.ids) {
		if len(ready) == 0 {
			if cyclic == nil {
				cyclic = slices.Concat(g.components()...)
			}
			for done[cyclic[0]] {
				cyclic = cyclic[1:]
			}
			ready.push(cyclic[0])
		}
		node := ready.pop()
		done[node] = true
		g.position[node] = int32(len(g.order))
		g.order = append(g.order, g.ids[node])
		for _, c := range g.children[node] {
			waiting[c]--
			if waiting[c] == 0 && !done[c] {
				ready.push(c)
			}
		}
	}
}

// IDs returns the ids in the order given. The caller must not change it.
func (g *Graph) IDs() []string { return g.ids }

// Len returns how many ids there are.
func (g *Graph) Len() int { return len(g.ids) }

// Has reports whether the graph has an id.
func (g *Graph) Has(id string) bool {
	_, ok := g.index[id]
	return ok
}

// Order returns all ids, parents before children; of ids that could stand at the
// same place the one given first comes first. In a graph with cycles the order is
// still total and respects every edge that is not within a cycle. The caller must
// not change it.
func (g *Graph) Order() []string { return g.order }

// Position returns the place of an id in [Graph.Order], or -1 for an unknown id.
func (g *Graph) Position(id string) int {
	i, ok := g.index[id]
	if !ok {
		return -1
	}
	return int(g.position[i])
}

// Parents returns the ids a node reads, in the order given, each once.
func (g *Graph) Parents(id string) []string { return g.neighbours(id, g.parents) }

// Children returns the ids that read a node, in the order given to [New].
func (g *Graph) Children(id string) []string { return g.neighbours(id, g.children) }

func (g *Graph) neighbours(id string, edges [][]int32) []string {
	i, ok := g.index[id]
	if !ok {
		return nil
	}
	return g.names(edges[i])
}

func (g *Graph) names(nodes []int32) []string {
	if len(nodes) == 0 {
		return nil
	}
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = g.ids[n]
	}
	return out
}

// Sorted returns the ids of a set in [Graph.Order]; ids the graph does not have
// are left out.
func (g *Graph) Sorted(set Set) []string {
	nodes := make([]int32, 0, len(set))
	for id := range set {
		if i, ok := g.index[id]; ok {
			nodes = append(nodes, i)
		}
	}
	slices.SortFunc(nodes, func(a, b int32) int { return int(g.position[a] - g.position[b]) })
	return g.names(nodes)
}
