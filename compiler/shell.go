package compiler

import (
	"context"

	"elt/compiler/dbtcontext"
	"elt/compiler/project"
)

// Column is a column's name and its type as DuckDB writes it: "DECIMAL(18,2)". A
// column of `null` has the type `"NULL"`.
type Column = dbtcontext.Column

// ShellCatalog is a database that holds no rows: an empty relation for each source,
// seed and model. Queries are bound against it, so that their errors and the types of
// their columns are known before any data is read. [Plan.Bind] fills it in graph order.
//
// It is safe for concurrent use.
type ShellCatalog interface {
	// Define makes an empty relation, with its database and schema where they are
	// missing. One that is there under that name is replaced. An error is about a type
	// that the database does not know.
	Define(ctx context.Context, rel project.Relation, columns []Column) error
	// DefineAll is Define of many relations, for less.
	DefineAll(ctx context.Context, shells []ShellRelation) error
	// Bind returns the columns of one SELECT, or what is wrong with it. Nothing is run.
	Bind(ctx context.Context, sql string) ([]Column, error)
	// Further returns what is wrong with a query beside an error of Bind, each as Bind would
	// give it. What may only follow from an earlier mistake is left out.
	Further(ctx context.Context, sql string, first error) []error
	// Parameters returns the types that the parameters $1 to $n of one SELECT have to be of
	// by what stands around them, "" where nothing is known: of all of them, if one may be of
	// any type.
	Parameters(ctx context.Context, sql string, n int) ([]string, error)
	// WithNulls returns the columns of a query that Bind has bound, with the type of null
	// (`"NULL"`) where Bind says INTEGER because nothing else is known: to whoever reads
	// the query as a view, such a column goes with any type.
	WithNulls(ctx context.Context, sql string, columns []Column) ([]Column, error)
	// BoundPlan returns DuckDB's logical plan of one SELECT, bound and not optimized, as
	// json_serialize_plan writes it. Names of relations in it are those of the shells.
	BoundPlan(ctx context.Context, sql string) (string, error)
	// Apply runs a statement that makes something queries may name: a macro, a type, a
	// setting.
	Apply(ctx context.Context, sql string) error
	// DefineFunction makes a table function, of a query that names its parameters. What is wrong
	// with the query is found then, and placed in it.
	DefineFunction(ctx context.Context, rel project.Relation, parameters []string, query string) error
	// Close gives the memory back.
	Close() error
}

// ShellRelation is an empty relation to be made.
type ShellRelation struct {
	Relation project.Relation
	Columns  []Column
}
