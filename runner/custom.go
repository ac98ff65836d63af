package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// custom makes a node by a materialization block of the project. The block works with
// published names; what it does to the node's own relation, and to relations that are called like it
// with a suffix ("orders__dbt_tmp"), happens to hidden ones. What it does to others happens at once.
func (w *worker) custom(ctx context.Context, n *nodeRun) error {
	m := w.maker(n, "the materialization")
	answer, isMain, err := w.plan.Materialize(ctx, m, n.node.UniqueID)
	if err == nil {
		err = m.settle(ctx, isMain)
	}
	if err = errors.Join(err, m.tidy(ctx)); err != nil {
		return err
	}
	n.result.Answer = answer
	if n.spec.Materialized == materialize.Nothing {
		return nil
	}
	w.point("candidate-created")
	if err := w.end(ctx, n, n.written, true); err != nil {
		return err
	}
	n.addLateParts(m.late)
	if err := w.count(ctx, n, n.written); err != nil {
		return err
	}
	w.record(n)
	return nil
}

// maker is the database for something that changes a node's own relation.
func (w *worker) maker(n *nodeRun, what string) *maker {
	m := &maker{view: view{run: w.run, n: n}, w: w, what: what, views: map[string]string{}, tables: map[string]project.Relation{}}
	if info := w.published.find(n.node.Relation); info != nil {
		if m.kind = info.Type; m.kind == "view" {
			m.text, _ = viewQuery(info.ViewSQL)
		}
	}
	return m
}

// maker is the database as a materialization block sees it: its own relation is the
// candidate as soon as the block has changed it. It implements [dbtcontext.Database] and is
// used by one goroutine.
type maker struct {
	view
	w *worker

	kind    string                      // of the node's own relation as the block sees it; "" where there is none
	touched bool                        // the block has changed it: it is the candidate, no more what is published
	text    string                      // of it where the block has made it a view
	views   map[string]string           // text of other views that the block has made, by key
	tables  map[string]project.Relation // hidden tables in place of others that it has made, by key
	number  int                         // of hidden tables
	late    []latePart                  // what it has said that is part of the publish

	copied    bool // the candidate began as a copy of what is published
	commented bool // it has said itself what is written on its relation

	newRows string           // the name of the new rows' table for a strategy, or ""
	delta   project.Relation // that table

	what  string // does it, for messages
	apart bool   // the node has no candidate: what is made is made at once, as a data test's failing rows are

	pre bool // it is a pre-hook, whose changes to the node's own relation would be lost
}

var _ dbtcontext.Database = (*maker)(nil)

// settle takes over what the block has made. One that has done something as "main" may make nothing: it works on
// relations of other names, or says only that it was there.
func (m *maker) settle(ctx context.Context, isMain bool) error {
	n := m.n
	if !m.touched && m.kind == "table" { // it has left everything as it is
		if err := m.take(ctx); err != nil {
			return err
		}
	}
	if m.commented {
		n.spec.Docs = nil
	}
	if m.copied && m.kind == "table" {
		if err := m.keepIndexes(ctx); err != nil {
			return err
		}
	}
	switch {
	case m.touched && m.kind == "table":
		n.spec.Materialized, n.written = materialize.Table, n.candidate
	case m.touched && m.kind == "view":
		n.spec.Materialized, n.spec.SQL = materialize.View, m.text
		n.candidate, n.spec.Candidate = project.Relation{}, project.Relation{}
	case isMain:
		n.spec.Materialized, n.spec.Docs = materialize.Nothing, nil
		n.candidate, n.written = project.Relation{}, project.Relation{}
	default:
		d := diag.New(diag.Unsupported, n.spec.Place, "the materialization %q made no table or view %s", n.node.Materialized(), m.w.plainName(n.node.Relation))
		d.Node = n.node.UniqueID
		return d.WithHint("name what it makes with `this`, or with model['alias'], schema and database")
	}
	return nil
}

// tidy drops what the block has left beside its relation.
func (m *maker) tidy(ctx context.Context) error {
	var err error
	for _, key := range slices.Sorted(maps.Keys(m.tables)) {
		_, failed := m.w.session.Exec(context.WithoutCancel(ctx), "drop table if exists "+m.tables[key].String())
		err = errors.Join(err, failed)
	}
	return err
}

// Relation returns the relation with its type where it exists.
func (m *maker) Relation(ctx context.Context, rel project.Relation) (project.Relation, bool, error) {
	key := m.run.names.full(rel).Key()
	_, isView := m.views[key]
	_, isTable := m.tables[key]
	switch {
	case key == m.n.key:
		rel.Type = m.kind
		return rel, m.kind != "", nil
	case isView:
		rel.Type = "view"
		return rel, true, nil
	case isTable:
		rel.Type = "table"
		return rel, true, nil
	}
	return m.view.Relation(ctx, rel)
}

// Columns returns a relation's columns, none where it does not exist.
func (m *maker) Columns(ctx context.Context, rel project.Relation) ([]dbtcontext.Column, error) {
	at, mine := m.hidden(m.run.names.full(rel))
	switch {
	case m.isNewRows(rel):
		at, mine = m.delta, true
	case rel.Schema == "" && rel.Database == "": // a temporary table of the block's
		at, mine = rel, true
	}
	if !mine && m.run.names.full(rel).Key() != m.n.key && rel.Schema != "" {
		return m.view.Columns(ctx, rel)
	}
	if found, ok, err := m.Relation(ctx, rel); rel.Schema != "" && (err != nil || !ok || found.Type == "") {
		return nil, err
	}
	columns, err := describe(ctx, m.w.session, at)
	if err != nil {
		return nil, m.run.queryFault(err)
	}
	out := make([]dbtcontext.Column, len(columns))
	for i, c := range columns {
		out[i] = dbtcontext.Column(c)
	}
	return out, nil
}

// Query runs statements, one or several, and returns the rows of the last.
func (m *maker) Query(ctx context.Context, sql string) (*dbtcontext.Table, error) {
	t := &engine.Table{}
	for _, at := range sqltoken.SplitStatements(sql) {
		var err error
		if t, err = m.statement(ctx, strings.TrimSpace(sql[at.Start:at.End])); err != nil {
			return nil, err
		}
	}
	return templateTable(t), nil
}

// statement runs one statement. Transactions are elt's affair: each statement is
// committed by itself, and nothing of it can be seen.
func (m *maker) statement(ctx context.Context, sql string) (*engine.Table, error) {
	verb := strings.ToUpper(sqltoken.FirstKeyword(sql))
	if slices.Contains([]string{"BEGIN", "START", "COMMIT", "END"}, verb) || sql == "" {
		return &engine.Table{}, nil
	}
	if d := m.run.refuseChange(sql, m.what, m.n.node, diag.Place{}); d != nil {
		return nil, d
	}
	m.n.result.Statements = append(m.n.result.Statements, sql)
	target, changes := m.target(sql)
	if verb == "COMMENT" && m.run.mentionsOwn(sql, m.n) {
		return m.comment(ctx, sql)
	}
	if !changes {
		return m.exec(ctx, sql)
	}
	if m.pre && target.Key() == m.n.key {
		m.n.warnPreHook(diag.Place{})
		return &engine.Table{}, nil
	}
	if p, ok := m.run.latePart(m.n, sql); ok && target.Key() == m.n.key && p.index.Name != "" {
		return m.index(ctx, p)
	}
	words := leadingWords(sql)
	switch {
	case verb == "ALTER" && slices.Contains(words, "RENAME"):
		return m.rename(ctx, sql, target)
	case verb == "CREATE" && slices.Contains(words, "VIEW"):
		return m.createView(ctx, sql, target)
	case verb == "CREATE" && slices.Contains(words, "TABLE"):
		return m.createTable(ctx, sql, target, slices.Contains(words, "EXISTS"))
	case verb == "DROP":
		return m.drop(ctx, sql, target)
	}
	if target.Key() == m.n.key {
		if err := m.take(ctx); err != nil {
			return nil, err
		}
	}
	return m.exec(ctx, sql)
}

// target is the relation a statement changes, where that is one that is hidden.
func (m *maker) target(sql string) (project.Relation, bool) {
	c, ok := sqltoken.Target(sql)
	if !ok || len(c.Parts) < 2 || len(c.Parts) > 3 {
		return project.Relation{}, false
	}
	rel := project.Relation{Schema: c.Parts[len(c.Parts)-2].Name, Identifier: c.Name()}
	if len(c.Parts) == 3 {
		rel.Database = c.Parts[0].Name
	}
	rel = m.run.names.full(rel)
	return rel, !m.apart && (rel.Key() == m.n.key || m.isBeside(rel))
}

// isBeside reports whether a relation is called like the node's with a suffix, as dbt calls
// what comes and goes while a relation is made.
func (m *maker) isBeside(rel project.Relation) bool {
	own := m.run.names.full(m.n.node.Relation)
	suffix, ok := strings.CutPrefix(strings.ToLower(rel.Identifier), strings.ToLower(own.Identifier)+"__")
	rel.Identifier = own.Identifier
	_, ofProject := m.run.net.relations().makers[rel.Key()]
	return ok && suffix != "" && rel.Key() == own.Key() && ofProject
}

// hidden is what stands for a relation of the block's own; ok is false for others, and for
// the node's relation as long as it is what is published.
func (m *maker) hidden(rel project.Relation) (project.Relation, bool) {
	key := rel.Key()
	if _, ok := m.views[key]; ok {
		return m.run.names.shadowOf(rel), true
	}
	if at, ok := m.tables[key]; ok {
		return at, true
	}
	switch {
	case key != m.n.key || !m.touched:
		return rel, false
	case m.kind == "view":
		return m.run.names.shadowOf(rel), true
	}
	return m.n.candidate, true
}

// exec runs a statement with the names that the run has for relations.
func (m *maker) exec(ctx context.Context, sql string) (*engine.Table, error) {
	s, err := m.prepare(ctx, sql, nil)
	if err != nil {
		return nil, err
	}
	t, err := m.w.session.Query(ctx, s.sql)
	if err != nil {
		return nil, m.w.fault(ctx, m.n, s, err)
	}
	return t, nil
}

func (m *maker) prepare(ctx context.Context, sql string, edits []sqltoken.Edit) (sent, error) {
	var failed error
	by := func(rel project.Relation) (project.Relation, bool) {
		if at, ok := m.hidden(rel); ok {
			return at, true
		}
		if rel.Key() == m.n.key {
			return rel, false
		}
		shadow, ok, err := m.w.shadowFor(ctx, m.n, rel)
		failed = errors.Join(failed, err)
		return shadow, ok
	}
	catalog, err := m.run.catalogEdits(ctx, m.n, sql)
	failed = errors.Join(failed, err)
	edits = append(append(edits, catalog...), m.newRowsEdits(sql)...)
	text, back := m.run.names.rewrite(sql, append(edits, m.run.editsFor(m.n, sql)...), by)
	query := -1
	if c := m.n.node.Compiled; c != nil && c.SQL != "" {
		query = strings.Index(sql, c.SQL)
	}
	return sent{sql: text, back: offsets{inner: back}, query: query}, failed
}

// take copies what is published, so that the block can change it out of sight.
func (m *maker) take(ctx context.Context) error {
	if m.touched || m.kind != "table" {
		m.touched = true
		return nil
	}
	own := m.run.names.full(m.n.node.Relation)
	if _, err := m.w.session.Exec(ctx, fmt.Sprintf("create table %s as select * from %s", m.n.candidate, own)); err != nil {
		return m.w.fault(ctx, m.n, sent{query: -1}, err)
	}
	m.touched, m.copied, m.n.written = true, true, m.n.candidate
	return nil
}

// keepIndexes has the table that goes on from what is published keep its indexes.
func (m *maker) keepIndexes(ctx context.Context) error {
	var kept []latePart
	for _, ix := range m.run.published.indexes[m.n.key] {
		sql := materialize.IndexOn(ix.SQL, m.run.names.full(m.n.node.Relation))
		p := latePart{sql: sql, index: indexName(sql)}
		if err := m.w.tryIndex(ctx, m.n, p); err != nil {
			return err
		}
		kept = append(kept, p)
	}
	m.late = append(kept, m.late...)
	return nil
}

func (m *maker) createTable(ctx context.Context, sql string, target project.Relation, unlessExists bool) (*engine.Table, error) {
	if target.Key() != m.n.key {
		if _, ok := m.tables[target.Key()]; !ok {
			m.number++
			at := m.n.candidate
			at.Identifier = fmt.Sprintf("%s_t%d", at.Identifier, m.number)
			m.tables[target.Key()] = at
		}
		delete(m.views, target.Key())
		return m.exec(ctx, sql)
	}
	if unlessExists {
		if err := m.take(ctx); err != nil {
			return nil, err
		}
	}
	// what is made may be computed from what is published
	at := m.n.candidate
	s, err := m.prepare(ctx, sql, m.overTarget(sql, at))
	if err != nil {
		return nil, err
	}
	t, err := m.w.session.Query(ctx, s.sql)
	if err != nil {
		return nil, m.w.fault(ctx, m.n, s, err)
	}
	m.touched, m.kind, m.n.written = true, "table", at
	return t, nil
}

// overTarget puts another name over the one that a statement changes, unless it is put there anyway.
func (m *maker) overTarget(sql string, at project.Relation) []sqltoken.Edit {
	c, _ := sqltoken.Target(sql)
	rel, _ := m.target(sql)
	if _, ok := m.hidden(rel); ok {
		return nil
	}
	return []sqltoken.Edit{{Span: c.Span, Text: at.String()}}
}

// createView remembers the text of a view; the run reads it through a shadow.
func (m *maker) createView(ctx context.Context, sql string, target project.Relation) (*engine.Table, error) {
	start, ok := sqltoken.Body(sql)
	if !ok {
		return nil, diag.New(diag.Unsupported, diag.Place{}, "the view %s has no query", m.w.plainName(target))
	}
	text := sqltoken.StripTrailing(strings.TrimRight(sql[start:], " \t\r\n;"))
	s, err := m.prepare(ctx, text, nil)
	if err != nil {
		return nil, err
	}
	before := fmt.Sprintf("create or replace view %s as (\n", m.run.names.shadowOf(target))
	s.back.shift, s.sql = len(before), before+s.sql+"\n)"
	if err := m.w.shadows.putText(ctx, target, s.sql); err != nil {
		return nil, m.w.fault(ctx, m.n, s, err)
	}
	m.becomes(target, text)
	return &engine.Table{}, nil
}

// becomes says that a relation is a view now.
func (m *maker) becomes(target project.Relation, text string) {
	if target.Key() == m.n.key {
		m.touched, m.kind, m.text = true, "view", text
		return
	}
	m.views[target.Key()] = text
}

func (m *maker) drop(ctx context.Context, sql string, target project.Relation) (*engine.Table, error) {
	key := target.Key()
	_, isView := m.views[key]
	_, isTable := m.tables[key]
	switch {
	case key == m.n.key && m.touched && m.kind == "table", isTable:
		t, err := m.exec(ctx, sql)
		if err != nil {
			return nil, err
		}
		m.forget(key)
		return t, nil
	case key == m.n.key, isView:
		m.forget(key)
		return &engine.Table{}, nil
	}
	return m.exec(ctx, sql)
}

// forget says that a relation is gone.
func (m *maker) forget(key string) {
	if key == m.n.key {
		m.touched, m.kind, m.n.written, m.late = true, "", project.Relation{}, nil
		m.copied = false
		return
	}
	delete(m.views, key)
	delete(m.tables, key)
}

// rename gives a relation of the block's own another name. Views and hidden tables beside
// the candidate only change what they are called here.
func (m *maker) rename(ctx context.Context, sql string, from project.Relation) (*engine.Table, error) {
	to := from
	to.Identifier = sqltoken.Unquote(lastWord(sql))
	text, isView := m.views[from.Key()]
	if from.Key() == m.n.key && m.kind == "view" {
		text, isView = m.text, true
	}
	if isView {
		m.forget(from.Key())
		_, err := m.createView(ctx, "create view "+to.String()+" as ("+text+"\n)", to)
		return &engine.Table{}, err
	}
	if from.Key() == m.n.key {
		if err := m.take(ctx); err != nil {
			return nil, err
		}
	}
	source, _ := m.hidden(from)
	at := m.n.candidate
	if to.Key() != m.n.key {
		m.number++
		at.Identifier = fmt.Sprintf("%s_t%d", m.n.candidate.Identifier, m.number)
	}
	rename := fmt.Sprintf("alter table %s rename to %s", source, project.QuoteIdent(at.Identifier))
	t, err := m.w.session.Query(ctx, rename)
	if err != nil {
		return nil, m.w.fault(ctx, m.n, sent{query: -1}, err)
	}
	m.forget(from.Key())
	if to.Key() == m.n.key {
		m.touched, m.kind, m.n.written = true, "table", at
	} else {
		m.tables[to.Key()] = at
	}
	return t, nil
}

// index makes an index of the block's a part of the publish: DuckDB renames no table that has one.
func (m *maker) index(ctx context.Context, p latePart) (*engine.Table, error) {
	if err := m.take(ctx); err != nil {
		return nil, err
	}
	if err := m.w.tryIndex(ctx, m.n, p); err != nil {
		return nil, err
	}
	m.late = append(m.late, p)
	return &engine.Table{}, nil
}

// comment puts a comment on the candidate; one on a view, whose candidate is a view of the run,
// is a part of the publish.
func (m *maker) comment(ctx context.Context, sql string) (*engine.Table, error) {
	m.commented = true
	if m.kind == "table" {
		if err := m.take(ctx); err != nil {
			return nil, err
		}
	}
	t, err := m.exec(ctx, sql)
	if err == nil && m.kind == "view" {
		m.late = append(m.late, latePart{sql: sqltoken.StripTrailing(sql)})
	}
	return t, err
}

// leadingWords are the keywords of a statement up to its query, in upper case.
func leadingWords(sql string) []string {
	if start, ok := sqltoken.Body(sql); ok {
		sql = sql[:start]
	}
	var out []string
	for t := range sqltoken.Tokens(sql) {
		if t.Kind == sqltoken.Word {
			out = append(out, strings.ToUpper(t.Text(sql)))
		}
	}
	return out
}

// lastWord is the last name of a statement.
func lastWord(sql string) string {
	word := ""
	for t := range sqltoken.Tokens(sql) {
		if t.Kind == sqltoken.Word || t.Kind == sqltoken.Quoted {
			word = t.Text(sql)
		}
	}
	return word
}
