package compiler

import (
	"context"
	"sync"

	"elt/compiler/project"
	"elt/compiler/sqltoken"
)

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

	takers func() map[string]*project.Node // see [Bound.taker]

	mu        sync.Mutex
	catalog   ShellCatalog
	opening   error
	relations map[string]string // unique_id by the key of a shell
}

// boundNode is what is known of a node.
type boundNode struct {
	query   ShellQuery
	columns []Column // of its relation, or of the query where it has none
	shell   []Column // as its readers see them, where that differs: see ShellCatalog.WithNulls
	known   bool
	doubt   Doubt // why columns are not known; "" where a mistake is in the way
	defined bool  // its shell exists
	// standsFor says that there is a relation in place of an ephemeral model, see [standIn].
	standsFor bool
	unmade    Doubt // why it has no shell, though its columns are known

	forms  *forms       // of an incremental model
	own    *ownRelation // what {{ this }} is to its query, where that is incremental
	kept   []Column     // of its query, as they are known from before
	isKept bool
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
	return b.planOf(ctx, id, n.query.SQL)
}

// planOf is DuckDB's bound plan of a query in terms of the shells that a node's query reads.
func (b *Bound) planOf(ctx context.Context, id, sql string) (string, error) {
	catalog, err := b.shells(ctx)
	if err != nil {
		return "", err
	}
	if err := b.defineParents(ctx, catalog, []string{id}); err != nil {
		return "", err
	}
	if err := b.defineOwn(ctx, catalog, b.plan.Nodes[id], b.nodes[id].own); err != nil {
		return "", err
	}
	return catalog.BoundPlan(ctx, sql)
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
