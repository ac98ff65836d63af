package compiler

import (
	"context"
	"slices"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/compiler/template"
)

// parseHost answers a template while it is parsed: nothing is resolved yet, every
// ref() prints the node's own relation as dbt does, and what is called is recorded.
type parseHost struct {
	node    *project.Node
	base    *project.Config      // project file and property file
	calls   []project.ConfigCall // config() so far
	refs    []project.RefCall
	sources []project.SourceCall
	metrics []project.MetricCall
}

// Ref records the call.
func (h *parseHost) Ref(call project.RefCall) (project.Relation, error) {
	h.refs = append(h.refs, call)
	return h.node.Relation, nil
}

// Source records the call.
func (h *parseHost) Source(call project.SourceCall) (project.Relation, string, error) {
	h.sources = append(h.sources, call)
	return h.node.Relation, "", nil
}

// Metric records the call.
func (h *parseHost) Metric(call project.MetricCall) {
	call.Place = placeIn(call.Place, h.node.Place)
	h.metrics = append(h.metrics, call)
}

// Config records the call.
func (h *parseHost) Config(values *template.Dict, place diag.Place, at []project.KeyPlace) error {
	h.calls = append(h.calls, project.ConfigCall{Values: values, Place: place, Places: at})
	return nil
}

// moveTo gives the references recorded since refs and sources a place that a person
// knows, where they stand in a text that has no file of its own.
func (h *parseHost) moveTo(refs, sources int, place diag.Place) {
	for i := range h.refs[refs:] {
		if call := &h.refs[refs+i]; isNowhere(call.Place) {
			call.Place = place
		}
	}
	for i := range h.sources[sources:] {
		if call := &h.sources[sources+i]; isNowhere(call.Place) {
			call.Place = place
		}
	}
}

// takeFromMacros gives the references that a macro makes the place of what calls it. Those in a
// text without a file are left: where in a property file it stands is looked for if one of them is
// wrong.
func (h *parseHost) takeFromMacros(place diag.Place) {
	for i := range h.refs {
		if !isNowhere(h.refs[i].Place) {
			h.refs[i].Place = place
		}
	}
	for i := range h.sources {
		if !isNowhere(h.sources[i].Place) {
			h.sources[i].Place = place
		}
	}
}

// ConfigGet reads what is known so far: a later call wins.
func (h *parseHost) ConfigGet(key string) (template.Value, bool) {
	for i := len(h.calls) - 1; i >= 0; i-- {
		if v, ok := h.calls[i].Values.Get(key); ok {
			return v, true
		}
	}
	v, ok := h.base.Get(key)
	return v.Value, ok
}

// This is the relation as the target's defaults have it.
func (h *parseHost) This() project.Relation { return h.node.Relation }

// IsIncremental is false while parsing.
func (h *parseHost) IsIncremental() bool { return false }

// Node is the node that is parsed.
func (h *parseHost) Node() *project.Node { return h.node }

// Execute is false while parsing.
func (h *parseHost) Execute() bool { return false }

// Database is nil while parsing.
func (h *parseHost) Database() dbtcontext.Database { return nil }

// compileHost answers a template of the real pass.
type compileHost struct {
	ctx  context.Context
	plan *Plan
	node *project.Node // nil for an inline query
	pkg  string
	db   dbtcontext.Database
	this project.Relation

	// unit is the unit test that the node is rendered for, else nil: then what the node
	// reads are relations of that test, whatever they are in the project.
	unit *project.Node

	ctes []string // ephemeral parents, in the order of their ref()
	err  error    // what is_incremental() could not say
	// called are the macros that the node's query has called.
	called []string
	// locked says that the plan's lock on ephemeral nodes is held.
	locked bool
	// form says what is_incremental() answers, whatever exists; nil for dbt's rule.
	form *bool
	// batch is the interval that a microbatch model is rendered for, or nil.
	batch *project.Batch
	// config is what the node's config says beside what it is written to say.
	config *template.Dict
	// whole says that the interval is an example: what is read is read whole.
	whole bool
	// ahead says that it is rendered for what is checked ahead, and once more to be run.
	ahead bool
}

// Ref resolves the call against the plan. Only what the parse pass has seen (or an
// inline query) may be read, or the graph would miss an edge.
func (h *compileHost) Ref(call project.RefCall) (project.Relation, error) {
	parent, d := h.plan.names.ref(call, h.pkg)
	if d != nil {
		return project.Relation{}, d
	}
	if err := h.checkEdge(parent, call.Place, refText(parent)); err != nil {
		return project.Relation{}, err
	}
	return h.relation(parent), nil
}

// relation is what a reference to a node reads: its relation, or what stands for it.
func (h *compileHost) relation(parent *project.Node) project.Relation {
	rel, ok, err := h.plan.deferred(h.ctx, h.db, parent)
	if err != nil && h.err == nil {
		h.err = err
	}
	if ok {
		return rel
	}
	if !parent.IsEphemeral() || h.unit != nil {
		return parent.Relation
	}
	h.addCTE(parent.UniqueID)
	return project.Relation{Identifier: ctePrefix + parent.Relation.Identifier, Type: "cte"}
}

func (h *compileHost) addCTE(id string) { h.ctes = appendNew(h.ctes, id) }

// checkEdge refuses a reference the parse pass has not seen: one that stands behind
// `execute` or a query's result, for which dbt asks for a `-- depends_on:` comment.
func (h *compileHost) checkEdge(parent *project.Node, place diag.Place, call string) error {
	if h.node == nil || h.node.Type == project.Operation || parent == h.node || slices.Contains(h.node.DependsOn, parent.UniqueID) {
		return nil
	}
	return diag.New(diag.UnknownRef, place, "the graph has no edge to %q: %s is seen only when the query is compiled, not when the project is parsed", parent.Name, call).
		WithHint("write a comment that is always seen: -- depends_on: {{ %s }}", call)
}

// Source resolves the call against the plan.
func (h *compileHost) Source(call project.SourceCall) (project.Relation, string, error) {
	table, d := h.plan.names.source(call, h.pkg)
	if d != nil {
		return project.Relation{}, "", d
	}
	if err := h.checkEdge(table, call.Place, refText(table)); err != nil {
		return project.Relation{}, "", err
	}
	return table.Relation, h.sourceExpression(table), nil
}

// sourceExpression is what reads a source; "" where its relation is read.
func (h *compileHost) sourceExpression(table *project.Node) string {
	if h.unit != nil {
		return ""
	}
	return SourceExpression(table)
}

// Config is over once the parse pass is done.
func (h *compileHost) Config(*template.Dict, diag.Place, []project.KeyPlace) error { return nil }

// ConfigGet reads the node's final config.
func (h *compileHost) ConfigGet(key string) (template.Value, bool) {
	if h.node == nil {
		return nil, false
	}
	if key == snapshotColumnsKey && h.node.Type == project.Snapshot {
		return snapshotColumns(h.node.Config), true
	}
	if h.config != nil {
		if v, ok := h.config.Get(key); ok {
			return v, true
		}
	}
	v, ok := h.node.Config.Get(key)
	return v.Value, ok
}

// This is the published relation of the node.
func (h *compileHost) This() project.Relation { return h.this }

// looks reports whether somebody only looks at a form of the query that is not run now, or at a
// batch of it. What the
// template logs or writes is then for nobody: the rendering that is run says and does it.
func (h *compileHost) looks() bool {
	if db, ok := h.db.(dbtcontext.OnLooker); ok && db.OnlyLooks() {
		return true
	}
	return h.ahead || h.form != nil && (h.batch == nil || h.whole)
}

// IsIncremental follows dbt: the relation exists, is a table, the model is
// incremental and no full refresh is asked for. Of an external model that grows the
// relation is a view.
func (h *compileHost) IsIncremental() bool {
	if h.unit != nil {
		return h.plan.changesRows(h.node) && givesThis(h.unit.Unit)
	}
	if h.node == nil || h.db == nil || h.node.Type != project.Model || !h.plan.changesRows(h.node) {
		return false
	}
	if h.form != nil {
		return *h.form
	}
	if h.plan.FullRefresh(h.node) {
		return false
	}
	if anew, ok := h.db.(Renewer); ok && anew.Renewed() {
		return false
	}
	rel, ok, err := h.db.Relation(h.ctx, h.node.Relation)
	if err != nil && h.err == nil {
		h.err = err // is_incremental() has no way to fail; whoever renders looks here
	}
	kind := "table"
	if h.node.Materialized() == external {
		kind = "view"
	}
	return err == nil && ok && rel.Type == kind
}

// changesRows reports whether a build of a model may change rows rather than replace all
// of them: it is incremental, or an external model that grows, which dbt does not have.
func (p *Plan) changesRows(node *project.Node) bool {
	return node.Materialized() == "incremental" || node.GrowsFiles() && !p.Project.AsDBT
}

// Node is the node that is compiled.
func (h *compileHost) Node() *project.Node { return h.node }

// Execute is true.
func (h *compileHost) Execute() bool { return true }

// Database answers queries of templates; nil where none is open.
func (h *compileHost) Database() dbtcontext.Database {
	db := h.db
	if db != nil && h.looks() {
		db = readDatabase{db}
	}
	if db == nil || !h.plan.sqlFirst() {
		return db
	}
	return plainDatabase{db, h}
}

// readDatabase is a database for whoever only looks: a statement that is no query would do again
// what the rendering that is run does.
type readDatabase struct{ dbtcontext.Database }

// Query runs a query; for any other statement it is [dbtcontext.ErrDeferred].
func (d readDatabase) Query(ctx context.Context, sql string) (*dbtcontext.Table, error) {
	if !sqltoken.IsQuery(sql) {
		return nil, dbtcontext.ErrDeferred
	}
	return d.Database.Query(ctx, sql)
}

// plainDatabase is a database whose queries may name nodes of the project by plain names.
type plainDatabase struct {
	dbtcontext.Database
	host *compileHost
}

// Query runs a statement after its plain names are resolved. A node that is not among the
// template's dependencies is refused, as ref() is there.
func (d plainDatabase) Query(ctx context.Context, sql string) (*dbtcontext.Table, error) {
	text, err := d.host.plan.resolveStatements(d.host, rendering{sql, wholeMap{}})
	if err != nil {
		return nil, err
	}
	return d.Database.Query(ctx, text.text)
}

// SeedRows are the rows of the seed that is made.
func (d plainDatabase) SeedRows() (*dbtcontext.Table, error) {
	if db, ok := d.Database.(dbtcontext.SeedDatabase); ok {
		return db.SeedRows()
	}
	return nil, diag.New(diag.TemplateError, diag.Place{}, "only while a seed is made are there rows of a seed")
}

// refText is how a template names a node.
func refText(node *project.Node) string {
	switch {
	case node.Type == project.Source:
		return "source('" + node.Table.SourceName + "', '" + node.Name + "')"
	case node.Version != "":
		return "ref('" + node.Name + "', v='" + node.Version + "')"
	}
	return "ref('" + node.Name + "')"
}

// ctePrefix is what dbt puts before the name of an ephemeral model's CTE.
const ctePrefix = dbtcontext.CTEPrefix

// SourceExpression is what source() prints for a table that reads files: the FROM
// item over its globs, or the expression it was declared with. It is "" for a table
// of a database. Of a source with formats it shows how each is read; which of them a file
// has, is settled where the files are listed.
func SourceExpression(table *project.Node) string {
	t := table.Table
	if t.Expression != "" {
		return t.Expression
	}
	if t.Bare != "" {
		return t.Bare
	}
	if len(t.Paths) == 0 {
		return ""
	}
	globs := make([]string, len(t.Paths))
	for i, p := range t.Paths {
		globs[i] = p.Text
	}
	if len(t.Formats) > 0 {
		groups := make([]project.FormatFiles, len(t.Formats))
		for i, f := range t.Formats {
			groups[i] = project.FormatFiles{Format: f, Paths: globs}
			if len(f.Files) > 0 {
				groups[i].Paths = nil
			}
			for _, l := range f.Files {
				groups[i].Paths = append(groups[i].Paths, l.Text)
			}
		}
		return table.FromFormats(groups)
	}
	return t.From(globs)
}

// FullRefresh reports whether a node is to be made anew: its own full_refresh
// config where it has one, else the --full-refresh flag, as dbt's should_full_refresh.
func (p *Plan) FullRefresh(node *project.Node) bool {
	if v, ok := node.Config.Get("full_refresh"); ok && v.Value != nil {
		return template.Truth(v.Value)
	}
	return p.options.FullRefresh
}
