package runner

import (
	"context"
	"strings"
	"sync"

	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/duckdb"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// published is what existed when the run began. It is read once: relations, the text
// of views and indexes at the start, columns when somebody asks.
type published struct {
	main      string // the target's own database
	names     *names
	relations map[string]*engine.RelationInfo
	rows      map[string]int64 // of tables, about
	indexes   map[string][]materialize.ExistingIndex
	bySchema  map[string][]*engine.RelationInfo // lower-case "database\x00schema"
	functions map[string]*tableFunction         // those that the project makes
	parser    duckdb.Parser                     // closed with the run

	mu      sync.Mutex
	reads   map[string][]viewRead      // by the key of a view
	columns map[string][]engine.Column // of those that somebody has asked for
}

// viewRead is a relation that a view names, and where in [engine.RelationInfo.ViewSQL].
type viewRead struct {
	key        string
	rel        project.Relation
	start, end int
}

// readPublished reads what exists.
func readPublished(ctx context.Context, s engine.Session, names *names) (*published, error) {
	l, err := takeStock(ctx, s, names.main, false, nil)
	if err != nil {
		return nil, err
	}
	return publishedIn(l, names), nil
}

// publishedIn is what a look has found but for what is hidden.
func publishedIn(l *inventory, names *names) *published {
	p := newPublished(names)
	for i := range l.relations {
		if isHidden(l.relations[i].Relation) {
			continue
		}
		info := l.relations[i].RelationInfo
		p.relations[info.Key()] = &info
		p.rows[info.Key()] = l.relations[i].rows
		schema := schemaKey(info.Database, info.Schema)
		p.bySchema[schema] = append(p.bySchema[schema], &info)
	}
	if l.indexes == nil {
		return p
	}
	for _, row := range l.indexes.Rows {
		key := project.Relation{Database: row[0].(string), Schema: row[1].(string), Identifier: row[2].(string)}.Key()
		sql, _ := row[4].(string)
		p.indexes[key] = append(p.indexes[key], materialize.ExistingIndex{Name: row[3].(string), SQL: sql})
	}
	return p
}

// newPublished is what exists where nothing does.
func newPublished(names *names) *published {
	return &published{
		main: names.main, names: names,
		relations: map[string]*engine.RelationInfo{}, rows: map[string]int64{}, indexes: map[string][]materialize.ExistingIndex{},
		bySchema: map[string][]*engine.RelationInfo{}, reads: map[string][]viewRead{}, columns: map[string][]engine.Column{},
	}
}

func schemaKey(database, schema string) string { return strings.ToLower(database + "\x00" + schema) }

// find returns the published relation of a name, with the target's database where
// the name has none.
func (p *published) find(rel project.Relation) *engine.RelationInfo {
	return p.relations[p.names.full(rel).Key()]
}

// state is what a materialization wants to know about what exists under a name. The
// columns are read with it, since only materializations that look at them ask.
func (p *published) state(ctx context.Context, s engine.Session, rel project.Relation, withColumns bool) (materialize.State, error) {
	info := p.find(rel)
	if info == nil {
		return materialize.State{}, nil
	}
	out := *info
	if withColumns {
		columns, err := p.columnsOf(ctx, s, info.Relation)
		if err != nil {
			return materialize.State{}, err
		}
		out.Columns = columns
	}
	return materialize.State{Existing: &out, Indexes: p.indexes[info.Key()]}, nil
}

// columnsOf returns the columns of what is published, which stay as they are until the publish.
func (p *published) columnsOf(ctx context.Context, s engine.Session, rel project.Relation) ([]engine.Column, error) {
	key := rel.Key()
	p.mu.Lock()
	columns, ok := p.columns[key]
	p.mu.Unlock()
	if ok {
		return columns, nil
	}
	columns, err := describe(ctx, s, rel)
	if err == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.columns[key] = columns
	}
	return columns, err
}

// describe returns the columns of a relation, or of a view in the run's shadow.
func describe(ctx context.Context, s engine.Session, rel project.Relation) ([]engine.Column, error) {
	t, err := s.Query(ctx, "describe "+rel.String())
	if err != nil {
		return nil, err
	}
	return describedColumns(t), nil
}

// describedColumns reads the result of DESCRIBE. Of a query it may have a name twice, which no
// table has.
func describedColumns(t *engine.Table) []engine.Column {
	columns := make([]engine.Column, len(t.Rows))
	names := engine.TableNames{}
	for i, row := range t.Rows {
		name, _ := row[0].(string)
		columns[i].Name = names.Next(name)
		columns[i].Type, _ = row[1].(string)
	}
	return columns
}

// readsOf returns what a published view names, as far as it exists. A view whose text
// cannot be parsed any more reads nothing, and cannot be read either.
func (p *published) readsOf(key string) []viewRead {
	p.mu.Lock()
	defer p.mu.Unlock()
	if reads, ok := p.reads[key]; ok {
		return reads
	}
	info, query, at := p.text(key)
	if info == nil {
		return nil
	}
	var reads []viewRead
	refs, err := p.parser.TableRefs(query)
	if err == nil {
		for _, ref := range refs {
			if rel, ok := p.resolve(ref, info); ok {
				reads = append(reads, viewRead{key: rel.Key(), rel: rel.Relation, start: at + ref.Start, end: at + ref.End})
			}
		}
	}
	reads = append(reads, p.calls(query, at, info)...)
	p.reads[key] = reads
	return reads
}

// text is the query of what is published as a text only, and where it begins in
// [engine.RelationInfo.ViewSQL]; nil for anything else.
func (p *published) text(key string) (info *engine.RelationInfo, query string, at int) {
	if f := p.functions[key]; f != nil {
		return &f.RelationInfo, f.ViewSQL, 0
	}
	if info = p.relations[key]; info == nil || info.Type != "view" {
		return nil, "", 0
	}
	query, at = viewQuery(info.ViewSQL)
	return info, query, at
}

// resolve finds the relation a name in a view means, as DuckDB does: in the view's own
// schema, then in its database's schema main. "x.y" is a schema or a database.
func (p *published) resolve(ref duckdb.TableRef, view *engine.RelationInfo) (*engine.RelationInfo, bool) {
	for _, rel := range p.meanings(ref, view) {
		if info := p.relations[rel.Key()]; info != nil {
			return info, true
		}
	}
	return nil, false
}

// meanings are the relations that a name in a view may mean, the first that exists.
func (p *published) meanings(ref duckdb.TableRef, view *engine.RelationInfo) []project.Relation {
	var tries []project.Relation
	switch {
	case ref.Catalog != "":
		tries = append(tries, project.Relation{Database: ref.Catalog, Schema: ref.Schema, Identifier: ref.Name})
	case ref.Schema != "":
		tries = append(tries,
			project.Relation{Database: view.Database, Schema: ref.Schema, Identifier: ref.Name},
			project.Relation{Database: p.main, Schema: ref.Schema, Identifier: ref.Name},
			project.Relation{Database: ref.Schema, Schema: "main", Identifier: ref.Name})
	default:
		tries = append(tries,
			project.Relation{Database: view.Database, Schema: view.Schema, Identifier: ref.Name},
			project.Relation{Database: view.Database, Schema: "main", Identifier: ref.Name},
			project.Relation{Database: p.main, Schema: "main", Identifier: ref.Name})
	}
	return tries
}

// viewQuery returns the query of a CREATE VIEW statement and where it begins.
func viewQuery(create string) (query string, at int) {
	depth := 0
	for tok := range sqltoken.Tokens(create) {
		switch text := tok.Text(create); {
		case text == "(":
			depth++
		case text == ")":
			depth--
		case depth == 0 && tok.Kind == sqltoken.Word && strings.EqualFold(text, "as"):
			at = tok.Span.End
			return strings.TrimRight(create[at:], " \t\r\n;"), at
		}
	}
	return create, 0
}

// viewName returns the span of the view's own name in a CREATE VIEW statement.
func viewName(create string) (start, end int, ok bool) {
	for _, chain := range sqltoken.Chains(create) {
		if chain.Clause == "VIEW" || chain.Prev == "VIEW" || chain.Prev == "EXISTS" {
			return chain.Span.Start, chain.Span.End, true
		}
	}
	return 0, 0, false
}
