package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"elt/compiler/lineage"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/duckdb"
	"elt/runner/engine"
)

// Rows that a run changes in a model reach a microbatch model through views and ephemeral models, too.
// Which times these show is found by running their queries on the changed rows alone, where the plan of
// the query tells that each row comes of one changed row: see [lineage.OnlyOwnRows]. Else a
// row may act on rows of other times, and all is done again from the first time on that the model itself
// tells.

// through are the views and ephemeral models by which reader shows rows of a model, reader among them,
// parents first; none where it reads the model by none, or by tables.
func (r *run) through(reader *project.Node, model string) []*project.Node {
	var out []*project.Node
	var leads func(node *project.Node) bool
	known := map[string]bool{}
	leads = func(node *project.Node) bool {
		if node == nil || node.Type != project.Model || !node.IsEphemeral() && node.Materialized() != "view" {
			return false
		}
		if is, ok := known[node.UniqueID]; ok {
			return is
		}
		known[node.UniqueID] = false
		for _, id := range node.DependsOn {
			if leads(r.plan.Nodes[id]) || id == model {
				known[node.UniqueID] = true
			}
		}
		if known[node.UniqueID] {
			out = append(out, node)
		}
		return known[node.UniqueID]
	}
	leads(reader)
	return out
}

// lateThrough is a query of the hours of the rows of reader, a view or an ephemeral model, that are
// made of the rows which this run changes in a model; "" where that cannot be told.
func (r *run) lateThrough(ctx context.Context, s engine.Session, parent *nodeRun, reader *project.Node) (string, error) {
	changed := parent.changedRows()
	if reader.EventTime() == "" || changed == "" {
		return "", nil
	}
	schema := fmt.Sprintf("_elt_late_%d_%s", parent.number, reader.UniqueID)
	r.lateLooks.mu.Lock() // several models may read it, and look at the same time
	defer r.lateLooks.mu.Unlock()
	if query, ok := r.lateLooks.queries[schema]; ok {
		return query, nil
	}
	look := &viewLook{run: r, session: s, chain: r.through(reader, parent.node.UniqueID), parent: parent, schema: schema}
	query, err := look.times(ctx, changed, changed)
	var failed *engine.Error
	if ctx.Err() == nil && errors.As(err, &failed) {
		query, err = "", nil // a view that does not work any more, or not on these rows alone
	}
	if err == nil {
		if r.lateLooks.queries == nil {
			r.lateLooks.queries = map[string]string{}
		}
		r.lateLooks.queries[schema] = query
	}
	return query, err
}

// lateLooks are the queries that [run.lateThrough] has made.
type lateLooks struct {
	mu      sync.Mutex
	queries map[string]string // by schema
}

// viewLook shows the views and ephemeral models by which a model or a source is read over some of its
// rows, in a schema of the run's own database.
type viewLook struct {
	*run
	session engine.Session
	schema  string
	chain   []*project.Node // as [run.through] has them
	parent  *nodeRun        // the model, or
	src     *lakeSource     // the source
	from    string          // the FROM item that stands for the source
}

func (l *viewLook) name(rel project.Relation) project.Relation {
	return project.Relation{Database: duckdb.ShadowDatabase, Schema: l.schema, Identifier: rel.Identifier}
}

func (l *viewLook) top() *project.Node { return l.chain[len(l.chain)-1] }

// times is a query of the hours of the rows that the last of the views has of some rows alone, "" where
// they are not those of all its rows that these have a part in. columns is a query of the same columns.
func (l *viewLook) times(ctx context.Context, rows, columns string) (string, error) {
	marker := l.name(project.Relation{Identifier: "_elt_marker"})
	err := execAll(ctx, l.session, []string{schemaSQL(marker), fmt.Sprintf("create or replace table %s as from (%s) limit 0", marker, columns)})
	if err != nil {
		return "", err
	}
	if known, err := l.make(ctx, marker.String()); !known || err != nil {
		return "", err
	}
	look := "select " + l.top().EventTime() + " as _elt_at from " + l.name(l.top().Relation).String()
	plan, err := l.session.Query(ctx, "select "+fmt.Sprintf(lineage.PlanFunction, project.QuoteString(look))+"::varchar")
	if err != nil {
		return "", err
	}
	text, _ := plan.Rows[0][0].(string)
	if !lineage.OnlyOwnRows([]byte(text), lineage.Source{Catalog: marker.Database, Schema: marker.Schema, Table: marker.Identifier}) {
		return "", nil
	}
	if _, err := l.make(ctx, "("+rows+")"); err != nil {
		return "", err
	}
	described, err := l.session.Query(ctx, "describe "+look)
	if err != nil {
		return "", err
	}
	return hoursOf(look, "_elt_at", describedColumns(described)[0].Type), nil
}

// make makes the views over a FROM item; false where the text of one is not known.
func (l *viewLook) make(ctx context.Context, from string) (bool, error) {
	statements := []string{schemaSQL(l.name(project.Relation{}))}
	taken := map[string]bool{}
	if l.from = from; l.parent != nil {
		rel := l.parent.node.Relation
		taken[rel.Identifier] = true
		statements = append(statements, fmt.Sprintf("create or replace view %s as from %s", l.name(rel), from))
	}
	for _, node := range l.chain {
		if node.IsEphemeral() && node != l.top() {
			continue // it is a part of its readers
		}
		sql, ok, err := l.text(ctx, node)
		if !ok || err != nil || taken[node.Relation.Identifier] {
			return false, err
		}
		taken[node.Relation.Identifier] = true
		statements = append(statements, fmt.Sprintf("create or replace view %s as (\n%s\n)", l.name(node.Relation), sql))
	}
	return true, execAll(ctx, l.session, statements)
}

// text is the query of a view or an ephemeral model, with the names by which it is read here; false
// where it is not known.
func (l *viewLook) text(ctx context.Context, node *project.Node) (string, bool, error) {
	if node.IsEphemeral() && node.Compiled == nil { // its readers are not built by this run
		if err := l.compiler.CompileNode(ctx, l.view(nil), node.UniqueID); err != nil {
			return "", false, ctx.Err() // whoever builds them will say what is wrong
		}
	}
	if c := node.Compiled; c != nil && !c.Deferred && (node.IsEphemeral() || l.byID[node.UniqueID] != nil) {
		var failed error
		sql, _ := l.names.rewriteFor(node, c.SQL, l.files(c.SQL), func(rel project.Relation) (project.Relation, bool) {
			instead, ok, err := l.instead(ctx, rel)
			failed = errors.Join(failed, err)
			return instead, ok
		})
		return sql, true, failed
	}
	key := l.names.full(node.Relation).Key()
	info, query, at := l.published.text(key)
	if info == nil || node.IsEphemeral() || l.src != nil { // it names files itself
		return "", false, nil
	}
	var edits []sqltoken.Edit
	for _, read := range l.published.readsOf(key) {
		instead, ok, err := l.instead(ctx, read.rel)
		if err != nil {
			return "", false, err
		}
		if ok {
			edits = append(edits, sqltoken.Edit{Span: span(read.start-at, read.end-at), Text: instead.String()})
		}
	}
	sql, _ := sqltoken.Rewrite(query, edits)
	return sql, true, nil
}

// files put raw files where a query names sources.
func (l *viewLook) files(sql string) []sqltoken.Edit {
	if l.src == nil {
		return l.editsFor(nil, sql)
	}
	return l.lake.replacing(sql, func(src *lakeSource) string {
		if src == l.src {
			return l.from
		}
		return src.pinned
	})
}

// instead is what stands for a relation: some rows of the model, a view over them, or what this run has
// made.
func (l *viewLook) instead(ctx context.Context, rel project.Relation) (project.Relation, bool, error) {
	key := l.names.full(rel).Key()
	if l.parent != nil && key == l.parent.key || slices.ContainsFunc(l.chain, func(node *project.Node) bool { return l.names.full(node.Relation).Key() == key }) {
		return l.name(rel), true, nil
	}
	maker := l.byID[l.net.relations().makers[key]]
	if maker == nil {
		return rel, false, nil
	}
	l.shadows.mu.Lock()
	defer l.shadows.mu.Unlock()
	shadow, err := l.candidateShadow(ctx, maker)
	return shadow, err == nil, err
}
