// Package engine says what the runner needs of a database: sessions that run one
// statement at a time, a catalog, and errors that hold facts.
//
// It holds interfaces and plain types only, so that the scheduler, the
// materializations, the checks and the state can be read and tested without
// knowing the driver. Package runner/duckdb implements it.
package engine

import (
	"context"
	"fmt"

	"elt/compiler/project"
)

// Engine is an open database. It is safe for concurrent use.
type Engine interface {
	// Session returns a new session with a connection of its own. The caller
	// closes it. Sessions share the database but not transactions.
	Session(ctx context.Context) (Session, error)
	// Database is the name of the catalog that holds the project's relations.
	Database() string
	// Interrupt cancels every statement that is running now.
	Interrupt()
	// Close closes all sessions and the database.
	Close() error
}

// Session is one connection. It is used by one goroutine at a time.
type Session interface {
	// Exec runs exactly one statement. When ctx ends, the statement is cancelled.
	// Errors of the database are *Error.
	Exec(ctx context.Context, sql string) (Result, error)
	// Query runs exactly one statement and reads its whole result into memory.
	Query(ctx context.Context, sql string) (*Table, error)
	// Close closes the connection; an open transaction is rolled back.
	Close() error
}

// Describer is a session that can tell a query's columns without running it.
type Describer interface {
	// Describe returns the columns of a query as a table made of it would have them.
	Describe(ctx context.Context, sql string) ([]Column, error)
}

// SyntaxChecker is a session that can parse a statement without running it.
type SyntaxChecker interface {
	// CheckSyntax returns an *Error of kind Parser where sql is not exactly one statement.
	// Nothing is looked up: what the statement names need not be there.
	CheckSyntax(ctx context.Context, sql string) error
}

// Streamer is a session that can hand out a long result row by row.
type Streamer interface {
	// QueryStream runs one statement and calls fn for each row. The row is fn's to keep.
	// An error of fn ends the query and is returned.
	QueryStream(ctx context.Context, sql string, fn func(columns []Column, row []any) error) error
}

// Result is what a statement that returns no rows has done.
type Result struct {
	Rows int64 // rows inserted, deleted, updated or created; -1 where DuckDB does not say
}

// Column is a column of a result or a relation.
type Column struct {
	Name string
	Type string // DuckDB's name of the type: "DECIMAL(18,2)", "STRUCT(a INTEGER)"
}

// Table is a result in memory. A cell is nil, bool, int64, *big.Int, float64, string,
// time.Time (dates and timestamps, UTC), []byte, or one of this package's types;
// Text renders any of them as DuckDB's command line would.
//
// An integer of whatever type is an int64 where it fits and a *big.Int where it does
// not. UUID, ENUM, JSON, BIT and GEOMETRY (as WKT) are strings, and so are the dates
// and timestamps "infinity" and "-infinity".
type Table struct {
	Columns []Column
	Rows    [][]any
}

// Kind is the kind of an engine error.
type Kind string

// The kinds the runner treats differently.
const (
	Parser      Kind = "parser"
	Binder      Kind = "binder"
	Catalog     Kind = "catalog"
	Conversion  Kind = "conversion"
	Input       Kind = "input" // what a function cannot take, and what a query raises itself
	Constraint  Kind = "constraint"
	Transaction Kind = "transaction"
	IO          Kind = "io" // also a full disk
	OutOfMemory Kind = "out-of-memory"
	Interrupted Kind = "interrupted"
	Fatal       Kind = "fatal" // the database is unusable until it is closed and opened again
	Other       Kind = "other"
)

// Error is an error of the database about one statement.
type Error struct {
	Kind       Kind
	Message    string // in elt's words where the message is a frequent one; without DuckDB's prefix ("Binder Error: "), candidates and LINE lines
	Hint       string // what to do, where the message is a frequent one
	Subtype    string // DuckDB's error_subtype, such as "COLUMN_NOT_FOUND", or ""
	Name       string // the name the error is about, or ""
	Candidates []string
	SQL        string // the statement sent
	Position   int    // byte offset in SQL, or -1
	// File, Line and ColumnName say where in a raw file a value could not be read.
	File       string
	Line       int64
	ColumnName string
	Text       string // the offending text of that file, or ""
	Original   string // DuckDB's own message, of which Message is made
	Err        error  // the driver's error
}

// Error returns DuckDB's kind and message.
func (e *Error) Error() string { return fmt.Sprintf("%s error: %s", e.Kind, e.Message) }

// Unwrap returns the driver's error.
func (e *Error) Unwrap() error { return e.Err }

// RelationInfo is a relation that exists in the database.
type RelationInfo struct {
	project.Relation
	Columns    []Column
	HasIndexes bool
	ViewSQL    string // of a view: the query behind CREATE VIEW ... AS
}
