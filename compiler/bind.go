package compiler

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	// Judged says what is wrong with how a data test counts and compares its rows (fail_calc,
	// warn_if, error_if, limit). rows are the columns of the test's query, none where they
	// were not needed.
	Judged(ctx context.Context, node *project.Node, rows []Column) error
	// Versions returns what stands around a snapshot's query, which has these columns, to make
	// a query of the snapshot's own columns, whose condition is on what decides which
	// versions of a row there are. It is planned and never run.
	Versions(node *project.Node, query []Column) (before, after string, err error)
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
	Fault(ctx context.Context, node *project.Node, query ShellQuery, err error) error
}

// Doubt is why something cannot be known before a run. It is no mistake.
type Doubt string

// Error returns the reason.
func (d Doubt) Error() string { return string(d) }

// Told is a Doubt that was told otherwise: no note is made of it.
type Told struct{ Doubt Doubt }

// Error returns the reason.
func (t Told) Error() string { return string(t.Doubt) }

// Unwrap returns the Doubt.
func (t Told) Unwrap() error { return t.Doubt }

// Placed is a Doubt about a place in a node, where the note about it is.
type Placed struct {
	Doubt
	Place diag.Place
	Hint  string // what to do if it is a mistake, or ""
}

// Error returns the reason.
func (p Placed) Error() string { return string(p.Doubt) }

// Unwrap returns the Doubt.
func (p Placed) Unwrap() error { return p.Doubt }

// BindOptions say what to bind.
type BindOptions struct {
	// IDs are the nodes whose mistakes are reported, which are compiled already.
	IDs []string
	// FromPublished says that parents beside IDs are read as they are published. Else
	// they are bound, too, if they are compiled; what is wrong with them is not reported.
	FromPublished bool
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
		Bound: &Bound{plan: p, facts: facts, nodes: make(map[string]*boundNode, len(p.Nodes)), relations: make(map[string]string, len(p.Nodes))},
		ctx:   ctx, opts: opts, chosen: make(map[string]bool, len(opts.IDs)),
	}
	b.takers = sync.OnceValue(p.takers)
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
	above := map[string]bool{}
	for _, id := range b.plan.Graph.Above(b.opts.IDs) {
		above[id] = true
	}
	depth := make(map[string]int, len(b.plan.Order))
	known := make([]boundNode, len(b.plan.Order))
	var levels [][]string
	var loose []string // they may read anything
	for _, id := range b.plan.Order {
		node := b.plan.Nodes[id]
		if node == nil || !b.chosen[id] && !above[id] || !isBindable(node) {
			continue
		}
		at := 0
		for _, parent := range node.DependsOn {
			if d, ok := depth[parent]; ok {
				at = max(at, d+1)
			}
		}
		depth[id] = at
		if b.nodes[id] = &known[len(depth)-1]; node.IsLoose() {
			loose = append(loose, id)
			continue
		}
		if at == len(levels) {
			levels = append(levels, nil)
		}
		levels[at] = append(levels[at], id)
		if rel := b.shellOf(node); rel.Identifier != "" {
			if rel.Database == "" {
				rel.Database = b.plan.Project.Target.Database
			}
			b.relations[rel.Key()] = id
		} else if node.IsEphemeral() {
			b.relations[standIn(node).Key()] = id
		}
	}
	if len(loose) > 0 {
		levels = append(levels, loose)
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
	forEach(places, func(i int) {
		if ready[i] = b.prepare(ids[i]); ready[i] {
			b.lookUp(ids[i])
		}
	})
	var queries, unknown []string
	for i, id := range ids {
		if !ready[i] {
			continue
		}
		queries = append(queries, id)
		if !b.nodes[id].isKept {
			unknown = append(unknown, id)
		}
	}
	if len(unknown) > 0 { // all at once: one after the other they would wait for each other
		catalog, err := b.shells(b.ctx)
		if err == nil {
			err = b.defineParents(b.ctx, catalog, unknown)
		}
		if err != nil {
			b.report(diag.From(err, diag.Database)...)
			return
		}
	}
	forEach(queries, b.bindNode)
}

// lookUp makes a node's query, and looks for its columns among what is known from before.
func (b *binder) lookUp(id string) {
	node, n := b.plan.Nodes[id], b.nodes[id]
	n.query = b.shellQuery(node, node.Compiled.SQL, b.readers(node))
	n.forms = b.formsOf(node)
	if n.forms != nil && n.forms.incremental {
		n.own = b.ownPublished(node)
	}
	if key, ok := b.keyOf(node, n.query, n.own); ok { // no query that reads outside is ever kept
		n.kept, n.isKept = b.facts.Known(key)
	}
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
		if node.IsFunction() {
			err = Told{"it is a table function as it is published"}
		}
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
	if d := node.Unmade(); d != nil {
		b.settle(node, n, d)
		return false
	}
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
		b.refuseEmpty(node, n)
		return false
	case node.Type == project.Test && b.testIsSettled(node, n):
		return false
	}
	return true
}

// refuseEmpty reports a model, snapshot or test that came to nothing at all. In a dbt
// project that is left to the build: dbt passes such files over.
func (b *binder) refuseEmpty(node *project.Node, n *boundNode) {
	if !b.plan.Project.OwnDefaults() || node.Maker != "" || node.Type == project.Seed {
		return
	}
	d := diag.New(diag.SQL, node.Place, "the query is empty").WithHint("write a select")
	d.Node = node.UniqueID
	if node.IsEphemeral() && b.becomesChosen(node.UniqueID) {
		b.report(d)
		return
	}
	b.settle(node, n, d)
}

// becomesChosen reports whether an ephemeral model becomes part of a chosen node.
func (b *binder) becomesChosen(id string) bool {
	return slices.ContainsFunc(b.plan.Graph.Children(id), func(child string) bool {
		node := b.plan.Nodes[child]
		return node != nil && (b.chosen[child] && node.Type != project.UnitTest || node.IsEphemeral() && b.becomesChosen(child))
	})
}

// readers are the nodes whose shells a node's query reads: what it depends on, with the
// parents of ephemeral ones.
func (b *binder) readers(node *project.Node) []string { return b.Bound.parents(node, nil) }

func (b *Bound) parents(node *project.Node, out []string) []string {
	if node.IsLoose() {
		return b.mentioned(node)
	}
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

// mentioned are the nodes whose relations the query of a data test mentions that names nothing by ref().
func (b *Bound) mentioned(node *project.Node) []string {
	if node.Compiled == nil {
		return nil
	}
	var out []string
	for _, chain := range sqltoken.Chains(node.Compiled.SQL) {
		parts := []string{b.plan.Project.Target.Database}
		for _, part := range chain.Parts {
			parts = append(parts, part.Name)
		}
		for ; len(parts) >= 3; parts = parts[1:] {
			rel := project.Relation{Database: parts[0], Schema: parts[1], Identifier: parts[2]}
			if id, ok := b.relations[rel.Key()]; ok {
				out = appendNew(out, id)
			}
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
		if told := (Told{}); errors.As(err, &told) {
			return
		}
		if b.chosen[node.UniqueID] || node.Type == project.Source && !b.opts.FromPublished {
			note := unchecked(node, doubt)
			if placed := (Placed{}); errors.As(err, &placed) && !placed.Place.IsZero() {
				note.Place, note.Hint = placed.Place, placed.Hint
			}
			b.report(note)
		}
		return
	}
	list := diag.From(err, diag.SQL)
	n.known = len(list) > 0 && !list.HasErrors()
	leaf := node.Type == project.Source || node.Type == project.Seed && !b.opts.FromPublished
	if !b.chosen[node.UniqueID] && !leaf {
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
	if node.Type == project.Source {
		d.Message = fmt.Sprintf("what reads source %q is checked only when it is run: %s", node.Table.SourceName+"."+node.Name, string(why))
	}
	d.Severity, d.Node = diag.Remark, node.UniqueID
	return d
}

// isMadeByBlock reports whether a materialization block of the project or a package makes a node: to it the text of a
// model need be no query, nor one of this database.
func isMadeByBlock(node *project.Node) bool {
	return node.Maker != "" && node.Maker != replacedMakers[node.Materialized()]
}

// bindNode binds one query.
func (b *binder) bindNode(id string) {
	node, n := b.plan.Nodes[id], b.nodes[id]
	if node.IsFunction() {
		b.settle(node, n, b.bindFunction(node, n.query))
		return
	}
	columns, err := n.kept, error(nil)
	if !n.isKept {
		columns, err = b.columnsOf(node, n.query, n.own)
	}
	switch {
	case err != nil && isMadeByBlock(node):
		err = Doubt("its materialization may make anything of a text that is no query")
	case err != nil:
	case node.Type == project.Test:
		err = b.facts.Judged(b.ctx, node, columns)
	default:
		if err = b.defineChanges(node); err == nil {
			columns, err = b.facts.Made(b.ctx, node, columns)
		}
	}
	n.columns = columns
	b.settle(node, n, err)
	if n.known && node.Materialized() == "view" {
		n.shell = b.withNulls(node, n)
	}
	if n.forms != nil && n.known {
		b.bindOther(node, n)
		b.bindBatch(node, n)
	}
}
