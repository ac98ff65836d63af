package dbtcontext

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"elt/compiler/template"
)

// tableObject is the result of a query as templates see it: the part of agate's
// Table that projects use.
type tableObject struct {
	names []string
	types []string // DuckDB's
	rows  []*sequence
	print func(string)
}

func newTable(t *Table, print func(string)) *tableObject {
	out := &tableObject{print: print}
	if t == nil {
		return out
	}
	for _, c := range t.Columns {
		out.names = append(out.names, c.Name)
		out.types = append(out.types, c.Type)
	}
	for _, row := range t.Rows {
		out.rows = append(out.rows, &sequence{kind: "Row", values: row, keys: out.names})
	}
	return out
}

// TypeName is the Python type name.
func (t *tableObject) TypeName() string { return "Table" }

// Truth is whether there are rows, as Python asks a thing with a length.
func (t *tableObject) Truth() bool { return len(t.rows) > 0 }

// Len is the number of rows.
func (t *tableObject) Len() int { return len(t.rows) }

// Iterate returns the rows.
func (t *tableObject) Iterate() ([]template.Value, error) { return listOf(t.rows).Elems, nil }

// Index returns a row by number.
func (t *tableObject) Index(key template.Value) (template.Value, bool, error) {
	return t.rowSequence().Index(key)
}

// Str lists the columns and their types, as agate prints a table.
func (t *tableObject) Str() string {
	width := len("column")
	for _, n := range t.names {
		width = max(width, len([]rune(n)))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| %-*s | data_type |\n| %s | --------- |\n", width, "column", strings.Repeat("-", width))
	for i, n := range t.names {
		fmt.Fprintf(&b, "| %-*s | %-9s |\n", width, n, t.agateType(i))
	}
	return b.String()
}

// Attr returns an attribute or a method.
func (t *tableObject) Attr(name string) (template.Value, bool) {
	switch name {
	case "columns":
		return t.columnSequence(), true
	case "rows":
		return t.rowSequence(), true
	case "column_names":
		return tupleOf(t.names), true
	case "column_types":
		out := make(template.Tuple, len(t.names))
		for i := range out {
			out[i] = dataType(t.agateType(i))
		}
		return out, true
	}
	if m := t.method(name); m != nil {
		return template.NewFunc(name, m), true
	}
	return nil, false
}

func (t *tableObject) method(name string) func(*template.Call) (template.Value, error) {
	switch name {
	case "print_table":
		return t.printTable
	case "select":
		return func(c *template.Call) (template.Value, error) { return t.choose(c, "select", true) }
	case "exclude":
		return func(c *template.Call) (template.Value, error) { return t.choose(c, "exclude", false) }
	case "limit":
		return t.limit
	case "rename":
		return t.rename
	case "where":
		return t.where
	case "order_by":
		return t.orderBy
	case "distinct":
		return t.distinct
	}
	return nil
}

func (t *tableObject) rowSequence() *sequence {
	return &sequence{kind: "MappedSequence", values: listOf(t.rows).Elems}
}

func (t *tableObject) columnSequence() *sequence {
	cols := make([]template.Value, len(t.names))
	for i := range t.names {
		cols[i] = t.column(i)
	}
	return &sequence{kind: "MappedSequence", values: cols, keys: t.names}
}

func (t *tableObject) column(i int) *tableColumn {
	values := make([]template.Value, len(t.rows))
	for n, row := range t.rows {
		values[n] = row.values[i]
	}
	return &tableColumn{
		sequence: sequence{kind: "Column", values: values},
		name:     t.names[i], index: i, dataType: t.agateType(i),
	}
}

// agateType is the data type agate would infer for a column: DuckDB's type says it,
// and where it is not known, the values do.
func (t *tableObject) agateType(i int) string {
	upper := strings.ToUpper(t.types[i])
	base, _, _ := strings.Cut(upper, "(")
	switch {
	case strings.HasSuffix(upper, "INT"), base == "INTEGER":
		return "Integer"
	case base == "DECIMAL", base == "DOUBLE", base == "FLOAT":
		return "Number"
	case base == "BOOLEAN":
		return "Boolean"
	case base == "DATE":
		return "Date"
	case strings.HasPrefix(base, "TIMESTAMP"):
		return "DateTime"
	}
	return "Text"
}

func (t *tableObject) position(v template.Value) (int, error) {
	if n, ok := v.(int64); ok && n >= 0 && int(n) < len(t.names) {
		return int(n), nil
	}
	if s, ok := v.(string); ok {
		if i := slices.Index(t.names, s); i >= 0 {
			return i, nil
		}
	}
	return 0, fmt.Errorf("the result has no column %s; it has: %s", template.Repr(v), strings.Join(t.names, ", "))
}

// positions reads a column, or a list of them.
func (t *tableObject) positions(v template.Value) ([]int, error) {
	elems := []template.Value{v}
	switch x := v.(type) {
	case *template.List:
		elems = x.Elems
	case template.Tuple:
		elems = x
	}
	var out []int
	for _, e := range elems {
		i, err := t.position(e)
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	return out, nil
}

// pick returns a table of the given columns.
func (t *tableObject) pick(cols []int) *tableObject {
	out := &tableObject{print: t.print}
	for _, i := range cols {
		out.names = append(out.names, t.names[i])
		out.types = append(out.types, t.types[i])
	}
	for _, row := range t.rows {
		values := make([]template.Value, len(cols))
		for n, i := range cols {
			values[n] = row.values[i]
		}
		out.rows = append(out.rows, &sequence{kind: "Row", values: values, keys: out.names})
	}
	return out
}

func (t *tableObject) withRows(rows []*sequence) *tableObject {
	return &tableObject{names: t.names, types: t.types, rows: rows, print: t.print}
}

func (t *tableObject) choose(c *template.Call, fn string, keep bool) (template.Value, error) {
	var key template.Value
	if err := c.Unpack(fn, "key", &key); err != nil {
		return nil, err
	}
	cols, err := t.positions(key)
	if err != nil {
		return nil, fmt.Errorf("%s(): %w", fn, err)
	}
	if keep {
		return t.pick(cols), nil
	}
	var rest []int
	for i := range t.names {
		if !slices.Contains(cols, i) {
			rest = append(rest, i)
		}
	}
	return t.pick(rest), nil
}

func (t *tableObject) limit(c *template.Call) (template.Value, error) {
	var n int64
	if err := c.Unpack("limit", "n", &n); err != nil {
		return nil, err
	}
	return t.withRows(t.rows[:min(max(int(n), 0), len(t.rows))]), nil
}

func (t *tableObject) rename(c *template.Call) (template.Value, error) {
	var names template.Value
	if err := c.Unpack("rename", "column_names", &names); err != nil {
		return nil, err
	}
	all := make([]int, len(t.names))
	for i := range all {
		all[i] = i
	}
	out := t.pick(all)
	switch x := names.(type) {
	case *template.List:
		for i, v := range x.Elems[:min(len(x.Elems), len(out.names))] {
			out.names[i] = template.Str(v)
		}
	case *template.Dict:
		for from, to := range entries(x) {
			if i := slices.Index(t.names, from); i >= 0 {
				out.names[i] = template.Str(to)
			}
		}
	}
	for _, row := range out.rows {
		row.keys = out.names
	}
	return out, nil
}

func (t *tableObject) where(c *template.Call) (template.Value, error) {
	var test template.Value
	if err := c.Unpack("where", "test", &test); err != nil {
		return nil, err
	}
	fn, ok := test.(template.Callable)
	if !ok {
		return nil, fmt.Errorf("where() takes a function")
	}
	var rows []*sequence
	for _, row := range t.rows {
		keep, err := fn.Call(&template.Call{Args: []template.Value{row}, Place: c.Place, Thread: c.Thread})
		if err != nil {
			return nil, err
		}
		if template.Truth(keep) {
			rows = append(rows, row)
		}
	}
	return t.withRows(rows), nil
}

func (t *tableObject) orderBy(c *template.Call) (template.Value, error) {
	var key template.Value
	var reverse bool
	if err := c.Unpack("order_by", "key", &key, "reverse?", &reverse); err != nil {
		return nil, err
	}
	cols, err := t.positions(key)
	if err != nil {
		return nil, err
	}
	rows := slices.Clone(t.rows)
	slices.SortStableFunc(rows, func(a, b *sequence) int {
		for _, i := range cols {
			if n := compareCells(a.values[i], b.values[i]); n != 0 {
				if reverse {
					return -n
				}
				return n
			}
		}
		return 0
	})
	return t.withRows(rows), nil
}

// compareCells orders two cells of one column, None last.
func compareCells(a, b template.Value) int {
	if a == nil || b == nil {
		return cmp.Compare(boolInt(a == nil), boolInt(b == nil))
	}
	if n, err := template.Compare(a, b); err == nil {
		return n
	}
	return strings.Compare(template.Str(a), template.Str(b))
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (t *tableObject) distinct(c *template.Call) (template.Value, error) {
	var key template.Value
	if err := c.Unpack("distinct", "key?", &key); err != nil {
		return nil, err
	}
	cols := []int{}
	if key == nil {
		for i := range t.names {
			cols = append(cols, i)
		}
	} else {
		var err error
		if cols, err = t.positions(key); err != nil {
			return nil, err
		}
	}
	seen := map[string]bool{}
	var rows []*sequence
	for _, row := range t.rows {
		var b strings.Builder
		for _, i := range cols {
			b.WriteString(strconv.Quote(template.Repr(row.values[i])))
		}
		if !seen[b.String()] {
			seen[b.String()] = true
			rows = append(rows, row)
		}
	}
	return t.withRows(rows), nil
}

func tupleOf(names []string) template.Tuple {
	out := make(template.Tuple, len(names))
	for i, n := range names {
		out[i] = n
	}
	return out
}
