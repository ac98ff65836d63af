package materialize

import (
	"fmt"
	"strings"

	"elt/compiler/project"
	"elt/runner/engine"
)

// Clauses are the when_matched and when_not_matched lists of merge_clauses.
type Clauses struct{ Matched, NotMatched []Clause }

// Clause is one WHEN clause of merge_clauses.
type Clause struct {
	Action     string   // update, insert, delete, do_nothing or error
	Mode       string   // by_name, by_position, star or explicit
	By         string   // "source" or "target" of WHEN NOT MATCHED, or ""
	Conditions []string // all of them must hold
	Include    []string // update.include
	Exclude    []string // update.exclude
	Set        []SetClause
	Columns    []string // insert.columns
	Values     []string // insert.values: SQL expressions
	Message    string   // error_message
}

// writeClauses writes the WHEN clauses. What dbt-duckdb leaves to BY NAME and * is
// said by column, so that columns the table does not have are left out under
// on_schema_change: ignore.
func (c *change) writeClauses(b *strings.Builder) {
	for _, w := range c.spec.Merge.Clauses.Matched {
		fmt.Fprintf(b, "\nwhen matched%s then ", and(strings.Join(w.Conditions, ") and (")))
		c.writeAction(b, w)
	}
	for _, w := range c.spec.Merge.Clauses.NotMatched {
		b.WriteString("\nwhen not matched")
		if w.By != "" {
			b.WriteString(" by " + w.By)
		}
		fmt.Fprintf(b, "%s then ", and(strings.Join(w.Conditions, ") and (")))
		c.writeAction(b, w)
	}
}

func (c *change) writeAction(b *strings.Builder, w Clause) {
	switch w.Action {
	case "update":
		c.writeUpdate(b, w)
	case "insert":
		c.writeInsert(b, w)
	case "delete":
		b.WriteString("delete")
	case "do_nothing":
		b.WriteString("do nothing")
	case "error":
		b.WriteString("error")
		if w.Message != "" {
			b.WriteString(" " + project.QuoteString(w.Message))
		}
	}
}

func (c *change) writeUpdate(b *strings.Builder, w Clause) {
	if w.Mode == "by_position" {
		b.WriteString("update by position")
		return
	}
	var sets []SetClause
	for _, s := range w.Set {
		name, _ := columnName(s.Column, c.target)
		sets = append(sets, SetClause{Column: name, Expression: s.Expression})
	}
	for _, col := range c.insert {
		switch {
		case w.By == "source": // there is no row of the delta to take values from
		case contains(sets, col.Name):
		case len(w.Include) > 0 && !c.names(w.Include, col):
		case c.names(w.Exclude, col):
		default:
			sets = append(sets, SetClause{Column: col.Name, Expression: mergeSource + "." + project.QuoteIdent(col.Name)})
		}
	}
	b.WriteString("update set " + joinSets(sets))
}

func contains(sets []SetClause, name string) bool {
	for _, s := range sets {
		if strings.EqualFold(s.Column, name) {
			return true
		}
	}
	return false
}

func (c *change) writeInsert(b *strings.Builder, w Clause) {
	switch w.Mode {
	case "by_position":
		b.WriteString("insert by position")
	case "explicit":
		columns := make([]engine.Column, len(w.Columns))
		for i, text := range w.Columns {
			columns[i].Name, _ = columnName(text, c.target)
		}
		fmt.Fprintf(b, "insert (%s) values (%s)", names(columns), strings.Join(w.Values, ", "))
	default:
		fmt.Fprintf(b, "insert (%s) values (%s)", names(c.insert), qualified(mergeSource, c.insert))
	}
}
