package lineage

import (
	"cmp"
	"slices"
	"strings"
)

// Ref is a column of a node: of a model, a source, or of something outside the project.
type Ref struct {
	Node   string `json:"node"` // a unique_id, or the ID of an outside relation
	Column string `json:"column"`
}

// Step is an edge of the project's graph, seen from the column that it leads to.
type Step struct {
	Ref
	Kind Kind  `json:"kind"`
	Via  []Via `json:"via"`
}

// NodeColumn is a column of a node.
type NodeColumn struct {
	Name string `json:"name"`
	Type string `json:"type,omitempty"` // as DuckDB writes it, "" where it is not known
	From []Step `json:"from"`           // ordered by node and column
}

// Node is a resource of the project, or an outside relation that a query names itself.
type Node struct {
	ID        string       `json:"-"`
	Type      string       `json:"resource_type"` // "model", "source", ..., or "file", "table", "function"
	Name      string       `json:"name"`          // a source's is "raw.orders"
	Relation  string       `json:"relation_name,omitempty"`
	Files     []string     `json:"files,omitempty"` // globs of a source, paths of a file
	DependsOn []string     `json:"depends_on"`      // the nodes that it reads, ordered
	Columns   []NodeColumn `json:"columns"`         // in their order; none where they are not known
	Rows      []Step       `json:"rows"`            // what decides its rows, ordered by node and column
	// Note says why only the nodes it reads are known, not the columns; "" where they are.
	Note string `json:"note,omitempty"`
}

// Column finds a column. Names match without regard to letter case, as in SQL.
func (n *Node) Column(name string) *NodeColumn {
	for i := range n.Columns {
		if strings.EqualFold(n.Columns[i].Name, name) {
			return &n.Columns[i]
		}
	}
	return nil
}

// Graph is the lineage of a project. It is not changed once it is built, and safe for
// concurrent use.
type Graph struct {
	nodes map[string]*Node
	order []string // parents first
	down  map[Ref][]Ref
	byRow map[Ref][]string // nodes whose rows a column decides
	below map[string][]string
}

// NewGraph joins nodes, which must be ordered parents first. Columns that nodes read of
// sources and outside relations are added to these where they are missing.
func NewGraph(nodes []*Node) *Graph {
	g := &Graph{nodes: map[string]*Node{}, down: map[Ref][]Ref{}, byRow: map[Ref][]string{}, below: map[string][]string{}}
	for _, n := range nodes {
		g.nodes[n.ID] = n
		g.order = append(g.order, n.ID)
	}
	for _, n := range nodes {
		for i := range n.Columns {
			for _, step := range n.Columns[i].From {
				from := g.learnt(step.Ref)
				g.down[from] = append(g.down[from], Ref{n.ID, n.Columns[i].Name})
			}
		}
		for _, step := range n.Rows {
			from := g.learnt(step.Ref)
			g.byRow[from] = append(g.byRow[from], n.ID)
		}
		for _, parent := range n.DependsOn {
			g.below[parent] = append(g.below[parent], n.ID)
		}
	}
	return g
}

// known is a column under the name that its node has for it.
func (g *Graph) known(ref Ref) Ref {
	n := g.nodes[ref.Node]
	if n == nil {
		return ref
	}
	if column := n.Column(ref.Column); column != nil {
		return Ref{n.ID, column.Name}
	}
	return ref
}

// learnt is known; a column that a node without queries lacks is added to it.
func (g *Graph) learnt(ref Ref) Ref {
	if n := g.nodes[ref.Node]; n != nil && n.Column(ref.Column) == nil && len(n.DependsOn) == 0 && n.Note == "" {
		n.Columns = append(n.Columns, NodeColumn{Name: ref.Column})
	}
	return g.known(ref)
}

// Node returns a node, nil where there is none.
func (g *Graph) Node(id string) *Node { return g.nodes[id] }

// Nodes returns all nodes, parents first.
func (g *Graph) Nodes() []*Node {
	nodes := make([]*Node, 0, len(g.order))
	for _, id := range g.order {
		nodes = append(nodes, g.nodes[id])
	}
	return nodes
}

// From is where a column comes from: one step.
func (g *Graph) From(ref Ref) []Step {
	n := g.nodes[ref.Node]
	if n == nil {
		return nil
	}
	column := n.Column(ref.Column)
	if column == nil {
		return nil
	}
	steps := slices.Clone(column.From)
	for i := range steps {
		steps[i].Ref = g.known(steps[i].Ref)
	}
	return steps
}

// Into is where a column goes: one step. Each is seen from this column: the step's Ref is
// the column below.
func (g *Graph) Into(ref Ref) []Step {
	ref = g.known(ref)
	var steps []Step
	for _, to := range g.down[ref] {
		for _, step := range g.nodes[to.Node].Column(to.Column).From {
			if g.known(step.Ref) == ref {
				steps = append(steps, Step{to, step.Kind, step.Via})
			}
		}
	}
	return SortSteps(steps)
}

// RowsOf are the nodes whose rows a column decides, parents first.
func (g *Graph) RowsOf(ref Ref) []*Node {
	var nodes []*Node
	for _, id := range g.byRow[g.known(ref)] {
		nodes = append(nodes, g.nodes[id])
	}
	return nodes
}

// Readers are the nodes that read a node, parents first.
func (g *Graph) Readers(id string) []*Node {
	var nodes []*Node
	for _, reader := range g.below[id] {
		nodes = append(nodes, g.nodes[reader])
	}
	return nodes
}

// SortSteps orders steps by node and column.
func SortSteps(steps []Step) []Step {
	slices.SortStableFunc(steps, func(a, b Step) int {
		return cmp.Or(strings.Compare(a.Node, b.Node), strings.Compare(a.Column, b.Column))
	})
	return steps
}
