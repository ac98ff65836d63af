package materialize

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"elt/compiler/project"
	"elt/runner/engine"
)

// beginTable makes the whole relation under the candidate's name.
func beginTable(spec *Spec) ([]Statement, []Check) {
	return []Statement{createAs(spec.Candidate, spec.SQL)}, uniqueChecks(spec)
}

// endTable publishes a candidate that holds the whole relation.
func endTable(spec *Spec, state State, columns []engine.Column) (Finish, error) {
	if err := checkContract(spec, columns); err != nil {
		return Finish{}, err
	}
	return Finish{
		Publish: swap(spec, state),
		Indexes: createIndexes(spec),
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

// createAs is CREATE TABLE ... AS with the query on lines of its own, so that a
// comment at its end does not swallow the parenthesis.
func createAs(rel project.Relation, query string) Statement {
	return around(fmt.Sprintf("create table %s as (\n", rel), query, "\n)")
}

// around is a statement that holds the model's query.
func around(before, query, after string) Statement {
	return Statement{SQL: before + trimQuery(query) + after, Query: len(before)}
}

// plain is a statement that does not hold the model's query.
func plain(format string, args ...any) Statement {
	return Statement{SQL: fmt.Sprintf(format, args...), Query: -1}
}

// trimQuery removes white space and semicolons at the end of a query. The beginning
// stays as it is, so that offsets do.
func trimQuery(query string) string { return strings.TrimRight(query, " \t\r\n;") }

// createIndexes creates the configured indexes of the published relation.
func createIndexes(spec *Spec) []string {
	var out []string
	for _, ix := range spec.Indexes {
		unique := ""
		if ix.Unique {
			unique = "unique "
		}
		out = append(out, fmt.Sprintf("create %sindex if not exists %s on %s (%s)",
			unique, project.QuoteIdent(indexName(spec.Published, ix)), spec.Published, quoteAll(ix.Columns)))
	}
	return out
}

// indexName is the same for the same relation and index, so that runs can be
// compared and an index is recognised as elt's own.
func indexName(rel project.Relation, ix Index) string {
	text := fmt.Sprintf("%s\x00%t\x00%s", rel.Key(), ix.Unique, strings.Join(ix.Columns, "\x00"))
	sum := sha256.Sum256([]byte(text))
	return "elt_ix_" + hex.EncodeToString(sum[:8])
}

// quoteAll quotes names and joins them.
func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = project.QuoteIdent(n)
	}
	return strings.Join(quoted, ", ")
}
