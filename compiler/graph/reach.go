package graph

import "slices"

// Mask is a set of nodes by number: node n is in it where mask[n] is true. It is
// for callers that walk a large graph many times; others use [Set].
type Mask []bool

// Number returns the place of an id in [Graph.IDs], which is its place in every
// [Mask] of the graph, or -1 for an unknown id.
func (g *Graph) Number(id string) int {
	i, ok := g.index[id]
	if !ok {
		return -1
	}
	return int(i)
}

// Ancestors returns what the ids read, directly or through others, at most depth
// edges away; depth -1 means any distance. One of the ids itself is in the set
// only if another of them (or itself, in a cycle) reads it. Unknown ids have no
// ancestors.
func (g *Graph) Ancestors(ids []string, depth int) Set {
	return g.set(g.AncestorsOf(g.mask(ids), depth, nil))
}

// Above returns what the ids read, directly or through others, without the ids themselves,
// in [Graph.Order].
func (g *Graph) Above(ids []string) []string {
	from := g.mask(ids)
	above := g.AncestorsOf(from, -1, nil)
	var nodes []int32
	for i, in := range above {
		if in && !from[i] {
			nodes = append(nodes, int32(i))
		}
	}
	slices.SortFunc(nodes, func(a, b int32) int { return int(g.position[a] - g.position[b]) })
	return g.names(nodes)
}

// Descendants returns what reads the ids, directly or through others, at most
// depth edges away; depth -1 means any distance. See [Graph.Ancestors].
func (g *Graph) Descendants(ids []string, depth int) Set {
	return g.set(g.DescendantsOf(g.mask(ids), depth, nil))
}

// AncestorsOf is [Graph.Ancestors] of a mask. Nodes that are not in within are
// neither found nor walked through; a nil within holds all.
func (g *Graph) AncestorsOf(from Mask, depth int, within Mask) Mask {
	return reach(from, depth, within, g.parents)
}

// DescendantsOf is [Graph.Descendants] of a mask; see [Graph.AncestorsOf].
func (g *Graph) DescendantsOf(from Mask, depth int, within Mask) Mask {
	return reach(from, depth, within, g.children)
}

func (g *Graph) mask(ids []string) Mask {
	m := make(Mask, len(g.ids))
	for _, id := range ids {
		if i, ok := g.index[id]; ok {
			m[i] = true
		}
	}
	return m
}

func (g *Graph) set(m Mask) Set {
	size := 0
	for _, in := range m {
		if in {
			size++
		}
	}
	out := make(Set, size)
	for i, in := range m {
		if in {
			out[g.ids[i]] = struct{}{}
		}
	}
	return out
}

// reach is a breadth-first walk from all nodes of a mask at once.
func reach(from Mask, depth int, within Mask, edges [][]int32) Mask {
	found := make(Mask, len(edges))
	var level []int32
	for i, in := range from {
		if in {
			level = append(level, int32(i))
		}
	}
	for ; depth != 0 && len(level) > 0; depth-- {
		var next []int32
		for _, n := range level {
			for _, e := range edges[n] {
				if found[e] || within != nil && !within[e] {
					continue
				}
				found[e] = true
				if !from[e] {
					next = append(next, e)
				}
			}
		}
		level = next
	}
	return found
}
