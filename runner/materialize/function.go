package materialize

import (
	"fmt"
	"strings"

	"elt/compiler/project"
)

// IsText reports whether there is nothing but a text in the database: a view, or a table function.
func (s *Spec) IsText() bool { return s.Materialized == View || s.Materialized == Function }

// endFunction publishes a table function. It has no candidate on disk, as a view has none:
// inside the run its readers call a function of the same text.
//
// Unlike those of a view, names in its text that say no catalog are looked up where it is called from,
// so the text keeps its catalog.
func endFunction(spec *Spec, state State) Finish {
	f := Finish{AsView: trimQuery(spec.SQL)}
	if state.Existing != nil { // a table or a view, which is of another kind and would stay
		f.Publish = append(f.Publish, dropExisting(spec.Published, state))
	}
	f.Publish = append(f.Publish, FunctionSQL(spec.Published, spec.Parameters, f.AsView))
	return f
}

// FunctionSQL is the statement that makes a table function, as dbt-duckdb does.
func FunctionSQL(name project.Relation, parameters []string, query string) string {
	return FunctionHead(name, parameters) + query + "\n)"
}

// FunctionHead is [FunctionSQL] up to the query.
func FunctionHead(name project.Relation, parameters []string) string {
	at := project.Relation{Database: name.Database, Schema: name.Schema, Identifier: name.Identifier}
	return fmt.Sprintf("create or replace macro %s(%s) as table (\n", at, strings.Join(parameters, ", "))
}
