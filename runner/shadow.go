package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/duckdb"
	"elt/runner/engine"
)

// shadows makes the views through which the run reads its candidates. They live in an
// in-memory database of this process, so nobody else sees them and a crash leaves none.
type shadows struct {
	mu      sync.Mutex
	session engine.Session
	names   *names
	schemas map[string]bool
	views   map[string]bool // keys of published views that have been shadowed
}

// put makes, or replaces, the shadow of a relation.
func (s *shadows) put(ctx context.Context, rel project.Relation, query string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.create(ctx, rel, fmt.Sprintf("create or replace view %s as (\n%s\n)", s.names.shadowOf(rel), query))
}

// candidateShadow returns the shadow of a candidate, made now if it is not there yet. The
// caller holds the shadows' mutex. What has no candidate is read as it is published.
func (r *run) candidateShadow(ctx context.Context, maker *nodeRun) (project.Relation, error) {
	rel := maker.node.Relation
	if _, ok := r.names.shadow(maker.key); !ok {
		if !maker.made || maker.query == "" {
			return r.names.full(rel), nil
		}
		sql := fmt.Sprintf("create or replace view %s as (\n%s\n)", r.names.shadowOf(rel), maker.query)
		if err := r.shadows.create(ctx, rel, sql); err != nil {
			return rel, err
		}
	}
	return r.names.shadowOf(rel), nil
}

// putText makes the shadow of a relation by a statement that is complete.
func (s *shadows) putText(ctx context.Context, rel project.Relation, sql string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.create(ctx, rel, sql)
}

// create runs a statement that makes the shadow of a relation. The caller holds mu.
func (s *shadows) create(ctx context.Context, rel project.Relation, sql string) error {
	shadow := s.names.shadowOf(rel)
	if !s.schemas[shadow.Schema] {
		schema := project.QuoteIdent(duckdb.ShadowDatabase) + "." + project.QuoteIdent(shadow.Schema)
		if _, err := s.session.Exec(ctx, "create schema if not exists "+schema); err != nil {
			return err
		}
		s.schemas[shadow.Schema] = true
	}
	if _, err := s.session.Exec(ctx, sql); err != nil {
		return err
	}
	s.names.add(rel)
	return nil
}

// shadowView makes the shadow of a published view that shows candidates, and of the
// views below it. It does nothing for a view that shows none.
func (r *run) shadowView(ctx context.Context, key string) error {
	r.shadows.mu.Lock()
	defer r.shadows.mu.Unlock()
	return r.shadowViewLocked(ctx, key)
}

func (r *run) shadowViewLocked(ctx context.Context, key string) error {
	if r.shadows.views[key] || len(r.net.behind(key)) == 0 {
		return nil
	}
	view, _, _ := r.published.text(key)
	var edits []sqltoken.Edit
	for _, read := range r.published.readsOf(key) {
		rel := read.rel
		if maker := r.byID[r.net.relations().makers[read.key]]; maker != nil {
			shadow, err := r.candidateShadow(ctx, maker)
			if err != nil {
				return err
			}
			rel = shadow
		} else if err := r.shadowViewLocked(ctx, read.key); err != nil {
			return err
		} else if shadow, ok := r.names.shadow(read.key); ok {
			rel = shadow
		}
		edits = append(edits, sqltoken.Edit{Span: span(read.start, read.end), Text: rel.String()})
	}
	sql, err := r.shadowStatement(key, edits)
	if err != nil {
		return err
	}
	if err := r.shadows.create(ctx, view.Relation, sql); err != nil {
		return err
	}
	r.shadows.views[key] = true
	return nil
}

// shadowFor returns the shadow that a node reads instead of a relation: of a node of
// this run among its ancestors, or of a published view that shows such nodes. Anything
// else is read as it is published, whatever else the run happens to have made.
func (r *run) shadowFor(ctx context.Context, n *nodeRun, rel project.Relation) (project.Relation, bool, error) {
	key := rel.Key()
	id, known := r.net.relations().makers[key]
	if !known || !r.readsRelation(key, n) {
		return rel, false, nil
	}
	shadow, ok := r.names.shadow(key)
	if ok {
		return shadow, true, nil
	}
	var err error
	if maker := r.byID[id]; maker == nil {
		err = r.shadowView(ctx, key)
	} else if maker.made && maker.query != "" {
		err = r.shadows.put(ctx, maker.node.Relation, maker.query)
	}
	if err != nil {
		return rel, false, err
	}
	shadow, ok = r.names.shadow(key)
	return shadow, ok, nil
}

// tableFor returns the candidate that a node may read by its hidden name, without a
// shadow: the table of a node of this run among its ancestors, where the name stands only
// once in the statement. A name that stands there again may be the table's in a column
// ("orders.id"), which only a shadow of the same name can stand for. It saves a view for
// each table that a test or a model reads plainly: most of them.
func (r *run) tableFor(n *nodeRun, rel project.Relation, sql string) (project.Relation, bool) {
	key := rel.Key()
	maker := r.byID[r.net.relations().makers[key]]
	if maker == nil || !r.readsRelation(key, n) || !maker.made || maker.query != plainQuery(maker.candidate) {
		return rel, false
	}
	if strings.Count(strings.ToLower(sql), strings.ToLower(rel.Identifier)) != 1 {
		return rel, false
	}
	if c, ok := sqltoken.Target(sql); ok && strings.EqualFold(c.Parts[len(c.Parts)-1].Name, rel.Identifier) {
		return rel, false // a hook that changes another node's table meets its view, and fails
	}
	return maker.candidate, true
}

// plainQuery shows all of a candidate.
func plainQuery(candidate project.Relation) string { return "select * from " + candidate.String() }

// readsRelation reports whether a relation is one of a node's ancestors. What this run
// makes is one only by itself: who reads it as a source does not wait for it, and reads what
// is published. Of other relations several sources may have the name.
func (r *run) readsRelation(key string, n *nodeRun) bool {
	id := r.net.relations().makers[key]
	return r.isAncestor(id, n) || r.byID[id] == nil &&
		slices.ContainsFunc(r.net.relations().sources[key], func(id string) bool { return r.isAncestor(id, n) })
}

// isAncestor reports whether a node is above another one.
func (r *run) isAncestor(id string, n *nodeRun) bool {
	for _, d := range n.node.DependsOn {
		if d == id {
			return true
		}
	}
	if n.ancestors == nil {
		n.ancestors = r.net.graph.Ancestors([]string{n.node.UniqueID}, -1)
	}
	return n.ancestors.Has(id) || r.byID[id] != nil && n.looksAt(id)
}
