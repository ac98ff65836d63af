package duckdb

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"elt/compiler"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
)

// ShellOptions say what a [Shell] has beside empty relations.
type ShellOptions struct {
	Database string             // name of the catalog that stands for the target's; "" for "memory"
	Schema   string             // where names without a schema are looked for; "" for "main"
	Attached []string           // names of further catalogs
	Schemas  []project.Relation // that exist beside those of relations, with their databases

	// What the target sets up. What cannot be set up here is left out, and Missing tells.
	Settings           []Setting
	Extensions         []Extension
	ExtensionDirectory string

	Spare *Spare // is used if nobody has it; nil opens a database
}

// Shell is a database in memory that holds empty relations only: queries are bound
// against it. It implements [compiler.ShellCatalog].
type Shell struct {
	db      *DB
	use     string // sets the default catalog and schema of a session
	missing []string

	mu    sync.Mutex
	idle  []*Session
	slots chan struct{}     // one for each session that may exist
	kinds map[string]string // of the relations that were made: TABLE or VIEW

	placing sync.Mutex          // held while a catalog or a schema is made: two that make the same one conflict, IF NOT EXISTS or not
	known   map[string]struct{} // catalogs and schemas that exist
}

var _ compiler.ShellCatalog = (*Shell)(nil)

// OpenShell opens a shell catalog. Nothing is read or written but extensions that are
// installed already.
func OpenShell(ctx context.Context, options ShellOptions) (*Shell, error) {
	db, err := options.Spare.take()
	if db == nil && err == nil {
		db, err = Open(ctx, shellDatabase)
	}
	if err != nil {
		return nil, err
	}
	s := &Shell{db: db, slots: make(chan struct{}, runtime.GOMAXPROCS(0)), known: map[string]struct{}{}, kinds: map[string]string{}}
	if err := s.setUp(ctx, options); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func (s *Shell) setUp(ctx context.Context, options ShellOptions) error {
	session, err := s.db.open(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	if dir := options.ExtensionDirectory; dir != "" {
		if _, err := session.Exec(ctx, "SET GLOBAL extension_directory = "+project.QuoteString(dir)); err != nil {
			return err
		}
	}
	for _, extension := range options.Extensions {
		if _, err := session.Exec(ctx, "LOAD "+project.QuoteIdent(extension.Name)); err != nil {
			s.miss("extension " + extension.Name)
		}
	}
	database, schema := options.Database, options.Schema
	if database == "" {
		database = "memory"
	}
	if schema == "" {
		schema = "main"
	}
	for _, name := range append([]string{database}, options.Attached...) {
		if _, err := session.Exec(ctx, "ATTACH IF NOT EXISTS ':memory:' AS "+project.QuoteIdent(name)); err != nil {
			return err
		}
	}
	for _, at := range options.Schemas {
		if err := s.place(ctx, session, at); err != nil {
			return err
		}
	}
	at := project.Relation{Database: database, Schema: schema}
	if err := s.place(ctx, session, at); err != nil {
		return err
	}
	s.use = "USE " + at.String()
	if _, err := session.Exec(ctx, s.use); err != nil {
		return err
	}
	set := setup{ctx: ctx, db: s.db, session: session}
	for _, setting := range options.Settings {
		if set.setting(setting); set.err != nil {
			s.miss("setting " + setting.Name)
			set.err = nil
		}
	}
	return nil
}

// Missing lists what the options asked for and is not here: "extension spatial". A query
// that needs it cannot be bound.
func (s *Shell) Missing() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.missing)
}

// Define makes an empty relation.
func (s *Shell) Define(ctx context.Context, rel project.Relation, columns []compiler.Column) error {
	return s.DefineAll(ctx, []compiler.ShellRelation{{Relation: rel, Columns: columns}})
}

// DefineAll makes empty relations.
func (s *Shell) DefineAll(ctx context.Context, shells []compiler.ShellRelation) error {
	session, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer s.give(session)
	for _, shell := range shells {
		if err := s.place(ctx, session, shell.Relation); err != nil {
			return err
		}
	}
	if len(shells) > 1 {
		if _, err := session.Exec(ctx, "BEGIN"); err != nil {
			return err
		}
	}
	for _, shell := range shells {
		if err = s.make(ctx, session, shell); err != nil {
			break
		}
	}
	if len(shells) > 1 {
		end := "COMMIT"
		if err != nil {
			end = "ROLLBACK"
		}
		_, failed := session.Exec(ctx, end)
		err = errors.Join(err, failed)
	}
	return err
}

// make makes one empty relation in place of what has its name.
func (s *Shell) make(ctx context.Context, session *Session, shell compiler.ShellRelation) error {
	sql, kind := shellSQL(shell)
	key := shell.Relation.Key()
	s.mu.Lock()
	before := s.kinds[key]
	s.kinds[key] = kind
	s.mu.Unlock()
	if before != "" && before != kind { // DuckDB does not replace a table by a view
		if _, err := session.Exec(ctx, "DROP "+before+" IF EXISTS "+shell.Relation.String()); err != nil {
			return err
		}
	}
	_, err := session.Exec(ctx, sql)
	return err
}

// shellSQL makes an empty relation, and says of which kind. A table cannot have a column of the type of `null`,
// which takes the type of whatever it meets; a view can.
func shellSQL(shell compiler.ShellRelation) (sql, kind string) {
	asView := slices.ContainsFunc(shell.Columns, func(c compiler.Column) bool { return strings.Contains(c.Type, nullType) })
	var b strings.Builder
	if asView {
		b.WriteString("CREATE OR REPLACE VIEW " + shell.Relation.String() + " AS SELECT ")
		for i, c := range shell.Columns {
			b.WriteString([]string{"", ", "}[min(i, 1)] + "CAST(NULL AS " + c.Type + ") AS " + project.QuoteIdent(c.Name))
		}
		b.WriteString(" WHERE false")
		return b.String(), "VIEW"
	}
	b.WriteString("CREATE OR REPLACE TABLE " + shell.Relation.String() + " (")
	for i, c := range shell.Columns {
		b.WriteString([]string{"", ", "}[min(i, 1)] + project.QuoteIdent(c.Name) + " " + c.Type)
	}
	b.WriteString(")")
	return b.String(), "TABLE"
}

// nullType is the type of `null`.
const nullType = `"NULL"`

// Bind returns the columns of one SELECT. What is none, or is several statements, gives
// the error that it would give as the query of a view.
func (s *Shell) Bind(ctx context.Context, sql string) ([]compiler.Column, error) {
	session, err := s.take(ctx)
	if err != nil {
		return nil, err
	}
	defer s.give(session)
	columns, err := session.bound(ctx, sql)
	var failure *engine.Error
	if errors.Is(err, errNoQuery) {
		const before = "create view v as (\n"
		if columns, err = session.bound(ctx, before+sql+"\n)"); errors.As(err, &failure) {
			failure.SQL = sql
			failure.Position = min(max(failure.Position-len(before), -1), len(sql))
		}
	}
	return columns, err
}

// PivotWithoutIn is the message of the error about a query that cannot be bound without
// its data.
const PivotWithoutIn = "PIVOT without IN takes its columns from the data"

// changing are the first words of statements that change data and are written where a
// query is expected.
var changing = map[string]struct{}{"INSERT": {}, "UPDATE": {}, "DELETE": {}, "MERGE": {}, "COPY": {}, "DROP": {}, "ALTER": {}}

// errNoQuery says that a text is not exactly one query.
var errNoQuery = errors.New("this is not one query")

// bound prepares one query.
func (s *Session) bound(ctx context.Context, sql string) ([]compiler.Column, error) {
	s.use.Lock()
	defer s.use.Unlock()
	if at := strings.IndexByte(sql, 0); at >= 0 {
		return nil, &engine.Error{Kind: engine.Parser, Message: "the query holds a zero byte", SQL: sql, Position: at}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var statements mapping.ExtractedStatements
	count := mapping.ExtractStatements(s.conn, sql, &statements)
	defer func() { mapping.DestroyExtracted(&statements) }()
	switch {
	case count == 0:
		if message := mapping.ExtractStatementsError(statements); message != "" {
			return nil, statementError(sql, message)
		}
		return nil, errNoQuery
	case count > 1 && secondStatement(sql) >= 0:
		return nil, errNoQuery
	case count > 1:
		return nil, &engine.Error{Kind: engine.Other, Message: PivotWithoutIn, SQL: sql, Position: -1}
	}
	var prepared mapping.PreparedStatement
	defer func() { mapping.DestroyPrepare(&prepared) }()
	if mapping.PrepareExtractedStatement(s.conn, statements, 0, &prepared) == mapping.StateError {
		if _, known := changing[sqltoken.FirstKeyword(sql)]; known {
			return nil, errNoQuery
		}
		return nil, statementError(sql, mapping.PrepareError(prepared))
	}
	if mapping.PreparedStatementType(prepared) != mapping.StatementTypeSelect {
		return nil, errNoQuery
	}
	if mapping.NParams(prepared) > 0 {
		return nil, &engine.Error{Kind: engine.Binder, Message: parameterless, SQL: sql, Position: firstParameter(sql)}
	}
	columns := make([]compiler.Column, mapping.PreparedStatementColumnCount(prepared))
	names := engine.TableNames{}
	for i := range columns {
		at := mapping.IdxT(i)
		typ := s.db.colType(mapping.PreparedStatementColumnLogicalType(prepared, at))
		columns[i] = compiler.Column{Name: names.Next(mapping.PreparedStatementColumnName(prepared, at)), Type: typ.name}
	}
	return columns, nil
}

// Parameters prepares the query.
func (s *Shell) Parameters(ctx context.Context, sql string, n int) ([]string, error) {
	session, err := s.take(ctx)
	if err != nil {
		return nil, err
	}
	defer s.give(session)
	return session.parameters(ctx, sql, n)
}

func (s *Session) parameters(ctx context.Context, sql string, n int) ([]string, error) {
	s.use.Lock()
	defer s.use.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var statements mapping.ExtractedStatements
	count := mapping.ExtractStatements(s.conn, sql, &statements)
	defer func() { mapping.DestroyExtracted(&statements) }()
	if count != 1 {
		return nil, errNoQuery
	}
	var prepared mapping.PreparedStatement
	defer func() { mapping.DestroyPrepare(&prepared) }()
	if mapping.PrepareExtractedStatement(s.conn, statements, 0, &prepared) == mapping.StateError {
		return nil, statementError(sql, mapping.PrepareError(prepared))
	}
	types := make([]string, n)
	for i := range types {
		at := mapping.IdxT(i + 1)
		if mapping.ParamType(prepared, at) != mapping.TypeInvalid {
			types[i] = s.db.colType(mapping.ParamLogicalType(prepared, at)).name
		}
	}
	return types, nil
}

// WithNulls asks for the types by running the query, which has no rows to read.
func (s *Shell) WithNulls(ctx context.Context, sql string, columns []compiler.Column) ([]compiler.Column, error) {
	items := make([]string, len(columns))
	for i := range columns {
		items[i] = "typeof(any_value(c" + strconv.Itoa(i) + "))"
	}
	names := make([]string, len(columns))
	for i := range names {
		names[i] = "c" + strconv.Itoa(i)
	}
	table, err := s.Query(ctx, "select "+strings.Join(items, ", ")+" from (\n"+sqltoken.StripTrailing(sql)+"\n) as q ("+strings.Join(names, ", ")+")")
	if err != nil {
		return nil, err
	}
	out := slices.Clone(columns)
	for i := range out {
		if text, _ := table.Rows[0][i].(string); strings.Contains(text, nullType) {
			out[i].Type = text
		}
	}
	return out, nil
}

// BoundPlan returns the bound plan of one SELECT.
func (s *Shell) BoundPlan(ctx context.Context, sql string) (string, error) {
	session, err := s.take(ctx)
	if err != nil {
		return "", err
	}
	defer s.give(session)
	table, err := session.Query(ctx, "SELECT json_serialize_plan("+project.QuoteString(sql)+", skip_null := true, skip_empty := true)")
	if err != nil {
		return "", err
	}
	text, _ := table.Rows[0][0].(string)
	return text, nil
}

// Apply runs one statement.
func (s *Shell) Apply(ctx context.Context, sql string) error {
	session, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer s.give(session)
	_, err = session.Exec(ctx, sql)
	return err
}

// Try runs one statement and undoes it.
func (s *Shell) Try(ctx context.Context, sql string) error {
	session, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer s.give(session)
	if _, err := session.Exec(ctx, "begin transaction"); err != nil {
		return err
	}
	_, err = session.Exec(ctx, sql)
	_, undone := session.Exec(context.WithoutCancel(ctx), "rollback")
	return errors.Join(err, undone)
}

// DefineFunction makes a table function.
func (s *Shell) DefineFunction(ctx context.Context, rel project.Relation, parameters []string, query string) error {
	session, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer s.give(session)
	if err := s.place(ctx, session, rel); err != nil {
		return err
	}
	before := "create or replace macro " + rel.String() + "(" + strings.Join(parameters, ", ") + ") as table (\n"
	_, err = session.Exec(ctx, before+query+"\n)")
	if failure := (*engine.Error)(nil); errors.As(err, &failure) {
		failure.SQL = query
		failure.Position = min(max(failure.Position-len(before), -1), len(query))
	}
	return err
}

// Query runs one statement, as for what a table function says of a file.
func (s *Shell) Query(ctx context.Context, sql string) (*engine.Table, error) {
	session, err := s.take(ctx)
	if err != nil {
		return nil, err
	}
	defer s.give(session)
	return session.Query(ctx, sql)
}

// Close closes the database.
func (s *Shell) Close() error {
	s.mu.Lock()
	s.idle = nil
	s.mu.Unlock()
	return s.db.Close()
}

// place makes the catalog and the schema of a relation where they are not there.
func (s *Shell) place(ctx context.Context, session *Session, rel project.Relation) error {
	schema := project.Relation{Database: rel.Database, Schema: rel.Schema}
	s.placing.Lock()
	defer s.placing.Unlock()
	for _, at := range []struct{ key, sql string }{
		{strings.ToLower(rel.Database), "ATTACH IF NOT EXISTS ':memory:' AS " + project.QuoteIdent(rel.Database)},
		{schema.Key(), "CREATE SCHEMA IF NOT EXISTS " + schema.String()},
	} {
		if rel.Database == "" || at.key == schema.Key() && rel.Schema == "" {
			continue
		}
		if _, known := s.known[at.key]; known {
			continue
		}
		if _, err := session.Exec(ctx, at.sql); err != nil {
			return err
		}
		s.known[at.key] = struct{}{}
	}
	return nil
}

// take returns a session of the pool, waiting for one where all are in use.
func (s *Shell) take(ctx context.Context) (*Session, error) {
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.mu.Lock()
	if n := len(s.idle); n > 0 {
		session := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		return session, nil
	}
	s.mu.Unlock()
	session, err := s.session(ctx)
	if err != nil {
		<-s.slots
		return nil, err
	}
	return session, nil
}

// session opens a session and sets it up. Settings come last: search_path counts for
// more than the default catalog and schema.
func (s *Shell) session(ctx context.Context) (*Session, error) {
	session, err := s.db.open(ctx)
	if err != nil {
		return nil, err
	}
	// A bound query is all that is wanted, and optimizing takes half the time.
	for _, sql := range []string{s.use, "PRAGMA disable_optimizer"} {
		if _, err := session.Exec(ctx, sql); err != nil {
			return nil, errors.Join(err, session.Close())
		}
	}
	for _, sql := range s.db.local {
		if _, err := session.Exec(ctx, sql); err != nil {
			s.miss(strings.TrimPrefix(sql, "SET SESSION "))
		}
	}
	return session, nil
}

// miss notes what could not be set up.
func (s *Shell) miss(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.missing, what) {
		s.missing = append(s.missing, what)
	}
}

func (s *Shell) give(session *Session) {
	s.mu.Lock()
	s.idle = append(s.idle, session)
	s.mu.Unlock()
	<-s.slots
}
