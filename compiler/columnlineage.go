package compiler

import (
	"context"
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strings"
	"sync"

	"elt/compiler/lineage"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
)

// Lineage computes where the columns of nodes come from, out of DuckDB's plan of each
// query, and joins them into a graph: sources, seeds, models, snapshots and exposures
// among ids, and whatever else their queries read. Where a plan does not tell, the node
// has a Note and only the nodes that it reads are known. Columns of an ephemeral model lie between
// those of its readers and those that it reads itself.
//
// The nodes must have been bound. The error is that of ctx, or of a catalog that cannot
// be opened.
func (b *Bound) Lineage(ctx context.Context, ids []string) (*lineage.Graph, error) {
	return (&tracer{Bound: b}).lineage(ctx, ids)
}

// RelationLineage is Lineage between what exists in a database: an ephemeral model is a part of its
// readers, whose columns come from what it reads.
func (b *Bound) RelationLineage(ctx context.Context, ids []string) (*lineage.Graph, error) {
	return (&tracer{Bound: b, within: true}).lineage(ctx, ids)
}

// tracer finds out where columns come from.
type tracer struct {
	*Bound
	within bool // ephemeral models are parts of their readers
}

func (b *tracer) lineage(ctx context.Context, ids []string) (*lineage.Graph, error) {
	chosen := map[string]bool{}
	for _, id := range ids {
		chosen[id] = true
	}
	var nodes []*lineage.Node
	for _, id := range b.plan.Order {
		if node := b.plan.Nodes[id]; chosen[id] && hasLineage(node) {
			nodes = append(nodes, b.lineageNode(node))
		}
	}
	queries := make([]*lineage.Query, len(nodes))
	missing := false
	for i, n := range nodes {
		queries[i] = b.knownLineage(b.plan.Nodes[n.ID])
		missing = missing || queries[i] == nil && isTraced(b.plan.Nodes[n.ID])
	}
	if missing {
		if _, err := b.shells(ctx); err != nil {
			return nil, err
		}
	}
	outside := &outsiders{nodes: map[string]*lineage.Node{}}
	numbers := make([]int, len(nodes))
	for i := range numbers {
		numbers[i] = i
	}
	forEach(numbers, func(i int) {
		if ctx.Err() == nil && isTraced(b.plan.Nodes[nodes[i].ID]) {
			b.trace(ctx, nodes[i], queries[i], outside)
		}
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return lineage.NewGraph(slices.Concat(outside.sorted(), nodes)), nil
}

func isTraced(node *project.Node) bool {
	return node.Type == project.Model || node.Type == project.Snapshot
}

// keptLineage names entries of the cache. The number changes when the rules of package
// lineage do.
const keptLineage = "lineage 1"

// lineageKey is what the lineage of a node's query depends on, "" where not all of that is
// in the query and its parents.
func (b *tracer) lineageKey(node *project.Node) string {
	n := b.nodes[node.UniqueID]
	if n == nil || !n.known || node.Type != project.Model || node.Materialized() == "incremental" || node.GrowsFiles() || ReadsOutside(n.query.SQL) {
		return ""
	}
	return b.cacheText(node, b.queryOf(node))
}

// knownLineage is the lineage of a query that an earlier command has found, or nil.
func (b *tracer) knownLineage(node *project.Node) *lineage.Query {
	key := b.lineageKey(node)
	if key == "" {
		return nil
	}
	text, ok := b.facts.KnownText(keptLineage, key)
	query := &lineage.Query{}
	if !ok || json.Unmarshal([]byte(text), query) != nil || len(query.Columns) != len(b.nodes[node.UniqueID].columns) {
		return nil
	}
	return query
}

// keepLineage notes the lineage of a query, unless it reads what is not of the project.
func (b *tracer) keepLineage(node *project.Node, query *lineage.Query) {
	key := b.lineageKey(node)
	if key == "" {
		return
	}
	for _, source := range query.Sources {
		if source.Table == "" || b.NodeOf(relationOf(source)) == "" {
			return
		}
	}
	if text, err := json.Marshal(query); err == nil {
		b.facts.KeepText(keptLineage, key, string(text))
	}
}

func relationOf(source lineage.Source) project.Relation {
	return project.Relation{Database: source.Catalog, Schema: source.Schema, Identifier: source.Table}
}

// SaveKept makes what was found out about queries outlast the command: lineage does so
// only by this.
func (b *Bound) SaveKept() error { return b.facts.SaveKept() }

func hasLineage(node *project.Node) bool {
	switch node.Type {
	case project.Source, project.Seed, project.Model, project.Snapshot, project.Exposure:
		return true
	}
	return false
}

// lineageNode is a node with its columns, but not yet with where they come from.
func (b *Bound) lineageNode(node *project.Node) *lineage.Node {
	n := &lineage.Node{ID: node.UniqueID, Type: string(node.Type), Name: node.Name, DependsOn: b.plan.dataParents(node)}
	if node.Type != project.Exposure && !node.IsEphemeral() {
		n.Relation = node.Relation.String()
	}
	if node.Version != "" {
		n.Name += ".v" + node.Version
	}
	if node.Type == project.Seed {
		n.Files = []string{node.OriginalPath}
	}
	if node.Type == project.Source {
		n.Name = node.Table.SourceName + "." + node.Name
		for _, glob := range node.Table.Paths {
			n.Files = append(n.Files, glob.Text)
		}
		if len(n.Files) > 0 {
			n.Relation = ""
		}
	}
	columns, _ := b.Columns(node.UniqueID)
	for _, c := range columns {
		n.Columns = append(n.Columns, lineage.NodeColumn{Name: c.Name, Type: c.Type})
	}
	slices.Sort(n.DependsOn)
	return n
}

// trace finds out where a node's columns come from; query is its lineage if that is known.
func (b *tracer) trace(ctx context.Context, n *lineage.Node, query *lineage.Query, outside *outsiders) {
	node := b.plan.Nodes[n.ID]
	var err error
	if query == nil {
		if query, err = b.queryLineage(ctx, node); err == nil {
			b.keepLineage(node, query)
		}
	}
	var doubt Doubt
	switch {
	case errors.As(err, &doubt):
		n.Note = string(doubt)
		return
	case err != nil:
		n.Note = "DuckDB's plan does not tell: " + err.Error()
		return
	}
	sources := make([]string, len(query.Sources))
	for i, source := range query.Sources {
		sources[i] = b.lineageSource(source, outside)
		if !slices.Contains(n.DependsOn, sources[i]) && sources[i] != n.ID {
			n.DependsOn = append(n.DependsOn, sources[i])
		}
	}
	slices.Sort(n.DependsOn)
	for i, column := range query.Columns {
		to := &n.Columns[min(i, len(n.Columns)-1)]
		if node.Type == project.Snapshot { // whose table may have others, in another order
			to = n.Column(column.Name)
		}
		if to != nil {
			to.From = steps(column.Edges, sources)
		}
	}
	n.Rows = steps(query.Indirect, sources)
}

// queryLineage is the lineage of a node's query.
func (b *tracer) queryLineage(ctx context.Context, node *project.Node) (*lineage.Query, error) {
	if node.IsFunction() {
		return nil, Doubt("a table function has columns where it is called")
	}
	columns, ok := b.Columns(node.UniqueID)
	if !ok {
		if doubt := b.Doubt(node.UniqueID); doubt != "" {
			return nil, doubt
		}
		return nil, Doubt("there is a mistake in it or above it")
	}
	if err := b.standFor(ctx, node); err != nil {
		return nil, err
	}
	sql := b.queryOf(node).SQL
	if node.Type == project.Snapshot { // whose relation has more columns than its query
		var err error
		if sql, columns, err = b.snapshotQuery(ctx, node, sql); err != nil {
			return nil, err
		}
	}
	plan, err := b.planOf(ctx, node.UniqueID, sql)
	if err != nil {
		return nil, err
	}
	query, err := lineage.FromPlan([]byte(plan), columnNames(columns))
	if err != nil {
		if over, ok := b.lineageOverFiles(ctx, node.UniqueID, sql, columnNames(columns)); ok {
			return over, nil
		}
	}
	return query, err
}

// snapshotQuery is a snapshot's query with what the snapshot makes of it: its own columns,
// and what decides which versions of a row there are.
func (b *Bound) snapshotQuery(ctx context.Context, node *project.Node, query string) (sql string, columns []Column, err error) {
	parents := b.parents(node, nil)
	if columns, err = b.Bind(ctx, query, parents); err != nil {
		return "", nil, err
	}
	before, after, err := b.facts.Versions(node, columns)
	if err != nil {
		return "", nil, err
	}
	sql = before + sqltoken.StripTrailing(query) + after
	columns, err = b.Bind(ctx, sql, parents)
	return sql, columns, err
}

// steps leads edges of a query to nodes.
func steps(edges []lineage.Edge, sources []string) []lineage.Step {
	var out []lineage.Step
	for _, edge := range edges {
		out = append(out, lineage.Step{Ref: lineage.Ref{Node: sources[edge.Source], Column: edge.Column}, Kind: edge.Kind, Via: edge.Via})
	}
	return lineage.SortSteps(out)
}

// lineageSource is the node that a source of a query is.
func (b *Bound) lineageSource(source lineage.Source, outside *outsiders) string {
	if source.Table == "" {
		return outside.add(source, b.plan.Project.Root)
	}
	if id := b.NodeOf(relationOf(source)); id != "" {
		return id
	}
	return outside.add(source, "")
}

// outsiders are what queries read beside the project's nodes: files and tables that they
// name themselves, and table functions.
type outsiders struct {
	mu    sync.Mutex
	nodes map[string]*lineage.Node
}

func (o *outsiders) add(source lineage.Source, root string) string {
	n := &lineage.Node{Type: "function", Name: source.Function}
	switch {
	case source.Table != "":
		n.Type = "table"
		n.Name = strings.Join([]string{source.Catalog, source.Schema, source.Table}, ".")
		n.Relation = project.Relation{Database: source.Catalog, Schema: source.Schema, Identifier: source.Table}.String()
	case len(source.Files) > 0:
		n.Type = "file"
		for _, file := range source.Files {
			n.Files = append(n.Files, strings.TrimPrefix(file, strings.TrimSuffix(root, "/")+"/"))
		}
		n.Name = n.Files[0]
		if len(n.Files) > 1 {
			n.Name = path.Dir(n.Name) + "/*" + path.Ext(n.Name)
		}
	}
	n.ID = n.Type + "." + n.Name
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.nodes[n.ID] == nil {
		o.nodes[n.ID] = n
	}
	return n.ID
}

func (o *outsiders) sorted() []*lineage.Node {
	var nodes []*lineage.Node
	for _, n := range o.nodes {
		nodes = append(nodes, n)
	}
	slices.SortFunc(nodes, func(a, b *lineage.Node) int { return strings.Compare(a.ID, b.ID) })
	return nodes
}
