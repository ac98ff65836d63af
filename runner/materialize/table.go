package materialize

import (
	"fmt"

	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
)

// endTable publishes a candidate that holds the whole relation.
func endTable(spec *Spec, state State, columns []engine.Column) (Finish, error) {
	if err := checkIndexes(spec, columns); err != nil {
		return Finish{}, err
	}
	return Finish{
		Checks:  append(uniqueChecks(spec, spec.Candidate.String(), columns), indexProbes(spec, columns)...),
		Publish: swap(spec, state),
		Indexes: createIndexes(spec, columns),
		Columns: columns,
	}, nil
}

// swap replaces what is published by the candidate. The candidate has no index at
// that time, since DuckDB refuses to rename a table that has one.
func swap(spec *Spec, state State) []string {
	var out []string
	if drop := dropExisting(spec.Published, state); drop != "" {
		out = append(out, drop)
	}
	return append(out, fmt.Sprintf("alter table %s rename to %s",
		spec.Candidate, project.QuoteIdent(spec.Published.Identifier)))
}

// dropExisting drops the published relation by its kind: DuckDB's IF EXISTS does not
// help against a view where a table is expected.
func dropExisting(rel project.Relation, state State) string {
	switch {
	case state.Existing == nil:
		return ""
	case state.IsTable():
		return fmt.Sprintf("drop table %s", rel)
	}
	return fmt.Sprintf("drop view %s", rel)
}

// Dropped is the end of a node whose relation its own hook has dropped: publishing it drops
// what is published.
func (s *Spec) Dropped(state State) Finish {
	if drop := dropExisting(s.Published, state); drop != "" {
		return Finish{Publish: []string{drop}}
	}
	return Finish{}
}

// around is a statement that holds the model's query.
func around(before, query, after string) Statement {
	return Statement{SQL: before + trimQuery(query) + after, Query: len(before)}
}

// plain is a statement that does not hold the model's query.
func plain(format string, args ...any) Statement {
	return Statement{SQL: fmt.Sprintf(format, args...), Query: -1}
}

// trimQuery removes what follows the last token of a query that is not a semicolon,
// so that nothing there swallows a parenthesis. The beginning stays as it is, so that
// offsets do.
func trimQuery(query string) string { return sqltoken.StripTrailing(query) }
