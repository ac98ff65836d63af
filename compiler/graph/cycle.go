package graph

import "slices"

// Cycle is a path of ids in which each reads the next and the last reads the
// first. It starts at its smallest id; a node that reads itself is a cycle of one.
type Cycle []string

// Cycles returns one cycle for every group of nodes that all depend on each
// other: a shortest one of the group, of equally short ones that of the node
// given first. (Of a group of more than 64 nodes, a shortest one through any of
// its first 64.) The cycles are ordered by the first member, in the order given,
// of their group; a graph without cycles gives nil.
func (g *Graph) Cycles() []Cycle {
	var out []Cycle
	groups := g.components()
	slices.SortFunc(groups, func(a, b []int32) int { return int(a[0] - b[0]) })
	for _, group := range groups {
		path := g.names(g.shortest(group))
		at := slices.Index(path, slices.Min(path))
		out = append(out, append(Cycle(path[at:]), path[:at]...))
	}
	return out
}

// tarjan holds the state of Tarjan's search for strongly connected components,
// iterative since a project may be a chain of thousands of nodes.
type tarjan struct {
	g       *Graph
	number  []int32 // order of discovery, from 1; 0 is undiscovered
	low     []int32
	onStack []bool
	stack   []int32
	calls   []call
	found   [][]int32
}

// call is one frame of the search: a node and its next parent to look at.
type call struct{ node, next int32 }

// components returns the groups of nodes that lie on common cycles, each
// ascending, a group before those that read it.
func (g *Graph) components() [][]int32 {
	n := len(g.ids)
	t := &tarjan{g: g, number: make([]int32, n), low: make([]int32, n), onStack: make([]bool, n)}
	count := int32(0)
	enter := func(node int32) {
		count++
		t.number[node], t.low[node] = count, count
		t.stack, t.onStack[node] = append(t.stack, node), true
		t.calls = append(t.calls, call{node: node})
	}
	for i := range n {
		if t.number[i] != 0 {
			continue
		}
		enter(int32(i))
		for len(t.calls) > 0 {
			if next, ok := t.step(); ok {
				enter(next)
			}
		}
	}
	return t.found
}

// step advances the innermost frame by one parent, which it returns if it is
// undiscovered, or closes the frame.
func (t *tarjan) step() (int32, bool) {
	top := &t.calls[len(t.calls)-1]
	node, edges := top.node, t.g.parents[top.node]
	if int(top.next) < len(edges) {
		p := edges[top.next]
		top.next++
		if t.number[p] == 0 {
			return p, true
		}
		if t.onStack[p] {
			t.low[node] = min(t.low[node], t.number[p])
		}
		return 0, false
	}
	t.calls = t.calls[:len(t.calls)-1]
	if len(t.calls) > 0 {
		caller := t.calls[len(t.calls)-1].node
		t.low[caller] = min(t.low[caller], t.low[node])
	}
	if t.low[node] == t.number[node] {
		t.close(node)
	}
	return 0, false
}

// close takes the component of its root off the stack and keeps it if it holds a cycle.
func (t *tarjan) close(root int32) {
	at := len(t.stack) - 1
	for t.stack[at] != root {
		at--
	}
	group := t.stack[at:]
	t.stack = t.stack[:at]
	for _, n := range group {
		t.onStack[n] = false
	}
	if len(group) > 1 || slices.Contains(t.g.parents[root], root) {
		group = slices.Clone(group)
		slices.Sort(group)
		t.found = append(t.found, group)
	}
}

// maxStarts bounds how many members of a group are tried as the start of its
// shortest cycle: a search costs the whole group, and a group of ten thousand
// must not cost ten thousand of them.
const maxStarts = 64

// shortest returns a shortest cycle within a group, as a path of nodes in which
// each reads the next.
func (g *Graph) shortest(group []int32) []int32 {
	inside := make(map[int32]bool, len(group))
	for _, n := range group {
		inside[n] = true
	}
	var best []int32
	for _, start := range group[:min(len(group), maxStarts)] {
		path := g.cycleFrom(start, inside)
		if best == nil || len(path) < len(best) {
			best = path
		}
		if len(best) == 1 {
			break
		}
	}
	return best
}

// cycleFrom returns a shortest cycle through start, which must lie on one.
func (g *Graph) cycleFrom(start int32, inside map[int32]bool) []int32 {
	from := map[int32]int32{} // node → the node that reads it, on the way from start
	queue := []int32{start}
	for len(queue) > 0 {
		node := queue[0]
		queue = queue[1:]
		for _, p := range g.parents[node] {
			if p == start {
				return walkBack(start, node, from)
			}
			if _, seen := from[p]; inside[p] && !seen {
				from[p] = node
				queue = append(queue, p)
			}
		}
	}
	panic("graph: a node of a strongly connected component lies on no cycle")
}

// walkBack returns the path from start to node.
func walkBack(start, node int32, from map[int32]int32) []int32 {
	path := []int32{node}
	for node != start {
		node = from[node]
		path = append(path, node)
	}
	slices.Reverse(path)
	return path
}
