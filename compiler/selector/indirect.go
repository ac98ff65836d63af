package selector

import (
	"elt/compiler/graph"
	"elt/compiler/project"
)

// expand adds to what a criterion selects the tests that read it, as the mode says.
// Tests that the mode leaves out for lack of a parent are kept aside: another
// criterion may bring the parent.
func (e *evaluation) expand(selected graph.Mask, mode Indirect) result {
	indirect := make(graph.Mask, len(e.nodes))
	if mode == Empty {
		return result{selected, indirect}
	}
	enough := selected
	if mode == Buildable {
		enough = e.withAncestors(selected)
		for i, n := range e.nodes {
			if n != nil && n.Type == project.Source {
				enough[i] = true
			}
		}
	}
	direct := append(graph.Mask(nil), selected...)
	for i, in := range e.graph.DescendantsOf(selected, 1, e.members) {
		switch {
		case !in || !selectedAlong(e.nodes[i]):
		case mode == Eager || e.hasParents(i, enough):
			direct[i] = true
		default:
			indirect[i] = true
		}
	}
	return result{direct, indirect}
}

func selectedAlong(n *project.Node) bool {
	return n.Type == project.Test || n.Type == project.UnitTest
}

// incorporate adds to a combined selection the tests kept aside whose parents have
// come together by now. dbt does this for data tests only (a unit test has a single
// parent), and here counts no sources for Buildable.
func (e *evaluation) incorporate(direct, indirect graph.Mask, mode Indirect) graph.Mask {
	var enough graph.Mask
	switch mode {
	case Cautious:
		enough = direct
	case Buildable:
		enough = e.withAncestors(direct)
	default:
		return direct
	}
	out := append(graph.Mask(nil), direct...)
	for i, in := range indirect {
		if in && !out[i] && e.nodes[i].Type != project.UnitTest && e.hasParents(i, enough) {
			out[i] = true
		}
	}
	return out
}

func (e *evaluation) withAncestors(selected graph.Mask) graph.Mask {
	out := e.graph.AncestorsOf(selected, -1, e.members)
	add(out, selected)
	return out
}

// hasParents reports whether all that a node reads is in a set.
func (e *evaluation) hasParents(i int, set graph.Mask) bool {
	for _, id := range e.nodes[i].DependsOn {
		if p := e.graph.Number(id); p < 0 || !set[p] {
			return false
		}
	}
	return true
}
