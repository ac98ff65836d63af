package runner

import (
	"context"
	"errors"
	"strings"
	"sync"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
)

// view is the database as the template of one node sees it: what is published, and of
// the node's ancestors in this run their candidates, under their published names. It
// implements [dbtcontext.Database].
type view struct {
	run *run
	n   *nodeRun // nil for a template that belongs to no node of the run
	// before says that the template runs before the publish, though it belongs to no
	// node: it must not change what is published.
	before bool
	// hook says that a hook of the node is rendered ahead of its turn, and post that it is one
	// that runs when the node's relation is there.
	hook, post bool
}

var (
	_ dbtcontext.Database     = view{}
	_ dbtcontext.HookDatabase = view{}
)

// ForHook is the view for hooks that are rendered ahead: what only their turn can answer is
// put off, and nothing is changed.
func (v view) ForHook(after bool) dbtcontext.Database {
	v.hook, v.post = true, after
	return v
}

// view returns the database as a node's template sees it.
func (r *run) view(n *nodeRun) dbtcontext.Database { return view{run: r, n: n} }

// candidate returns the node of this run that makes a relation, if the template is to
// see it: not the template's own node, whose name means what is published.
func (v view) candidate(rel project.Relation) (*nodeRun, error) {
	key := v.run.names.full(rel).Key()
	if v.n != nil && v.n.key == key {
		return nil, nil
	}
	id := v.run.net.relations().makers[key]
	maker := v.run.byID[id]
	if maker == nil || v.n != nil && !v.run.isAncestor(id, v.n) {
		return nil, nil
	}
	v.run.madeMu.RLock()
	defer v.run.madeMu.RUnlock()
	if !v.run.over[id] {
		return nil, dbtcontext.ErrDeferred
	}
	if !maker.made {
		return nil, nil
	}
	return maker, nil
}

// Relation returns the relation with its type where it exists.
func (v view) Relation(_ context.Context, rel project.Relation) (project.Relation, bool, error) {
	maker, err := v.candidate(rel)
	if err == nil {
		err = v.run.deferAbsent(rel)
	}
	if err != nil {
		return rel, false, err
	}
	if maker != nil {
		rel.Type = "table"
		if isView(maker.spec) {
			rel.Type = "view"
		}
		return rel, true, nil
	}
	info := v.run.published.find(rel)
	if info == nil {
		return rel, false, nil
	}
	rel.Type = info.Type
	return rel, true, nil
}

// Published reports whether a relation was there before the run.
func (v view) Published(rel project.Relation) bool { return v.run.published.find(rel) != nil }

// Relations lists a schema as it is published.
func (v view) Relations(_ context.Context, database, schema string) ([]project.Relation, error) {
	if database == "" {
		database = v.run.database
	}
	if err := v.run.deferAbsent(project.Relation{Database: database}); err != nil {
		return nil, err
	}
	var out []project.Relation
	for _, info := range v.run.published.bySchema[schemaKey(database, schema)] {
		out = append(out, info.Relation)
	}
	return out, nil
}

// Columns returns a relation's columns, none where it does not exist.
func (v view) Columns(ctx context.Context, rel project.Relation) ([]dbtcontext.Column, error) {
	if v.post && v.n != nil && v.run.names.full(rel).Key() == v.n.key {
		return nil, dbtcontext.ErrDeferred
	}
	maker, err := v.candidate(rel)
	if err == nil {
		err = v.run.deferAbsent(rel)
	}
	if err != nil {
		return nil, err
	}
	var from project.Relation
	switch info := v.run.published.find(rel); {
	case maker != nil && maker.node.IsFunction(): // which has none before it is called
		return nil, nil
	case maker != nil:
		v.run.shadows.mu.Lock()
		from, err = v.run.candidateShadow(ctx, maker)
		v.run.shadows.mu.Unlock()
		if err != nil {
			return nil, err
		}
	case info == nil:
		return nil, nil
	default:
		from = info.Relation
	}
	s, err := v.run.sessions.get(ctx)
	if err != nil {
		return nil, err
	}
	defer v.run.sessions.put(s)
	columns, err := describe(ctx, s, from)
	if err != nil {
		return nil, err
	}
	out := make([]dbtcontext.Column, len(columns))
	for i, c := range columns {
		out[i] = dbtcontext.Column{Name: c.Name, Type: c.Type}
	}
	return out, nil
}

// isAhead reports whether the template is rendered before anything is made: all are, but the hooks at the start of the
// run once their turn has come.
func (v view) isAhead() bool { return !v.run.started && !v.before }

// aheadView is the database for who renders a hook of the project before its turn, in which it is rendered again: what
// it prints and does is for then.
type aheadView struct{ view }

// OnlyLooks is true.
func (aheadView) OnlyLooks() bool { return true }

// Query runs statements of a template, mostly one, and returns the rows of the last. A statement that is no query has
// to wait until its node's turn, since nothing is touched before everything is compiled.
func (v view) Query(ctx context.Context, sql string) (*dbtcontext.Table, error) {
	statements := sqltoken.SplitStatements(sql)
	if len(statements) < 2 {
		return v.statement(ctx, sql)
	}
	var out *dbtcontext.Table
	for _, at := range statements {
		var err error
		if out, err = v.statement(ctx, sql[at.Start:at.End]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// statement runs one statement of a template.
func (v view) statement(ctx context.Context, sql string) (*dbtcontext.Table, error) {
	if !sqltoken.IsQuery(sql) && (v.hook || v.isAhead() && !v.run.readOnly) || v.post && v.n != nil && v.run.mentionsOwn(sql, v.n) {
		return nil, dbtcontext.ErrDeferred
	}
	if err := v.refuse(sql); err != nil {
		return nil, err
	}
	var failed error
	by := func(rel project.Relation) (project.Relation, bool) {
		if _, err := v.candidate(rel); err != nil {
			failed = errors.Join(failed, err)
			return rel, false
		}
		if v.n == nil || rel.Key() == v.n.key {
			return rel, false
		}
		shadow, ok, err := v.run.shadowFor(ctx, v.n, rel)
		failed = errors.Join(failed, err)
		return shadow, ok
	}
	edits, err := v.run.editsSieved(ctx, v.n, sql)
	if err != nil {
		return nil, err
	}
	if v.run.waitsForCatalog(v.n, sql) {
		return nil, dbtcontext.ErrDeferred
	}
	catalog, err := v.run.catalogEdits(ctx, v.n, sql)
	if err != nil {
		return nil, err
	}
	edits = append(edits, catalog...)
	var node *project.Node
	if v.n != nil && v.n.node.IsLoose() {
		node = v.n.node
	}
	text, _ := v.run.names.rewriteFor(node, strings.TrimRight(sql, " \t\r\n;"), edits, by)
	if failed != nil {
		if errors.Is(failed, dbtcontext.ErrDeferred) {
			return nil, dbtcontext.ErrDeferred
		}
		return nil, failed
	}
	s := v.run.main // which has what a hook's own statements have set and made for it alone
	if !v.before {
		if s, err = v.run.sessions.get(ctx); err != nil {
			return nil, err
		}
		defer v.run.sessions.put(s)
	}
	t, err := s.Query(ctx, text)
	var e *engine.Error
	if errors.As(err, &e) && (e.Kind == engine.Catalog || missingCatalog(e)) && (v.run.opts.Command == "compile" || v.isAhead() && v.run.hooksMayMake()) {
		return nil, dbtcontext.ErrDeferred // it asks for what has not been made yet
	}
	if err != nil {
		return nil, v.run.queryFault(err)
	}
	return templateTable(t), nil
}

// refuse refuses a statement that changes what is published, before it is tested.
func (v view) refuse(sql string) error {
	var self *project.Node
	switch {
	case v.n != nil:
		self = v.n.node
	case !v.before:
		return nil
	}
	id, _ := v.run.changed(sql)
	if id != "" && self != nil && id == self.UniqueID {
		return diag.New(diag.Unsupported, diag.Place{}, "a statement of the template changes %q while the model is being compiled", self.Name).
			WithHint("put it into a post-hook")
	}
	if d := v.run.refuseChange(sql, "a statement of the template", self, diag.Place{}); d != nil {
		return d
	}
	return nil
}

// queryFault is an error of a template's query, without hidden names. The template
// engine adds the place.
func (r *run) queryFault(err error) error {
	var e *engine.Error
	if !errors.As(err, &e) {
		return err
	}
	return &diag.Diagnostic{Code: codeOf(e), Message: r.publicText(lowerFirst(e.Message)), Hint: r.hintOf(e), Err: err}
}

// sessionPool lends sessions to templates, which are rendered in parallel.
type sessionPool struct {
	engine engine.Engine
	mu     sync.Mutex
	free   []engine.Session
}

func (p *sessionPool) get(ctx context.Context) (engine.Session, error) {
	p.mu.Lock()
	if n := len(p.free); n > 0 {
		s := p.free[n-1]
		p.free = p.free[:n-1]
		p.mu.Unlock()
		return s, nil
	}
	p.mu.Unlock()
	return p.engine.Session(ctx)
}

func (p *sessionPool) put(s engine.Session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, s)
}
