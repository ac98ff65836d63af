// Package dbtcontext holds everything a template of a dbt project can call: ref,
// source, config, var, env_var, this, target, adapter, api, exceptions, modules,
// the built-in macros and the rest of dbt's context.
//
// One [Project] serves all renderings of a project; [Project.Scope] gives the names
// for one rendering, which asks its [Host] whatever depends on the node. Built-in
// macros are .sql files in builtin/, written from dbt's documented behaviour. The
// package opens nothing: the database comes in through [Database].
package dbtcontext

import (
	"context"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// Host answers what depends on the node that is being rendered. Its methods are
// called by one goroutine.
type Host interface {
	// Ref resolves ref(); the answer is what the call prints. While parsing it may
	// answer with the node's own relation, as dbt does.
	Ref(call project.RefCall) (project.Relation, error)
	// Source resolves source(). expression is the FROM item of a source that reads
	// files ("read_csv(...)" or a location), else "" and the relation counts.
	Source(call project.SourceCall) (rel project.Relation, expression string, err error)
	// Config takes the arguments of config(...). at are the places of its keys in their order, none
	// where they have none of their own.
	Config(values *template.Dict, place diag.Place, at []project.KeyPlace) error
	// ConfigGet reads the node's config; while parsing, what is known so far.
	ConfigGet(key string) (template.Value, bool)
	// This is the node's own published relation.
	This() project.Relation
	// IsIncremental answers is_incremental() by dbt's rule; false while parsing.
	IsIncremental() bool
	// Node is the node rendered, or nil for an inline query or a project hook.
	Node() *project.Node
	// Execute is dbt's execute: false while parsing.
	Execute() bool
	// Database is nil while parsing; then run_query and adapter calls answer empty.
	Database() Database
}

// Database is what templates may ask the database. Names are published names; of a
// node of this run that has been built it answers with the candidate. Methods are
// safe for concurrent use. An answer that only a parent's build can give is
// [ErrDeferred]; the compiler then renders the node again when its parents are built.
type Database interface {
	// Relation returns the relation with its type where it exists.
	Relation(ctx context.Context, rel project.Relation) (project.Relation, bool, error)
	// Relations lists a schema.
	Relations(ctx context.Context, database, schema string) ([]project.Relation, error)
	// Columns returns a relation's columns, none where it does not exist.
	Columns(ctx context.Context, rel project.Relation) ([]Column, error)
	// Query runs one statement of a template (run_query, statement, adapter.execute).
	Query(ctx context.Context, sql string) (*Table, error)
}

// HookDatabase is what a [Database] may be beside its methods: one that knows how the templates
// of a node's hooks differ from its query. A hook is rendered with ForHook's answer ahead of the build;
// [ErrDeferred] then puts off that hook alone, not its node.
type HookDatabase interface {
	// ForHook is the database for hooks; after says that they run when the node's relation is there.
	ForHook(after bool) Database
}

// SeedDatabase is what a [Database] may be beside its methods while a seed is made by macros: one that
// knows the rows of its file.
type SeedDatabase interface {
	// SeedRows are the rows of the seed's file, with values as agate reads them. A column whose type is "Text"
	// is text whatever is in it.
	SeedRows() (*Table, error)
}

// Column is a column of a relation.
type Column struct{ Name, Type string }

// Table is the result of a query made by a template. Cells are template values.
type Table struct {
	Columns []Column
	Rows    [][]template.Value
}

// Error is a sentinel error of this package.
type Error string

// Error returns the message.
func (e Error) Error() string { return string(e) }

// ErrDeferred says that the answer has to wait until the node's parents are built.
const ErrDeferred Error = "the answer depends on a relation that is not built yet"
