package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"elt/compiler"
	"elt/compiler/dbtcontext"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/duckdb"
	"elt/runner/engine"
)

// shellColumns knows the columns of relations that need not exist.
type shellColumns interface {
	// Columns returns the columns of a node's relation; ok is false where nobody knows.
	Columns(id string) (columns []dbtcontext.Column, ok bool)
	// Doubt says why nobody knows, "" where a mistake is in the way.
	Doubt(id string) compiler.Doubt
}

// lab is where unit tests run: a database in memory, which is thrown away. It is opened
// when the first unit test runs. Each test has a bench of its own, a catalog in which the
// relations that its model reads have the names they have in the project.
type lab struct {
	target *project.Target
	names  *names
	shells shellColumns // nil where nobody knows any
	// ids are the nodes of a relation, by its key: a source may be a table that a model
	// makes.
	ids map[string][]string

	once sync.Once
	db   *duckdb.DB
	err  error
	lent bool // db is closed by its owner
	// lenient makes it go on without extensions that cannot be loaded.
	lenient bool

	mu     sync.Mutex
	free   []*bench
	opened int
}

func newLab(plan *compiler.Plan) *lab {
	target := plan.Project.Target
	l := &lab{target: target, ids: map[string][]string{}}
	short, needed := false, false
	for _, node := range plan.Nodes {
		short = short || node.Relation.Identifier != "" && node.Relation.Database == ""
		needed = needed || node.Type == project.UnitTest
	}
	l.names = newNames(target.Database, short)
	if !needed {
		return l
	}
	for _, id := range plan.Order {
		if node := plan.Nodes[id]; node.Relation.Identifier != "" && node.Type != project.Test {
			key := l.names.full(node.Relation).Key()
			l.ids[key] = append(l.ids[key], id)
		}
	}
	return l
}

// open opens the database: with the target's settings and extensions, and with nothing
// of what it attaches.
func (l *lab) open(ctx context.Context) error {
	l.once.Do(func() {
		options := openOptions(l.target)
		options.Path, options.Attach, options.Secrets, options.Threads = "", nil, nil, 1
		options.Lenient = l.lenient
		if l.db, l.err = duckdb.Open(ctx, options); l.err != nil {
			l.err = targetFault(l.target, l.err)
		}
	})
	return l.err
}

// lend makes the lab use a database that is open already and that somebody else closes.
func (l *lab) lend(db *duckdb.DB) { l.once.Do(func() { l.db, l.lent = db, true }) }

// take lends a bench.
func (l *lab) take(ctx context.Context) (*bench, error) {
	if err := l.open(ctx); err != nil {
		return nil, err
	}
	l.mu.Lock()
	if n := len(l.free); n > 0 {
		b := l.free[n-1]
		l.free = l.free[:n-1]
		l.mu.Unlock()
		return b, nil
	}
	l.opened++
	catalog := fmt.Sprintf("_elt_unit_%d", l.opened)
	l.mu.Unlock()
	session, err := l.db.Session(ctx)
	if err != nil {
		return nil, err
	}
	b := &bench{lab: l, session: session, catalog: catalog, schemas: map[string]bool{"main": true}}
	for _, sql := range []string{"attach ':memory:' as " + catalog, "use " + catalog} {
		if _, err := session.Exec(ctx, sql); err != nil {
			return nil, errors.Join(err, session.Close())
		}
	}
	return b, nil
}

// give takes a bench back and clears it. One that cannot be cleared is not lent again.
func (l *lab) give(b *bench) {
	if b.clear(context.Background()) != nil {
		b.session.Close()
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = append(l.free, b)
}

// close gives the memory back.
func (l *lab) close() error {
	if l == nil || l.db == nil || l.lent {
		return nil
	}
	return l.db.Close()
}

// bench is the place of one unit test at a time.
type bench struct {
	lab     *lab
	session engine.Session
	catalog string
	schemas map[string]bool
	given   map[string]project.Relation // published names, by their keys
	wild    bool                        // statements of a materialization may have made anything
	missed  map[string]bool             // unique_ids of what was read and is not given
	asked   bool                        // the model's template has asked for rows
}

// place is the name of a relation on the bench.
func (b *bench) place(rel project.Relation) project.Relation {
	on := b.lab.names.shadowOf(rel)
	on.Database = b.catalog
	return on
}

// create makes a relation of a query on the bench.
func (b *bench) create(ctx context.Context, rel project.Relation, query string) error {
	if err := b.schema(ctx, rel); err != nil {
		return err
	}
	_, err := b.session.Exec(ctx, "create table "+b.place(rel).String()+" as "+query)
	return err
}

// schema makes the schema of a relation.
func (b *bench) schema(ctx context.Context, rel project.Relation) error {
	on := b.place(rel)
	if b.schemas[on.Schema] {
		return nil
	}
	_, err := b.session.Exec(ctx, "create schema "+project.QuoteIdent(b.catalog)+"."+project.QuoteIdent(on.Schema))
	b.schemas[on.Schema] = err == nil
	return err
}

// add says that a relation stands on the bench.
func (b *bench) add(rel project.Relation) {
	if b.given == nil {
		b.given = map[string]project.Relation{}
	}
	b.given[b.lab.names.full(rel).Key()] = rel
}

// has reports whether a relation is given.
func (b *bench) has(rel project.Relation) bool {
	_, ok := b.given[b.lab.names.full(rel).Key()]
	return ok
}

// clear drops what a test has left.
func (b *bench) clear(ctx context.Context) error {
	var drops []string
	for _, rel := range b.given {
		drops = append(drops, "drop table if exists "+b.place(rel).String())
	}
	if b.wild {
		t, err := b.session.Query(ctx, "select schema_name, table_name from duckdb_tables() where database_name = "+project.QuoteString(b.catalog))
		if err != nil {
			return err
		}
		drops = nil
		for _, row := range t.Rows {
			rel := project.Relation{Database: b.catalog, Schema: row[0].(string), Identifier: row[1].(string)}
			drops = append(drops, "drop table if exists "+rel.String())
		}
	}
	for _, sql := range drops {
		if _, err := b.session.Exec(ctx, sql); err != nil {
			return err
		}
	}
	b.given, b.missed, b.wild, b.asked = nil, nil, false, false
	return nil
}

// rewrite puts the bench's names over published ones. A relation of the project that is
// not given is noted.
func (b *bench) rewrite(sql string) (string, sqltoken.OffsetMap) {
	return b.lab.names.rewrite(sql, nil, func(rel project.Relation) (project.Relation, bool) {
		key := b.lab.names.full(rel).Key()
		if _, ok := b.given[key]; ok {
			return b.place(rel), true
		}
		if ids := b.lab.ids[key]; len(ids) > 0 { // one of them is enough to say
			if b.missed == nil {
				b.missed = map[string]bool{}
			}
			b.missed[ids[0]] = true
		}
		return rel, false
	})
}

// publicText takes the bench's names out of a text of the database.
func (b *bench) publicText(text string) string {
	text = strings.ReplaceAll(text, project.QuoteIdent(b.catalog), project.QuoteIdent(b.lab.names.main))
	return strings.ReplaceAll(text, b.catalog, b.lab.names.main)
}

// A bench is the database that the model's template sees: there is what is given. It
// implements [dbtcontext.Database].
var _ dbtcontext.Database = (*bench)(nil)

// Relation returns the relation with its type where it is given.
func (b *bench) Relation(_ context.Context, rel project.Relation) (project.Relation, bool, error) {
	if !b.has(rel) {
		return rel, false, nil
	}
	rel.Type = "table"
	return rel, true, nil
}

// Relations lists what is given of a schema.
func (b *bench) Relations(_ context.Context, database, schema string) ([]project.Relation, error) {
	want := b.lab.names.full(project.Relation{Database: database, Schema: schema})
	var out []project.Relation
	for _, rel := range b.given {
		if have := b.lab.names.full(rel); strings.EqualFold(have.Database, want.Database) && strings.EqualFold(have.Schema, want.Schema) {
			have.Type = "table"
			out = append(out, have)
		}
	}
	slices.SortFunc(out, func(a, b project.Relation) int { return strings.Compare(a.Identifier, b.Identifier) })
	return out, nil
}

// Columns returns the columns of what is given.
func (b *bench) Columns(ctx context.Context, rel project.Relation) ([]dbtcontext.Column, error) {
	at := b.place(rel)
	if rel.Schema == "" && rel.Database == "" { // a temporary table of a macro's
		at = rel
	} else if !b.has(rel) {
		return nil, nil
	}
	columns, err := describe(ctx, b.session, at)
	return plainColumns(columns), err
}

// Query runs one statement of the template on what is given.
func (b *bench) Query(ctx context.Context, sql string) (*dbtcontext.Table, error) {
	b.asked = true
	text, _ := b.rewrite(strings.TrimRight(sql, " \t\r\n;"))
	if len(b.missed) > 0 {
		return nil, errUngiven
	}
	t, err := b.session.Query(ctx, text)
	if err != nil {
		return nil, err
	}
	return templateTable(t), nil
}

// errUngiven ends the rendering of a model whose template asks what no input answers.
const errUngiven Error = "the query reads what is not given"
