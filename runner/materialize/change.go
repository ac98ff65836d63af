package materialize

import (
	"fmt"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
)

// change is what one incremental run does to a table: the columns it will have, and
// the rows of the delta in terms of them.
type change struct {
	spec   *Spec
	delta  project.Relation
	source []engine.Column // of the delta
	// state of the published table
	old     []engine.Column
	indexes []ExistingIndex

	target   []engine.Column // of the table as it will be, in order
	added    []engine.Column // in target, not in old
	removed  []engine.Column // in old, not in target
	altered  []engine.Column // in both, of a new type
	insert   []engine.Column // of target, those that the delta fills
	warnings diag.List
}

// newChange compares the delta with the table, by dbt's rules for on_schema_change.
func newChange(spec *Spec, state State, delta project.Relation, source []engine.Column) (*change, error) {
	c := &change{spec: spec, delta: delta, source: source, old: state.Existing.Columns, indexes: state.Indexes}
	onlyNew := missingFrom(c.old, source)
	onlyOld := missingFrom(source, c.old)
	retyped := retypedIn(source, c.old)
	switch spec.OnSchemaChange {
	case FailOnChange:
		if len(onlyNew)+len(onlyOld)+len(retyped) > 0 {
			return nil, c.refuse(onlyNew, onlyOld, retyped)
		}
	case AppendNew:
		c.added = onlyNew
	case SyncAll:
		c.added, c.removed, c.altered = onlyNew, onlyOld, retyped
	default:
		if err := c.ignore(onlyNew, onlyOld); err != nil {
			return nil, err
		}
	}
	c.target = c.targetColumns()
	if err := c.checkTable(); err != nil {
		return nil, err
	}
	for _, col := range c.target {
		if _, ok := find(source, col.Name); ok {
			c.insert = append(c.insert, col)
		}
	}
	return c, nil
}

// ignore is on_schema_change: ignore. New columns are left out. A column that the
// query no longer has stops all strategies but merge, as under dbt.
func (c *change) ignore(onlyNew, onlyOld []engine.Column) error {
	if len(onlyOld) > 0 && c.spec.Strategy != MergeInto && !c.spec.Macro {
		d := diag.New(diag.SchemaChange, c.spec.place("on_schema_change"),
			"the query of %q no longer returns %s", c.spec.Published.Identifier, columnNames(onlyOld))
		d.Node = c.spec.Node
		d.Hint = "rebuild the table with --full-refresh, or set on_schema_change to append_new_columns or sync_all_columns"
		return diag.List{d}
	}
	if len(onlyNew) > 0 {
		d := diag.Warn(diag.SchemaChange, c.spec.place("on_schema_change"),
			"the query of %q returns %s, which its table does not have", c.spec.Published.Identifier, columnNames(onlyNew))
		d.Node = c.spec.Node
		d.Hint = "on_schema_change: ignore leaves new columns out; append_new_columns adds them"
		c.warnings = append(c.warnings, d)
	}
	return nil
}

// refuse is on_schema_change: fail.
func (c *change) refuse(onlyNew, onlyOld, retyped []engine.Column) error {
	d := diag.New(diag.SchemaChange, c.spec.place("on_schema_change"),
		"the columns of %q differ from its table", c.spec.Published.Identifier)
	d.Node = c.spec.Node
	if len(onlyNew) > 0 {
		d.WithNote(diag.Place{}, "only in the query: %s", columnNames(onlyNew))
	}
	if len(onlyOld) > 0 {
		d.WithNote(diag.Place{}, "only in the table: %s", columnNames(onlyOld))
	}
	for _, col := range retyped {
		was, _ := find(c.old, col.Name)
		d.WithNote(diag.Place{}, "%q is %s in the query and %s in the table", col.Name, col.Type, was.Type)
	}
	d.Hint = "rebuild the table with --full-refresh, or set on_schema_change to append_new_columns or sync_all_columns"
	return diag.List{d}
}

// targetColumns are the columns after ALTER TABLE, in DuckDB's order.
func (c *change) targetColumns() []engine.Column {
	var out []engine.Column
	for _, col := range c.old {
		if _, gone := find(c.removed, col.Name); gone {
			continue
		}
		if now, ok := find(c.altered, col.Name); ok {
			col.Type = now.Type
		}
		out = append(out, col)
	}
	return append(out, c.added...)
}

// alters are the ALTER statements that give rel the target's columns. Columns are
// added first, so that a table never loses its last one.
func (c *change) alters(rel project.Relation) []string {
	var out []string
	for _, col := range c.added {
		out = append(out, fmt.Sprintf("alter table %s add column %s %s", rel, project.QuoteIdent(col.Name), col.Type))
	}
	for _, col := range c.removed {
		out = append(out, fmt.Sprintf("alter table %s drop column %s", rel, project.QuoteIdent(col.Name)))
	}
	for _, col := range c.altered {
		out = append(out, fmt.Sprintf("alter table %s alter column %s set data type %s",
			rel, project.QuoteIdent(col.Name), col.Type))
	}
	return out
}

// checks find values that will not survive a change of type, before the publish
// transaction would stumble over them.
func (c *change) checks() []Check {
	var out []Check
	casts := c.casts()
	if c.spec.Macro { // which may put anything into a column
		casts = nil
	}
	for _, col := range casts {
		src, _ := find(c.source, col.Name)
		out = append(out, c.castCheck(c.delta, src, col.Type,
			"new rows of %q hold values of column %q that are no %s"))
	}
	for _, col := range c.altered {
		was, _ := find(c.old, col.Name)
		out = append(out, c.castCheck(c.spec.Published, was, col.Type,
			"the table of %q holds values of column %q that are no %s"))
	}
	return append(out, c.roundingChecks()...)
}

func (c *change) castCheck(rel project.Relation, col engine.Column, to, message string) Check {
	name := project.QuoteIdent(col.Name)
	return Check{
		SQL: fmt.Sprintf("select %s\nfrom %s\nwhere %s is not null and try_cast(%s as %s) is null\norder by all",
			name, rel, name, name, to),
		Code:    diag.SchemaChange,
		Message: fmt.Sprintf(message, c.spec.Published.Identifier, col.Name, to),
		Hint:    "cast the column in the query, or rebuild the table with --full-refresh",
		Place:   c.spec.place("on_schema_change"),
	}
}

// casts are the columns of the delta whose type is not the target's.
func (c *change) casts() []engine.Column { return retypedIn(c.insert, c.source) }

// newRows is the FROM item of the delta, with the target's types.
func (c *change) newRows() string {
	casts := c.casts()
	if len(casts) == 0 {
		return c.delta.String()
	}
	items := make([]string, len(casts))
	for i, col := range casts {
		name := project.QuoteIdent(col.Name)
		items[i] = fmt.Sprintf("cast(%s as %s) as %s", name, col.Type, name)
	}
	return fmt.Sprintf("(select * replace (%s) from %s)", strings.Join(items, ", "), c.delta)
}

// oldRows is the FROM item of the published table as ALTER TABLE will leave it.
func (c *change) oldRows() string {
	if len(c.added)+len(c.removed)+len(c.altered) == 0 {
		return c.spec.Published.String()
	}
	items := make([]string, len(c.target))
	for i, col := range c.target {
		name := project.QuoteIdent(col.Name)
		items[i] = name
		if _, ok := find(c.added, col.Name); ok {
			items[i] = fmt.Sprintf("cast(null as %s) as %s", col.Type, name)
		} else if _, ok := find(c.altered, col.Name); ok {
			items[i] = fmt.Sprintf("cast(%s as %s) as %s", name, col.Type, name)
		}
	}
	return fmt.Sprintf("(select %s from %s)", strings.Join(items, ", "), c.spec.Published)
}

// newItems are the select items of a new row, all columns of the target.
func (c *change) newItems(alias string) string {
	items := make([]string, len(c.target))
	for i, col := range c.target {
		items[i] = alias + project.QuoteIdent(col.Name)
		if _, ok := find(c.insert, col.Name); !ok {
			items[i] = fmt.Sprintf("cast(null as %s) as %s", col.Type, project.QuoteIdent(col.Name))
		}
	}
	return strings.Join(items, ", ")
}

// find looks a column up by name as DuckDB does: letter case does not count.
func find(columns []engine.Column, name string) (engine.Column, bool) {
	for _, c := range columns {
		if strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return engine.Column{}, false
}

// missingFrom returns the columns of b that a does not have.
func missingFrom(a, b []engine.Column) []engine.Column {
	var out []engine.Column
	for _, c := range b {
		if _, ok := find(a, c.Name); !ok {
			out = append(out, c)
		}
	}
	return out
}

// retypedIn returns the columns of a that b has with another type.
func retypedIn(a, b []engine.Column) []engine.Column {
	var out []engine.Column
	for _, c := range a {
		if other, ok := find(b, c.Name); ok && !strings.EqualFold(other.Type, c.Type) {
			out = append(out, c)
		}
	}
	return out
}

// names quotes the names of columns.
func names(columns []engine.Column) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = project.QuoteIdent(c.Name)
	}
	return strings.Join(out, ", ")
}

// columnNames lists columns for a message.
func columnNames(columns []engine.Column) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = fmt.Sprintf("%q", c.Name)
	}
	noun := "column "
	if len(out) > 1 {
		noun = "columns "
	}
	return noun + strings.Join(out, ", ")
}
