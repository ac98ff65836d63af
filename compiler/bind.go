package compiler

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
)

// BindFacts is what [Plan.Bind] must know beside the project. It is called by several
// goroutines. Where a method returns a [Doubt] as its error, nothing is wrong: it
// cannot be known ahead.
type BindFacts interface {
	// Shells opens the catalog of empty relations. It is called once, when the first
	// query has to be bound.
	Shells(ctx context.Context) (ShellCatalog, error)
	// Leaf returns the columns of a source table or a seed. Its error is what is wrong
	// with the source, or a Doubt.
	Leaf(ctx context.Context, node *project.Node) ([]Column, error)
	// Published returns the columns of a node's relation as it is now; none where there
	// is none.
	Published(ctx context.Context, node *project.Node) ([]Column, error)
	// Database is what a node's template may ask when it is rendered again.
	Database(node *project.Node) dbtcontext.Database
	// Made returns the columns of the relation that is made of a query's columns. Its
	// error may be a diag.List of warnings only, or an empty one for a mistake that was
	// reported before.
	Made(ctx context.Context, node *project.Node, query []Column) ([]Column, error)
	// Known returns the columns of a query where they are known from before, and Keep
	// notes them. The text holds all that they depend on beside what the target sets up.
	Known(query string) ([]Column, bool)
	Keep(query string, columns []Column)
	// KnownText returns what KeepText has noted about a query in this or an earlier
	// command, under a word that says what it is.
	KnownText(what, query string) (string, bool)
	// KeepText notes a text of one line about a query.
	KeepText(what, query, text string)
	// SaveKept makes what was noted outlast the command.
	SaveKept() error
	// Missing looks outside of the project for a relation that a query has missed.
	Missing(ctx context.Context, query ShellQuery, err error) (ShellRelation, bool)
	// Fault says what an error of the catalog means for who wrote the node: a diagnostic,
	// or a Doubt where the query may well work when it is run.
	Fault(node *project.Node, query ShellQuery, err error) error
}

// Doubt is why something cannot be known before a run. It is no mistake.
type Doubt string

// Error returns the reason.
func (d Doubt) Error() string { return string(d) }

// BindOptions say what to bind.
type BindOptions struct {
	// IDs are the nodes whose mistakes are reported, which are compiled already.
	IDs []string
	// FromPublished says that parents beside IDs are read as they are published. Else
	// they are bound, too, if they are compiled; what is wrong with them is not reported.
	FromPublished bool
}

// ShellQuery is a node's query in terms of the shells: where a template has printed the
// files of a source, it names an empty relation.
type ShellQuery struct {
	SQL  string
	Back sqltoken.OffsetMap // leads from SQL to Compiled.SQL
}

// Bound is a project whose queries were bound. It is safe for concurrent use.
type Bound struct {
	plan  *Plan
	facts BindFacts
	nodes map[string]*boundNode

	mu        sync.Mutex
	catalog   ShellCatalog
	opening   error
	relations map[string]string // unique_id by the key of a shell
}

// boundNode is what is known of a node.
type boundNode struct {
	query   ShellQuery
	columns []Column // of its relation, or of the query where it has none
	known   bool
	doubt   Doubt // why columns are not known; "" where a mistake is in the way
	defined bool  // its shell exists
}

// Columns returns the columns of a node's relation: of a source, a seed, a model or a
// snapshot; of an ephemeral model or a test, those of its query. ok is false where they
// are not known, because of a mistake or a doubt.
func (b *Bound) Columns(id string) (columns []Column, ok bool) {
	n := b.nodes[id]
	if n == nil || !n.known {
		return nil, false
	}
	return n.columns, true
}

// Doubt says why the columns of a node are not known, "" where they are or where a
// mistake is in the way.
func (b *Bound) Doubt(id string) Doubt {
	if n := b.nodes[id]; n != nil {
		return n.doubt
	}
	return ""
}

// Query returns a node's query in terms of the shells.
func (b *Bound) Query(id string) (ShellQuery, bool) {
	n := b.nodes[id]
	if n == nil || n.query.SQL == "" {
		return ShellQuery{}, false
	}
	return n.query, true
}

// NodeOf returns the unique_id of the source, seed, model or snapshot that a shell
// stands for, "" for any other relation. A relation without a database is the target's.
func (b *Bound) NodeOf(rel project.Relation) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if rel.Database == "" {
		rel.Database = b.plan.Project.Target.Database
	}
	return b.relations[rel.Key()]
}

// BoundPlan returns DuckDB's bound plan of a node's query, as
// [ShellCatalog.BoundPlan]. The relations in it are told by [Bound.NodeOf].
func (b *Bound) BoundPlan(ctx context.Context, id string) (string, error) {
	n := b.nodes[id]
	if n == nil || n.query.SQL == "" {
		return "", Doubt("it has no query that was bound")
	}
	catalog, err := b.shells(ctx)
	if err != nil {
		return "", err
	}
	if err := b.defineParents(ctx, catalog, []string{id}); err != nil {
		return "", err
	}
	return catalog.BoundPlan(ctx, n.query.SQL)
}

// Bind returns the columns of a query written in published names and the files of
// sources, which reads the nodes given.
func (b *Bound) Bind(ctx context.Context, sql string, parents []string) ([]Column, error) {
	catalog, err := b.shells(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range parents {
		if n := b.nodes[id]; n == nil || !n.known {
			return nil, Doubt("the columns of " + id + " are not known")
		}
	}
	if err := b.define(ctx, catalog, parents); err != nil {
		return nil, err
	}
	return catalog.Bind(ctx, b.shellQuery(nil, sql, parents).SQL)
}

// Close closes the catalog.
func (b *Bound) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.catalog == nil {
		return nil
	}
	return b.catalog.Close()
}

// shells opens the catalog when it is first needed.
func (b *Bound) shells(ctx context.Context) (ShellCatalog, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.catalog == nil && b.opening == nil {
		b.catalog, b.opening = b.facts.Shells(ctx)
	}
	return b.catalog, b.opening
}

// Bind binds the queries of a project against empty relations, in graph order: what is
// wrong with them comes out, all of it at once, and the types of all columns are known,
// before a row is read. What follows from an earlier mistake is not reported. What
// cannot be bound ahead is a Doubt of that node and of all below it; it is told once, as
// a note.
//
// The nodes must be compiled. The result is to be closed.
func (p *Plan) Bind(ctx context.Context, facts BindFacts, opts BindOptions) (*Bound, diag.List) {
	b := &binder{
		Bound: &Bound{plan: p, facts: facts, nodes: map[string]*boundNode{}, relations: map[string]string{}},
		ctx:   ctx, opts: opts, chosen: make(map[string]bool, len(opts.IDs)),
	}
	for _, id := range opts.IDs {
		b.chosen[id] = true
	}
	for _, level := range b.levels() {
		if ctx.Err() != nil {
			break
		}
		b.bindLevel(level)
	}
	if err := ctx.Err(); err != nil {
		b.report(&diag.Diagnostic{Code: diag.SQL, Message: "checking was stopped", Err: err})
	}
	return b.Bound, b.diags.Sorted()
}

// binder is a Bound in the making.
type binder struct {
	*Bound
	ctx    context.Context
	opts   BindOptions
	chosen map[string]bool

	// outside says that relations beside those of the project have shells: what is bound
	// from then on may depend on them.
	outside atomic.Bool

	said  sync.Mutex
	diags diag.List
}

// levels are the nodes to look at: the chosen ones and all above them. No node reads
// one of its own level.
func (b *binder) levels() [][]string {
	above := b.plan.Graph.Ancestors(b.opts.IDs, -1)
	depth := map[string]int{}
	var levels [][]string
	for _, id := range b.plan.Order {
		node := b.plan.Nodes[id]
		if node == nil || !b.chosen[id] && !above.Has(id) || !isBindable(node) {
			continue
		}
		at := 0
		for _, parent := range node.DependsOn {
			if d, ok := depth[parent]; ok {
				at = max(at, d+1)
			}
		}
		depth[id] = at
		if at == len(levels) {
			levels = append(levels, nil)
		}
		levels[at] = append(levels[at], id)
		b.nodes[id] = &boundNode{}
		if rel := b.shellOf(node); rel.Identifier != "" {
			if rel.Database == "" {
				rel.Database = b.plan.Project.Target.Database
			}
			b.relations[rel.Key()] = id
		}
	}
	return levels
}

func isBindable(node *project.Node) bool {
	switch node.Type {
	case project.Source, project.Seed, project.Model, project.Snapshot, project.Test:
		return true
	}
	return false
}

// bindLevel does the nodes of one level, in parallel.
func (b *binder) bindLevel(ids []string) {
	ready := make([]bool, len(ids))
	places := make([]int, len(ids))
	for i := range places {
		places[i] = i
	}
	forEach(places, func(i int) { ready[i] = b.prepare(ids[i]) })
	var queries []string
	for i, id := range ids {
		if ready[i] {
			queries = append(queries, id)
		}
	}
	forEach(queries, b.bindNode)
}

// prepare settles what needs no binding and reports whether the node has a query to be
// bound.
func (b *binder) prepare(id string) bool {
	node, n := b.plan.Nodes[id], b.nodes[id]
	var err error
	switch {
	case node.Type == project.Source, node.Type == project.Seed:
		n.columns, err = b.facts.Leaf(b.ctx, node)
	case !b.chosen[id] && b.opts.FromPublished && !node.IsEphemeral():
		n.columns, err = b.facts.Published(b.ctx, node)
		if err == nil && n.columns == nil {
			err = Doubt("it is not built yet")
		}
	default:
		return b.hasQuery(node, n)
	}
	b.settle(node, n, err)
	return false
}

// hasQuery looks at a node's compiled query and at its parents.
func (b *binder) hasQuery(node *project.Node, n *boundNode) bool {
	for _, id := range b.readers(node) {
		parent := b.nodes[id]
		switch {
		case parent == nil || parent.known:
		case parent.doubt == "":
			return false // its mistake is reported
		default:
			n.doubt = parent.doubt
			return false
		}
	}
	switch compiled := node.Compiled; {
	case compiled == nil:
		n.doubt = "it is not compiled"
		return false
	case compiled.Deferred:
		b.settle(node, n, Doubt("its template asks the database something that only a build of its parents can answer"))
		return false
	case compiled.SQL == "":
		return false
	case node.Type == project.Test && b.testIsSettled(node, n):
		return false
	}
	return true
}

// readers are the nodes whose shells a node's query reads: what it depends on, with the
// parents of ephemeral ones.
func (b *binder) readers(node *project.Node) []string { return b.Bound.parents(node, nil) }

func (b *Bound) parents(node *project.Node, out []string) []string {
	for _, id := range node.DependsOn {
		if slices.Contains(out, id) {
			continue
		}
		out = append(out, id)
		if parent := b.plan.Nodes[id]; parent != nil && parent.IsEphemeral() {
			out = b.parents(parent, out)
		}
	}
	return out
}

// settle notes what is known of a node.
func (b *binder) settle(node *project.Node, n *boundNode, err error) {
	var doubt Doubt
	if err == nil {
		n.known = true
		return
	}
	if errors.As(err, &doubt) {
		n.doubt = doubt
		if b.chosen[node.UniqueID] {
			b.report(unchecked(node, doubt))
		}
		return
	}
	list := diag.From(err, diag.SQL)
	n.known = len(list) > 0 && !list.HasErrors()
	if !b.chosen[node.UniqueID] && node.Type != project.Source {
		return
	}
	for _, d := range list {
		if d.Node == "" {
			d.Node = node.UniqueID
		}
	}
	b.report(list...)
}

func (b *binder) report(ds ...*diag.Diagnostic) {
	b.said.Lock()
	defer b.said.Unlock()
	b.diags = append(b.diags, ds...)
}

// unchecked is the note about a node that cannot be checked ahead.
func unchecked(node *project.Node, why Doubt) *diag.Diagnostic {
	d := diag.Warn(diag.Unchecked, node.Place, "%s %q is checked only when it is run: %s", node.Type, node.Name, string(why))
	d.Severity, d.Node = diag.Remark, node.UniqueID
	return d
}

// bindNode binds one query.
func (b *binder) bindNode(id string) {
	node, n := b.plan.Nodes[id], b.nodes[id]
	n.query = b.shellQuery(node, node.Compiled.SQL, b.readers(node))
	forms := b.formsOf(node)
	own := forms != nil && forms.incremental
	if own {
		b.defineOwn(node)
	}
	columns, err := b.columnsOf(node, n.query, !own)
	if err == nil && node.Type != project.Test {
		columns, err = b.facts.Made(b.ctx, node, columns)
	}
	n.columns = columns
	b.settle(node, n, err)
	if forms != nil && n.known {
		b.bindOther(node, forms)
	}
}

// columnsOf returns the columns of a query, if need be by binding it. kept says that what
// is known from before will do: it depends on nothing beside the node's parents.
func (b *binder) columnsOf(node *project.Node, query ShellQuery, kept bool) ([]Column, error) {
	key := ""
	if kept && !readsOutside(query.SQL) {
		key = b.cacheText(node, query)
		if columns, ok := b.facts.Known(key); ok {
			return columns, nil
		}
	}
	catalog, err := b.shells(b.ctx)
	if err == nil {
		err = b.defineParents(b.ctx, catalog, []string{node.UniqueID})
	}
	if err != nil {
		return nil, err
	}
	columns, err := b.bindQuery(catalog, node, query)
	if err == nil && key != "" && !b.outside.Load() {
		b.facts.Keep(key, columns)
	}
	return columns, err
}

// cacheText is all that the columns of a query depend on.
func (b *Bound) cacheText(node *project.Node, query ShellQuery) string {
	var text strings.Builder
	text.WriteString(query.SQL)
	for _, id := range b.parents(node, nil) {
		parent := b.nodes[id]
		if parent == nil {
			continue
		}
		text.WriteString("\x00" + b.shellOf(b.plan.Nodes[id]).String())
		for _, c := range parent.columns {
			text.WriteString("\x01" + c.Name + "\x02" + c.Type)
		}
	}
	return text.String()
}

// rowSources are the table functions whose columns do not depend on anything outside.
var rowSources = []string{"range", "generate_series", "unnest"}

// readsOutside reports whether a query names files or table functions, whose columns
// may be others the next time.
func readsOutside(sql string) bool {
	for _, chain := range sqltoken.Chains(sql) {
		if chain.Call && (chain.Clause == "FROM" || chain.Clause == "JOIN") && !slices.Contains(rowSources, strings.ToLower(chain.Name())) {
			return true
		}
	}
	from := false
	for tok := range sqltoken.Tokens(sql) {
		if tok.Kind == sqltoken.Comment {
			continue
		}
		if from && tok.Kind == sqltoken.String {
			return true
		}
		text := tok.Text(sql)
		from = strings.EqualFold(text, "from") || strings.EqualFold(text, "join")
	}
	return false
}

// mostMissing is how many relations of the database one query may read that no source
// declares.
const mostMissing = 100

// bindQuery binds a query; relations outside of the project are looked up as they are
// missed.
func (b *binder) bindQuery(catalog ShellCatalog, node *project.Node, query ShellQuery) ([]Column, error) {
	for range mostMissing {
		columns, err := catalog.Bind(b.ctx, query.SQL)
		if err == nil {
			return columns, nil
		}
		found, ok := b.facts.Missing(b.ctx, query, err)
		b.outside.Store(b.outside.Load() || ok)
		if !ok || catalog.Define(b.ctx, found.Relation, found.Columns) != nil {
			return nil, b.facts.Fault(node, query, err)
		}
	}
	return nil, Doubt("it reads too many tables that no source declares")
}

// defineParents makes the shells that the queries of nodes read.
func (b *Bound) defineParents(ctx context.Context, catalog ShellCatalog, ids []string) error {
	for _, id := range ids {
		if err := b.define(ctx, catalog, b.parents(b.plan.Nodes[id], nil)); err != nil {
			return err
		}
	}
	return nil
}

// define makes the shells of nodes whose columns are known.
func (b *Bound) define(ctx context.Context, catalog ShellCatalog, ids []string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var shells []ShellRelation
	var made []*boundNode
	for _, id := range ids {
		n := b.nodes[id]
		if n == nil || !n.known || n.defined {
			continue
		}
		n.defined = true
		if rel := b.shellOf(b.plan.Nodes[id]); rel.Identifier != "" {
			shells = append(shells, ShellRelation{rel, n.columns})
			made = append(made, n)
		}
	}
	if len(shells) == 0 {
		return nil
	}
	if err := catalog.DefineAll(ctx, shells); err == nil || ctx.Err() != nil {
		return err
	}
	for i, shell := range shells { // one of them cannot be made
		if err := catalog.Define(ctx, shell.Relation, shell.Columns); err != nil {
			made[i].known, made[i].doubt = false, Doubt("its columns have a type that cannot be made here: "+err.Error())
		}
	}
	return nil
}

// shellOf is the empty relation that stands for a node. That of a source over files has
// the name which DuckDB gives the files, so that read_csv.id goes on working.
func (b *Bound) shellOf(node *project.Node) project.Relation {
	switch {
	case node.Type == project.Test || node.IsEphemeral():
		return project.Relation{}
	case node.Type != project.Source:
		return node.Relation
	}
	from := SourceExpression(node)
	if from == "" {
		return node.Relation
	}
	return project.Relation{Database: FilesDatabase, Schema: node.UniqueID, Identifier: fromName(from)}
}

// FilesDatabase is the catalog in which the shells of sources over files stand; their
// schema is the source's unique_id.
const FilesDatabase = "_elt_files"

// fromName is the name by which a query can call the columns of a FROM item.
func fromName(from string) string {
	for tok := range sqltoken.Tokens(from) {
		text := tok.Text(from)
		switch tok.Kind {
		case sqltoken.Word, sqltoken.Quoted:
			return sqltoken.Unquote(text)
		case sqltoken.String:
			base := strings.Trim(text, "'")
			base = base[strings.LastIndexAny(base, `/\`)+1:]
			base, _, _ = strings.Cut(base, ".")
			return base
		}
		break
	}
	return "files"
}

// shellQuery puts shells where a query names the files of a source. reader is the node
// whose query it is, if it is one's.
func (b *Bound) shellQuery(reader *project.Node, sql string, parents []string) ShellQuery {
	var edits []sqltoken.Edit
	var starts map[int]bool
	for _, id := range parents {
		node := b.plan.Nodes[id]
		if node == nil || node.Type != project.Source {
			continue
		}
		from := SourceExpression(node)
		if from == "" {
			continue
		}
		shell := b.shellOf(node).String()
		if strings.HasPrefix(from, "(") {
			shell = "(from " + shell + ")"
		}
		if reader != nil && reader.TakenByFile(node) {
			shell = "(select *, cast(null as varchar) as " + project.QuoteIdent(reader.FileColumn()) + " from " + shell + ")"
		}
		for at := 0; ; {
			i := strings.Index(sql[at:], from)
			if i < 0 {
				break
			}
			span := diag.Span{Start: at + i, End: at + i + len(from)}
			at = span.End
			if starts == nil {
				starts = tokenStarts(sql)
			}
			if starts[span.Start] && !overlaps(edits, span) {
				edits = append(edits, sqltoken.Edit{Span: span, Text: shell})
			}
		}
	}
	text, back := sqltoken.Rewrite(sql, edits)
	return ShellQuery{SQL: text, Back: back}
}

func tokenStarts(sql string) map[int]bool {
	starts := map[int]bool{}
	for tok := range sqltoken.Tokens(sql) {
		if tok.Kind != sqltoken.Comment {
			starts[tok.Span.Start] = true
		}
	}
	return starts
}

func overlaps(edits []sqltoken.Edit, span diag.Span) bool {
	return slices.ContainsFunc(edits, func(e sqltoken.Edit) bool {
		return e.Span.Start < span.End && span.Start < e.Span.End
	})
}
