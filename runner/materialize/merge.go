package materialize

import (
	"fmt"
	"slices"
	"strings"

	"elt/compiler/project"
	"elt/runner/engine"
)

// Merge holds the options of the merge strategy, by dbt-duckdb's names.
// merge_returning_columns is accepted and without effect: nobody reads what such a
// statement returns, under dbt neither.
type Merge struct {
	UpdateColumns   []string    // merge_update_columns
	ExcludeColumns  []string    // merge_exclude_columns
	UpdateCondition string      // merge_update_condition
	InsertCondition string      // merge_insert_condition
	OnUsingColumns  []string    // merge_on_using_columns
	SetExpressions  []SetClause // merge_update_set_expressions, in their order
	Clauses         *Clauses    // merge_clauses; nil where not set
}

// SetClause assigns an SQL expression to a column.
type SetClause struct{ Column, Expression string }

// mergeSQL is the MERGE statement.
func (c *change) mergeSQL(rel project.Relation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "merge into %s as %s\nusing %s as %s\non %s",
		rel, mergeTarget, c.newRows(), mergeSource, c.mergeCondition())
	if c.spec.Merge.Clauses != nil {
		c.writeClauses(&b)
		return b.String()
	}
	if sets := c.assignments(); len(sets) > 0 {
		fmt.Fprintf(&b, "\nwhen matched%s then update set %s", and(c.spec.Merge.UpdateCondition), joinSets(sets))
	}
	fmt.Fprintf(&b, "\nwhen not matched%s then insert (%s) values (%s)",
		and(c.spec.Merge.InsertCondition), names(c.insert), qualified(mergeSource, c.insert))
	return b.String()
}

func and(condition string) string {
	if condition == "" {
		return ""
	}
	return " and (" + condition + ")"
}

func joinSets(sets []SetClause) string {
	out := make([]string, len(sets))
	for i, s := range sets {
		out[i] = project.QuoteIdent(s.Column) + " = " + s.Expression
	}
	return strings.Join(out, ", ")
}

func qualified(alias string, columns []engine.Column) string {
	out := make([]string, len(columns))
	for i, col := range columns {
		out[i] = alias + "." + project.QuoteIdent(col.Name)
	}
	return strings.Join(out, ", ")
}

// mergeCondition is the ON condition: the keys compared NULL-safe, and the
// predicates. Without a key nothing matches, as under dbt.
func (c *change) mergeCondition() string {
	var parts []string
	for _, k := range c.spec.mergeKeys() {
		name := expression(k, c.target)
		parts = append(parts, fmt.Sprintf("%s.%s %s %s.%s", mergeSource, name, c.spec.equals(), mergeTarget, name))
	}
	if len(parts) == 0 {
		parts = append(parts, "false")
	}
	for _, p := range c.spec.Predicates {
		parts = append(parts, "("+p+")")
	}
	return strings.Join(parts, " and ")
}

// assignments are what a matched row is set to. Keys are equal already, so they are
// set only where somebody names them.
func (c *change) assignments() []SetClause {
	m := c.spec.Merge
	out := make([]SetClause, 0, len(c.insert))
	for _, set := range m.SetExpressions {
		name, _ := columnName(set.Column, c.target)
		out = append(out, SetClause{Column: name, Expression: set.Expression})
	}
	for _, col := range c.insert {
		switch {
		case slices.ContainsFunc(out, func(s SetClause) bool { return strings.EqualFold(s.Column, col.Name) }):
		case len(m.UpdateColumns) > 0 && !c.names(m.UpdateColumns, col):
		case c.names(m.ExcludeColumns, col):
		case len(m.UpdateColumns) == 0 && c.names(c.spec.mergeKeys(), col):
		default:
			out = append(out, SetClause{Column: col.Name, Expression: mergeSource + "." + project.QuoteIdent(col.Name)})
		}
	}
	return out
}

// names reports whether a list of config texts names a column.
func (c *change) names(texts []string, col engine.Column) bool {
	return slices.ContainsFunc(texts, func(text string) bool {
		name, ok := columnName(text, c.target)
		return ok && strings.EqualFold(name, col.Name)
	})
}

// mergeView shows the table after the merge: old rows with what a matching new row
// sets, then the new rows that match none. The keys of the delta are unique (there is
// a check for that), so the join repeats no row.
func (c *change) mergeView() string { return c.merged("left ") }

// merged is mergeView with the old rows joined in a way: without "left " those only that a
// new row matches.
func (c *change) merged(join string) string {
	m := c.spec.Merge
	sets := c.assignments()
	items := make([]string, len(c.target))
	for i, col := range c.target {
		name := project.QuoteIdent(col.Name)
		items[i] = mergeTarget + "." + name
		at := slices.IndexFunc(sets, func(s SetClause) bool { return strings.EqualFold(s.Column, col.Name) })
		if at >= 0 {
			items[i] = fmt.Sprintf("case when %s._elt_matched%s then cast(%s as %s) else %s.%s end as %s",
				mergeSource, and(m.UpdateCondition), sets[at].Expression, col.Type, mergeTarget, name, name)
		}
	}
	insertWhere := ""
	if m.InsertCondition != "" {
		insertWhere = "\nwhere (" + m.InsertCondition + ")"
	}
	return fmt.Sprintf(`select %s
from %s as %s
%sjoin (select *, true as _elt_matched from %s) as %s on %s
union all
select %s
from %s as %s
anti join %s as %s on %s%s`,
		strings.Join(items, ", "), c.oldRows(), mergeTarget, join, c.newRows(), mergeSource, c.mergeCondition(),
		c.newItems(mergeSource+"."), c.newRows(), mergeSource, c.oldRows(), mergeTarget, c.mergeCondition(), insertWhere)
}
