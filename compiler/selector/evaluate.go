package selector

import (
	"fmt"
	"slices"

	"elt/compiler/diag"
	"elt/compiler/graph"
	"elt/compiler/project"
)

// everything is the value of the criterion that takes every node, sources included.
// It cannot be written: "*" does not match sources.
const everything = ""

// evaluation is the work on one request. Nodes go by their number in the graph.
type evaluation struct {
	graph   *graph.Graph
	req     Request
	root    string
	nodes   []*project.Node // by number; nil for what cannot be selected
	members graph.Mask
	off     []*project.Node // disabled nodes
	diags   diag.List

	// done holds what specs select: definitions that others inherit from are shared,
	// and each is evaluated once.
	done map[*Spec]result
}

func newEvaluation(u Universe, req Request) *evaluation {
	n := u.Graph.Len()
	e := &evaluation{graph: u.Graph, req: req, root: u.Root, nodes: make([]*project.Node, n), members: make(graph.Mask, n), done: map[*Spec]result{}}
	if e.req.Indirect == "" {
		e.req.Indirect = Eager
	}
	for _, node := range u.Nodes {
		if !node.Config.Bool("enabled", true) {
			e.off = append(e.off, node)
			continue
		}
		i := u.Graph.Number(node.UniqueID)
		if i < 0 {
			panic(fmt.Sprintf("selector: node %q is not in the graph", node.UniqueID))
		}
		e.nodes[i], e.members[i] = node, true
	}
	return e
}

// result is what a spec selects, and the tests that may yet be selected along once
// more of their parents are.
type result struct{ direct, indirect graph.Mask }

func (e *evaluation) eval(s *Spec) result {
	if s.Op == Match {
		return e.evalCriterion(s)
	}
	if r, ok := e.done[s]; ok {
		return r
	}
	r := e.evalParts(s)
	e.done[s] = r
	return r
}

// evalParts evaluates what is no single criterion.
func (e *evaluation) evalParts(s *Spec) result {
	results := make([]result, len(s.Parts))
	for i, p := range s.Parts {
		results[i] = e.eval(p)
	}
	direct := e.combine(s.Op, results, func(r result, i int) bool { return r.direct[i] })
	indirect := e.combine(s.Op, results, func(r result, i int) bool { return r.direct[i] || r.indirect[i] })
	direct = e.incorporate(direct, indirect, e.mode(s))
	if s.warn && !slices.Contains(direct, true) {
		e.diags = append(e.diags, e.nothing(s, results))
	}
	return result{direct, indirect}
}

// mode is how a spec selects tests along.
func (e *evaluation) mode(s *Spec) Indirect {
	if s.Indirect == "" {
		return e.req.Indirect
	}
	return s.Indirect
}

// combine applies a set operation to the sets that in reads from the results.
func (e *evaluation) combine(op Op, results []result, in func(r result, i int) bool) graph.Mask {
	out := make(graph.Mask, len(e.nodes))
	if len(results) == 0 {
		return out
	}
	for i := range out {
		out[i] = in(results[0], i)
		for _, r := range results[1:] {
			switch op {
			case Union:
				out[i] = out[i] || in(r, i)
			case Intersection:
				out[i] = out[i] && in(r, i)
			case Difference:
				out[i] = out[i] && !in(r, i)
			}
		}
	}
	return out
}

func (e *evaluation) evalCriterion(s *Spec) result {
	c := s.Criterion
	var found graph.Mask
	switch {
	case c.Method == "selector":
		r, ok := e.evalNamed(s)
		if !ok || !c.Parents && !c.Children && !c.ChildrensParents {
			return r
		}
		found = r.direct
	case c.Method == "fqn" && c.Value == everything:
		found = slices.Clone(e.members)
	default:
		found = e.matching(c)
	}
	selected := e.withNeighbours(c, found)
	return e.expand(selected, e.mode(s))
}

// matching returns the nodes that the criterion itself means.
func (e *evaluation) matching(c *Criterion) graph.Mask {
	found := make(graph.Mask, len(e.nodes))
	matches := e.matcher(c)
	for i, n := range e.nodes {
		found[i] = n != nil && matches(n)
	}
	return found
}

// withNeighbours adds what "@" and "+" ask for.
func (e *evaluation) withNeighbours(c *Criterion, found graph.Mask) graph.Mask {
	selected := slices.Clone(found)
	if c.ChildrensParents {
		down := e.graph.DescendantsOf(found, -1, e.members)
		add(down, found)
		add(selected, down)
		add(selected, e.graph.AncestorsOf(down, -1, e.members))
	}
	if c.Parents {
		add(selected, e.graph.AncestorsOf(found, c.ParentsDepth, e.members))
	}
	if c.Children {
		add(selected, e.graph.DescendantsOf(found, c.ChildrenDepth, e.members))
	}
	return selected
}

func add(to, from graph.Mask) {
	for i, in := range from {
		if in {
			to[i] = true
		}
	}
}

// evalNamed evaluates the definition that a criterion of the method selector names.
func (e *evaluation) evalNamed(s *Spec) (result, bool) {
	name := s.Criterion.Value
	nothing := result{make(graph.Mask, len(e.nodes)), make(graph.Mask, len(e.nodes))}
	def := e.req.Selectors.Lookup(name)
	if def == nil {
		e.diags = append(e.diags, e.req.Selectors.unknown(name, s.at))
		return nothing, false
	}
	return e.eval(def.Spec), true
}
