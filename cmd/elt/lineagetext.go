package main

import (
	"fmt"
	"slices"
	"strings"

	"elt/compiler/lineage"
)

// lineageText is the lineage of some nodes and columns as indented lines.
func lineageText(graph *lineage.Graph, start []lineage.Ref, way lineage.Direction) string {
	t := &lineageTree{graph: graph, way: way}
	for i, ref := range start {
		if i > 0 {
			t.WriteByte('\n')
		}
		t.node(ref)
	}
	return t.String()
}

// lineageCounts says in one or two lines what lineage.json holds.
func lineageCounts(graph *lineage.Graph, path string) string {
	var models, columns int
	var noted []string
	for _, n := range graph.Nodes() {
		if n.Type != "model" && n.Type != "snapshot" {
			continue
		}
		models++
		if n.Note != "" {
			noted = append(noted, n.Name+": "+n.Note)
			continue
		}
		columns += len(n.Columns)
	}
	text := fmt.Sprintf("%s: %d %s of %d %s", path, columns, plural(columns, "column"), models, plural(models, "model"))
	if len(noted) > 0 {
		text += fmt.Sprintf("\nby table only:\n  %s", strings.Join(noted, "\n  "))
	}
	return text
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// lineageTree writes trees of columns.
type lineageTree struct {
	strings.Builder
	graph *lineage.Graph
	way   lineage.Direction
	shown map[string]bool // columns and nodes of this tree that have lines below them already
}

func (t *lineageTree) line(depth int, format string, args ...any) {
	t.WriteString(strings.TrimRight(strings.Repeat("   ", depth)+fmt.Sprintf(format, args...), " ") + "\n")
}

// node writes what was asked for: one column, or a node with all of its columns.
func (t *lineageTree) node(ref lineage.Ref) {
	n := t.graph.Node(ref.Node)
	if ref.Column != "" {
		t.column(n, n.Column(ref.Column))
		return
	}
	t.line(0, "%s%s", title(n), filesOf(n))
	t.shown = map[string]bool{}
	if t.way&lineage.Up != 0 {
		for _, step := range n.Rows {
			t.line(1, "rows <- %s  %s", t.name(step.Ref), label(step))
		}
		switch {
		case n.Type == "exposure":
			t.wholes(n, 1)
		case n.ByNode():
			t.byNode(n, 1)
		}
	}
	if t.way&lineage.Down != 0 {
		for _, reader := range t.graph.Readers(n.ID) {
			if reader.ByNode() || len(n.Columns) == 0 {
				t.nodeBelow(reader, 1)
			}
		}
	}
	for i := range n.Columns {
		t.WriteByte('\n')
		t.column(n, &n.Columns[i])
	}
}

// title is a node with its type, where that is not a model.
func title(n *lineage.Node) string {
	if n.Type == "model" {
		return n.Name
	}
	return n.Type + " " + n.Name
}

func filesOf(n *lineage.Node) string {
	if len(n.Files) == 0 || n.Type == "file" {
		return ""
	}
	return "  [" + strings.Join(n.Files, ", ") + "]"
}

// name is a column as it is asked for.
func (t *lineageTree) name(ref lineage.Ref) string {
	if n := t.graph.Node(ref.Node); n != nil {
		return n.Name + "." + ref.Column
	}
	return ref.Node + "." + ref.Column
}

func (t *lineageTree) column(n *lineage.Node, c *lineage.NodeColumn) {
	ref := lineage.Ref{Node: n.ID, Column: c.Name}
	t.line(0, "%s  %s%s", t.name(ref), c.Type, filesOf(n))
	t.shown = map[string]bool{}
	if t.way&lineage.Up != 0 {
		t.source(n, ref, 1)
	}
	t.shown = map[string]bool{}
	if t.way&lineage.Down != 0 {
		t.below(ref, 1)
	}
}

// source writes where a column of a node comes from, or that it does so from none.
func (t *lineageTree) source(n *lineage.Node, ref lineage.Ref, depth int) {
	t.above(ref, depth)
	if len(t.graph.From(ref)) == 0 && n.Note == "" && len(n.DependsOn) > 0 {
		why := "a constant, or a count of rows"
		if n.Type == "snapshot" {
			why = "kept from before, the time of the build, or a constant"
		}
		t.line(depth, "<- no column: %s", why)
	}
}

// above writes where a column comes from.
func (t *lineageTree) above(ref lineage.Ref, depth int) {
	t.shown[ref.Node+"\x00"+ref.Column] = true
	if n := t.graph.Node(ref.Node); n != nil && n.Note != "" {
		t.byNode(n, depth)
	}
	for _, step := range t.graph.From(ref) {
		n := t.graph.Node(step.Node)
		seen := t.shown[step.Node+"\x00"+step.Column]
		again := ""
		if seen && len(t.graph.From(step.Ref)) > 0 {
			again = "  (above)"
		}
		t.line(depth, "<- %s  %s%s%s", t.name(step.Ref), label(step), filesOf(n), again)
		if !seen {
			t.above(step.Ref, depth+1)
		}
	}
}

// byNode writes which nodes one reads whose columns are not known, and why.
func (t *lineageTree) byNode(n *lineage.Node, depth int) {
	var parents []string
	for _, id := range n.DependsOn {
		if parent := t.graph.Node(id); parent != nil {
			parents = append(parents, title(parent)+filesOf(parent))
		}
	}
	if len(parents) > 0 {
		t.line(depth, "<- %s  by table", strings.Join(parents, ", "))
	}
	if n.Note != "" {
		t.line(depth, "   (%s)", n.Note)
	}
}

// wholes writes the nodes that one reads as they are, each with all of its columns and where they
// come from.
func (t *lineageTree) wholes(n *lineage.Node, depth int) {
	for _, id := range n.DependsOn {
		parent := t.graph.Node(id)
		if parent == nil {
			continue
		}
		t.line(depth, "<- %s%s  by table", title(parent), filesOf(parent))
		if parent.ByNode() {
			t.byNode(parent, depth+1)
			continue
		}
		for _, step := range parent.Rows {
			t.line(depth+1, "rows <- %s  %s", t.name(step.Ref), label(step))
		}
		for _, c := range parent.Columns {
			ref := lineage.Ref{Node: parent.ID, Column: c.Name}
			t.line(depth+1, "%s  %s", t.name(ref), c.Type)
			t.shown = map[string]bool{}
			t.source(parent, ref, depth+2)
		}
	}
}

// below writes where a column goes.
func (t *lineageTree) below(ref lineage.Ref, depth int) {
	t.shown[ref.Node+"\x00"+ref.Column] = true
	for _, step := range t.graph.Into(ref) {
		seen := t.shown[step.Node+"\x00"+step.Column]
		again := ""
		if seen && len(t.graph.Into(step.Ref)) > 0 {
			again = "  (above)"
		}
		t.line(depth, "-> %s  %s%s", t.name(step.Ref), label(step), again)
		if !seen {
			t.below(step.Ref, depth+1)
		}
	}
	for _, n := range t.graph.RowsOf(ref) {
		for _, step := range n.Rows {
			if strings.EqualFold(step.Column, ref.Column) && step.Node == ref.Node {
				t.line(depth, "-> rows of %s  %s", n.Name, label(step))
			}
		}
	}
	for _, n := range t.graph.Readers(ref.Node) {
		if n.ByNode() {
			t.nodeBelow(n, depth)
		}
	}
}

// nodeBelow writes a node that reads another as a whole, and what reads that.
func (t *lineageTree) nodeBelow(n *lineage.Node, depth int) {
	if n.Type == "exposure" {
		t.line(depth, "-> %s", title(n))
		return
	}
	if t.shown[n.ID] {
		t.line(depth, "-> %s  by table  (above)", title(n))
		return
	}
	t.shown[n.ID] = true
	t.line(depth, "-> %s  by table", title(n))
	if n.Note != "" {
		t.line(depth, "   (%s)", n.Note)
	}
	for _, reader := range t.graph.Readers(n.ID) {
		t.nodeBelow(reader, depth+1)
	}
}

// label says how a column acts.
func label(step lineage.Step) string {
	var via []string
	for _, v := range step.Via {
		via = append(via, string(v))
	}
	word := map[lineage.Kind]string{
		lineage.Passthrough: "passed through", lineage.Transformed: "transformed", lineage.Aggregated: "aggregated",
	}[step.Kind]
	switch {
	case step.Kind == lineage.Indirect:
		return "only " + strings.Join(via, ", ")
	case slices.Equal(step.Via, []lineage.Via{lineage.ViaValue}):
		return word
	}
	return word + " (" + strings.Join(via, ", ") + ")"
}

// lineageMermaid is a graph as a Mermaid flowchart: a box for each node, with its columns.
func lineageMermaid(graph *lineage.Graph) string {
	m := &mermaid{graph: graph, nodes: map[string]string{}, columns: map[lineage.Ref]string{}}
	m.WriteString("flowchart LR\n")
	for i, n := range graph.Nodes() {
		m.box(n, fmt.Sprintf("n%d", i))
	}
	for _, n := range graph.Nodes() {
		m.edges(n)
	}
	return m.String()
}

type mermaid struct {
	strings.Builder
	graph   *lineage.Graph
	nodes   map[string]string
	columns map[lineage.Ref]string
}

func (m *mermaid) box(n *lineage.Node, id string) {
	m.nodes[n.ID] = id
	text := mermaidText(n.Name + " (" + n.Type + ")")
	if len(n.Columns) == 0 {
		fmt.Fprintf(m, "  %s[%s]\n", id, text)
		return
	}
	fmt.Fprintf(m, "  subgraph %s[%s]\n", id, text)
	for i, c := range n.Columns {
		column := fmt.Sprintf("%sc%d", id, i)
		m.columns[lineage.Ref{Node: n.ID, Column: strings.ToLower(c.Name)}] = column
		fmt.Fprintf(m, "    %s[%s]\n", column, mermaidText(c.Name))
	}
	m.WriteString("  end\n")
}

func (m *mermaid) edges(n *lineage.Node) {
	for _, c := range n.Columns {
		to := m.columns[lineage.Ref{Node: n.ID, Column: strings.ToLower(c.Name)}]
		for _, step := range c.From {
			m.edge(step, to)
		}
	}
	for _, step := range n.Rows {
		m.edge(step, m.nodes[n.ID])
	}
	if !n.ByNode() {
		return
	}
	for _, id := range n.DependsOn {
		if from := m.nodes[id]; from != "" {
			fmt.Fprintf(m, "  %s -. by table .-> %s\n", from, m.nodes[n.ID])
		}
	}
}

func (m *mermaid) edge(step lineage.Step, to string) {
	from := m.columns[lineage.Ref{Node: step.Node, Column: strings.ToLower(step.Column)}]
	switch {
	case from == "":
	case step.Kind == lineage.Indirect:
		fmt.Fprintf(m, "  %s -. %s .-> %s\n", from, label(step), to)
	case label(step) == "passed through":
		fmt.Fprintf(m, "  %s --> %s\n", from, to)
	default:
		fmt.Fprintf(m, "  %s -- \"%s\" --> %s\n", from, label(step), to)
	}
}

// mermaidText quotes a text for Mermaid, which reads HTML entities with "#" for "&".
func mermaidText(text string) string {
	return `"` + strings.NewReplacer("#", "#35;", `"`, "#quot;", "<", "#lt;", ">", "#gt;").Replace(text) + `"`
}
