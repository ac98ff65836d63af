// Package unittest knows what a unit test's rows mean: which SELECT makes them, whether
// what came out is what was expected, and where the two differ.
//
// Everything here is pure: it writes SQL and compares results, and runs nothing. The
// runner makes a table of [Fixture.Select] for each input, runs the model's query on
// them, and hands both results to [Compare]. What is wrong with rows as they are written
// ([Fixture.Check]), and which cell DuckDB could not read ([Fixture.Casts]), is told at
// the cell's own place.
package unittest

import (
	"fmt"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
)

// Fixture is rows that stand for a relation.
type Fixture struct {
	Rows *project.UnitRows
	// Of is what the rows stand for, in messages: "ref('orders')", "the model \"orders\"".
	Of string
	// Columns are those of the relation; nil where nobody knows them, and the rows
	// decide.
	Columns []engine.Column
}

// Check reports columns that the relation does not have, and values that DuckDB has no
// literal for.
func (f Fixture) Check() diag.List {
	var out diag.List
	seen := map[string]bool{}
	unknown := func(name string, at diag.Place) {
		key := strings.ToLower(name)
		if seen[key] || f.Columns == nil || column(f.Columns, name) != nil {
			return
		}
		seen[key] = true
		out = append(out, f.unknown(name, at))
	}
	for _, head := range f.Rows.Columns {
		unknown(head.Text, head.Place)
	}
	for i := range f.Rows.Lines {
		for j := range f.Rows.Lines[i].Cells {
			cell := &f.Rows.Lines[i].Cells[j]
			unknown(cell.Column, cell.ColumnPlace)
			if _, err := literal(cell.Value, f.typeOf(cell.Column)); err != nil {
				out = append(out, diag.New(diag.Fixture, cell.Place, "the value of %q %s", cell.Column, err).
					WithHint("write it as text: DuckDB casts it to the type of the column"))
			}
		}
	}
	return out
}

// typeOf is the type of a column, "" where nobody knows.
func (f Fixture) typeOf(name string) string {
	if c := column(f.Columns, name); c != nil {
		return c.Type
	}
	return ""
}

func (f Fixture) unknown(name string, at diag.Place) *diag.Diagnostic {
	d := diag.New(diag.Fixture, at, "%s has no column %q", f.Of, name)
	var names []string
	for _, c := range f.Columns {
		names = append(names, c.Name)
	}
	if near := diag.Suggest(name, names); near != "" {
		return d.WithHint("did you mean %q?", near)
	}
	return d.WithHint("it has %s", list(names))
}

// list names the first of many names.
func list(names []string) string {
	const most = 12
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// column finds a column by its name, letter case aside, as DuckDB does.
func column(columns []engine.Column, name string) *engine.Column {
	for i := range columns {
		if strings.EqualFold(columns[i].Name, name) {
			return &columns[i]
		}
	}
	return nil
}

// columns are those of the relation, or, where nobody knows them, those of the rows,
// without types.
func (f Fixture) columns() []engine.Column {
	if f.Columns != nil {
		return f.Columns
	}
	var out []engine.Column
	add := func(name string) {
		if column(out, name) == nil {
			out = append(out, engine.Column{Name: name})
		}
	}
	for _, head := range f.Rows.Columns {
		add(head.Text)
	}
	for _, row := range f.Rows.Lines {
		for _, cell := range row.Cells {
			add(cell.Column)
		}
	}
	return out
}

// Select is a query that gives the rows, in their order, with all columns of the
// relation: those that the rows do not mention are typed NULLs, as in dbt.
func (f Fixture) Select() string {
	columns := f.columns()
	if len(columns) == 0 {
		columns = []engine.Column{{Name: "nothing"}}
	}
	used := map[string]int{}
	for _, row := range f.Rows.Lines {
		for _, cell := range row.Cells {
			if key := strings.ToLower(cell.Column); used[key] == 0 {
				used[key] = len(used) + 1
			}
		}
	}
	var b strings.Builder
	b.WriteString("select ")
	for i, c := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		if n := used[strings.ToLower(c.Name)]; n > 0 {
			fmt.Fprintf(&b, "c%d", n)
		} else {
			b.WriteString(cast("null", c.Type))
		}
		b.WriteString(" as " + project.QuoteIdent(c.Name))
	}
	if len(used) == 0 {
		fmt.Fprintf(&b, " from range(%d)", len(f.Rows.Lines))
		return b.String()
	}
	f.values(&b, columns, used)
	return b.String()
}

// values writes the FROM clause: one tuple a row, of the columns that rows mention.
func (f Fixture) values(b *strings.Builder, columns []engine.Column, used map[string]int) {
	b.WriteString(" from (values ")
	for i := range f.Rows.Lines {
		if i > 0 {
			b.WriteString(", ")
		}
		tuple := make([]string, len(used))
		for _, c := range columns {
			n := used[strings.ToLower(c.Name)]
			if n == 0 {
				continue
			}
			tuple[n-1] = cast("null", c.Type)
			if cell := f.Rows.Lines[i].Cell(c.Name); cell != nil {
				tuple[n-1] = cellSQL(cell, c.Type)
			}
		}
		for j := range tuple {
			if tuple[j] == "" {
				tuple[j] = "null" // of a column the relation does not have
			}
		}
		b.WriteString("(" + strings.Join(tuple, ", ") + ")")
	}
	names := make([]string, len(used))
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i+1)
	}
	b.WriteString(") as _(" + strings.Join(names, ", ") + ")")
}

// Cast is one cell as an expression of its own.
type Cast struct {
	SQL  string
	Type string // of the column
	Cell *project.UnitCell
}

// Casts are the cells of the rows, one by one: to find those that DuckDB cannot read.
func (f Fixture) Casts() []Cast {
	var out []Cast
	for i := range f.Rows.Lines {
		for j := range f.Rows.Lines[i].Cells {
			cell := &f.Rows.Lines[i].Cells[j]
			if c := column(f.Columns, cell.Column); c != nil && cell.Value != nil {
				out = append(out, Cast{SQL: cellSQL(cell, c.Type), Type: c.Type, Cell: cell})
			}
		}
	}
	return out
}

// Wrong says that a cell is none of its column's type.
func (f Fixture) Wrong(c Cast) *diag.Diagnostic {
	return diag.New(diag.Fixture, c.Cell.Place, "%s is no %s, the type of %q in %s", shown(c.Cell.Value), c.Type, c.Cell.Column, f.Of)
}

// cellSQL is a cell as an expression of its column's type.
func cellSQL(cell *project.UnitCell, typ string) string {
	text, err := literal(cell.Value, typ)
	if err != nil {
		return "null" // reported by Check
	}
	return cast(text, typ)
}

// cast makes an expression one of a type. A column of no known type, and one that DuckDB
// types NULL, take what they are given.
func cast(expression, typ string) string {
	if typ == "" || typ == `"NULL"` || typ == "NULL" {
		return expression
	}
	return "cast(" + expression + " as " + typ + ")"
}

// Unknown reports columns of a query that the relation does not have.
func (f Fixture) Unknown(have []engine.Column) diag.List {
	var out diag.List
	for _, c := range have {
		if column(f.Columns, c.Name) == nil {
			out = append(out, f.unknown(c.Name, f.Rows.Place))
		}
	}
	return out
}

// Typed is a query with the columns of the relation in their order and of their types.
// have are those of the query; what it leaves out is NULL.
func (f Fixture) Typed(query string, have []engine.Column) string {
	parts := make([]string, len(f.Columns))
	for i, c := range f.Columns {
		value := "null"
		if own := column(have, c.Name); own != nil {
			value = "_." + project.QuoteIdent(own.Name)
		}
		parts[i] = cast(value, c.Type) + " as " + project.QuoteIdent(c.Name)
	}
	return "select " + strings.Join(parts, ", ") + " from (\n" + query + "\n) as _"
}

// Wanted are the columns that expected rows mention, in the order they do; all where no
// row mentions any.
func (f Fixture) Wanted() []engine.Column {
	var out []engine.Column
	add := func(name string) {
		if c := column(f.Columns, name); c != nil && column(out, name) == nil {
			out = append(out, *c)
		}
	}
	for _, head := range f.Rows.Columns {
		add(head.Text)
	}
	for _, row := range f.Rows.Lines {
		for _, cell := range row.Cells {
			add(cell.Column)
		}
	}
	if len(out) == 0 {
		return f.Columns
	}
	return out
}

// Ragged reports expected rows that leave out a column which others have: whether it is
// to be NULL or does not matter, nobody could say. dbt refuses them, too.
func (f Fixture) Ragged() diag.List {
	var out diag.List
	if len(f.Rows.Lines) == 0 {
		return nil
	}
	wanted := f.Wanted()
	for i := range f.Rows.Lines {
		row := &f.Rows.Lines[i]
		var missing []string
		for _, c := range wanted {
			if row.Cell(c.Name) == nil {
				missing = append(missing, fmt.Sprintf("%q", c.Name))
			}
		}
		if len(missing) > 0 {
			out = append(out, diag.New(diag.Fixture, row.Place, "the expected row has no %s, which other rows have", list(missing)).
				WithHint("write %s: null, or leave the column out of all rows", strings.Trim(missing[0], `"`)))
		}
	}
	return out
}

// Only returns the columns that have names, in the order of the names.
func Only(columns, names []engine.Column) []engine.Column {
	var out []engine.Column
	for _, n := range names {
		if c := column(columns, n.Name); c != nil {
			out = append(out, *c)
		}
	}
	return out
}

// Project returns the columns of a result that have the names of others, in their order.
func Project(t *engine.Table, columns []engine.Column) *engine.Table {
	at := make([]int, len(columns))
	out := &engine.Table{Columns: make([]engine.Column, len(columns))}
	for i, c := range columns {
		for j := range t.Columns {
			if strings.EqualFold(t.Columns[j].Name, c.Name) {
				at[i], out.Columns[i] = j, t.Columns[j]
				break
			}
		}
	}
	for _, row := range t.Rows {
		cells := make([]any, len(at))
		for i, j := range at {
			cells[i] = row[j]
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}
