package lineage

import "slices"

// Direction says which way to follow columns.
type Direction uint8

// The directions; both can be set.
const (
	Up   Direction = 1 << iota // to what a column is computed from
	Down                       // to what is computed from it
)

// Reach is the part of the graph that can be reached from some columns, and from the rows
// of the nodes that are named without one: a Ref without a column means all columns of the
// node and what decides its rows. What only decides rows is reached, but not followed; where
// a node's columns are not known, the graph goes on by node: upwards with all columns of what it reads. Steps to columns that are not
// reached are left out.
func (g *Graph) Reach(start []Ref, way Direction) *Graph {
	r := &reach{g: g, columns: map[Ref]bool{}, nodes: map[string]bool{}}
	for _, ref := range start {
		r.nodes[ref.Node] = true
		for _, ref := range g.columnsOf(ref) {
			r.follow(ref, way)
		}
		if n := g.nodes[ref.Node]; n != nil && ref.Column == "" {
			r.around(n, way)
		}
	}
	var nodes []*Node
	for _, id := range g.order {
		if r.nodes[id] {
			nodes = append(nodes, r.cut(g.nodes[id]))
		}
	}
	return NewGraph(nodes)
}

// columnsOf are the columns that a Ref means.
func (g *Graph) columnsOf(ref Ref) []Ref {
	n := g.nodes[ref.Node]
	if n == nil {
		return nil
	}
	if ref.Column != "" {
		return []Ref{g.known(ref)}
	}
	var refs []Ref
	for _, c := range n.Columns {
		refs = append(refs, Ref{n.ID, c.Name})
	}
	return refs
}

type reach struct {
	g       *Graph
	columns map[Ref]bool
	nodes   map[string]bool
	walked  map[walked]bool
}

// walked is a column or node that was followed one way.
type walked struct {
	ref Ref
	way Direction
}

func (r *reach) once(ref Ref, way Direction) bool {
	if r.walked == nil {
		r.walked = map[walked]bool{}
	}
	seen := r.walked[walked{ref, way}]
	r.walked[walked{ref, way}] = true
	return !seen
}

// add notes a column and its node.
func (r *reach) add(ref Ref) {
	r.columns[ref], r.nodes[ref.Node] = true, true
}

// follow reaches all from a column, each way by itself.
func (r *reach) follow(ref Ref, way Direction) {
	r.add(ref)
	if way&Up != 0 && r.once(ref, Up) {
		if n := r.g.nodes[ref.Node]; n != nil && n.Note != "" {
			r.byNode(n, Up)
		}
		for _, step := range r.g.From(ref) {
			r.follow(step.Ref, Up)
		}
	}
	if way&Down != 0 && r.once(ref, Down) {
		for _, step := range r.g.Into(ref) {
			r.follow(step.Ref, Down)
		}
		for _, n := range r.g.RowsOf(ref) {
			r.nodes[n.ID] = true
		}
		for _, n := range r.g.Readers(ref.Node) {
			if n.ByNode() {
				r.nodes[n.ID] = true
				r.byNode(n, Down)
			}
		}
	}
}

// ByNode reports whether it is only known which nodes this one reads: it is an exposure,
// or its columns cannot be traced.
func (n *Node) ByNode() bool { return n.Note != "" || n.Type == "exposure" }

// byNode goes on by nodes, where columns are not known.
func (r *reach) byNode(n *Node, way Direction) {
	if !r.once(Ref{Node: n.ID}, way) {
		return
	}
	var next []*Node
	if way == Up {
		for _, id := range n.DependsOn {
			parent := r.g.nodes[id]
			switch {
			case parent == nil:
			case parent.ByNode() || len(parent.Columns) == 0:
				next = append(next, parent)
			default:
				r.whole(parent)
			}
		}
	} else {
		next = r.g.Readers(n.ID)
	}
	for _, other := range next {
		r.nodes[other.ID] = true
		r.byNode(other, way)
	}
}

// whole reaches a node of which all columns are read, and where they come from.
func (r *reach) whole(n *Node) {
	r.nodes[n.ID] = true
	for _, ref := range r.g.columnsOf(Ref{Node: n.ID}) {
		r.follow(ref, Up)
	}
	r.around(n, Up)
}

// around reaches what decides a node's rows, and what reads a node without columns.
func (r *reach) around(n *Node, way Direction) {
	if way&Up != 0 {
		for _, step := range n.Rows {
			r.add(r.g.known(step.Ref))
		}
		if n.ByNode() {
			r.byNode(n, Up)
		}
	}
	if way&Down != 0 && len(n.Columns) == 0 {
		r.byNode(n, Down)
	}
}

// cut is a node with the columns and steps that were reached.
func (r *reach) cut(n *Node) *Node {
	out := *n
	out.Columns, out.Rows, out.DependsOn = nil, nil, nil
	for _, c := range n.Columns {
		if !r.columns[Ref{n.ID, c.Name}] {
			continue
		}
		c.From = r.cutSteps(c.From)
		out.Columns = append(out.Columns, c)
	}
	out.Rows = r.cutSteps(n.Rows)
	for _, id := range n.DependsOn {
		if r.nodes[id] {
			out.DependsOn = append(out.DependsOn, id)
		}
	}
	return &out
}

func (r *reach) cutSteps(steps []Step) []Step {
	return slices.DeleteFunc(slices.Clone(steps), func(s Step) bool { return !r.columns[r.g.known(s.Ref)] })
}
