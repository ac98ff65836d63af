package materialize

import "elt/runner/engine"

// Merge holds the options of the merge strategy, by dbt-duckdb's names.
type Merge struct {
	UpdateColumns   []string    // merge_update_columns
	ExcludeColumns  []string    // merge_exclude_columns
	UpdateCondition string      // merge_update_condition
	InsertCondition string      // merge_insert_condition
	OnUsingColumns  []string    // merge_on_using_columns
	SetExpressions  []SetClause // merge_update_set_expressions, in their order
	Returning       []string    // merge_returning_columns
	Clauses         *Clauses    // merge_clauses; nil where not set
}

// SetClause assigns an SQL expression to a column.
type SetClause struct{ Column, Expression string }

// Clauses are the when_matched and when_not_matched lists of merge_clauses.
type Clauses struct{ Matched, NotMatched []Clause }

// Clause is one WHEN clause of merge_clauses.
type Clause struct{}

func beginIncremental(spec *Spec, state State) Write {
	st, checks := beginTable(spec)
	return Write{Header: spec.Header, Statements: st, Checks: checks, Made: spec.Candidate}
}

func endIncremental(spec *Spec, state State, columns []engine.Column) (Finish, error) {
	return endTable(spec, state, columns)
}
