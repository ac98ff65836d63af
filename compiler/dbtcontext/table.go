package dbtcontext

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"elt/compiler/template"
)

// tableObject is the result of a query as templates see it: the part of agate's
// Table that projects use.
type tableObject struct {
	names []string
	types []string // agate's, by name
	rows  []*sequence
	print func(string)
}

func newTable(t *Table, print func(string)) *tableObject {
	out := &tableObject{print: print}
	if t == nil {
		return out
	}
	for i, c := range t.Columns {
		out.names = append(out.names, uniqueName(c.Name, out.names))
		out.types = append(out.types, agateType(t.Rows, i))
	}
	for _, row := range t.Rows {
		out.rows = append(out.rows, &sequence{kind: "Row", values: row, keys: out.names})
	}
	return out
}

// uniqueName is a column's name as dbt tells columns of one name apart: a, a_2, a_3.
func uniqueName(name string, before []string) string {
	unique := name
	for n := 2; slices.Contains(before, unique); n++ {
		unique = fmt.Sprintf("%s_%d", name, n)
	}
	return unique
}

// agateType is the data type agate infers for a column, from what is in it: a column of
// NULLs, or of no rows, is the first type that dbt has it try.
func agateType(rows [][]template.Value, i int) string {
	for _, row := range rows {
		switch row[i].(type) {
		case nil:
			continue
		case int64, *big.Int:
			return "Integer"
		case *decimalValue, decimalSpecial, float64:
			return "Number"
		case bool:
			return "Boolean"
		case *dateValue:
			return "Date"
		case *datetimeValue:
			return "DateTime"
		}
		return "Text"
	}
	return "Integer"
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
func (t *tableObject) Str() string { return t.structure().text(printed{}) }

// Repr is Python's, without an address.
func (t *tableObject) Repr() string { return "<agate.table.Table object>" }

// structure is a table of the columns and their types.
func (t *tableObject) structure() *tableObject {
	out := &tableObject{names: []string{"column", "data_type"}, types: []string{"Text", "Text"}, print: t.print}
	for i, n := range t.names {
		out.rows = append(out.rows, &sequence{kind: "Row", values: []template.Value{n, t.types[i]}, keys: out.names})
	}
	return out
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
			out[i] = dataType(t.types[i])
		}
		return out, true
	case "row_names":
		return nil, true
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
	case "print_csv":
		return t.printCSV
	case "print_json":
		return t.printJSON
	case "print_structure":
		return t.printStructure
	case "find":
		return t.find
	case "merge":
		return t.merge
	case "join":
		return t.join
	case "group_by":
		return t.groupBy
	case "pivot":
		return t.pivot
	case "bins":
		return t.bins
	case "normalize":
		return t.normalize
	case "denormalize":
		return t.denormalize
	case "homogenize":
		return t.homogenize
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
		name:     t.names[i], index: i, dataType: t.types[i],
	}
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

// allColumns are the numbers of all columns.
func (t *tableObject) allColumns() []int {
	all := make([]int, len(t.names))
	for i := range all {
		all[i] = i
	}
	return all
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
	var start, stop, step template.Value
	if err := c.Unpack("limit", "start_or_stop?", &start, "stop?", &stop, "step?", &step); err != nil {
		return nil, err
	}
	if !template.Truth(stop) && !template.Truth(step) {
		start, stop = nil, start
	}
	taken, err := t.rowSequence().Slice(start, stop, step)
	if err != nil {
		return nil, err
	}
	var rows []*sequence
	if list, ok := taken.(template.Tuple); ok {
		for _, v := range list {
			if row, ok := v.(*sequence); ok {
				rows = append(rows, row)
			}
		}
	}
	return t.withRows(rows), nil
}

func (t *tableObject) rename(c *template.Call) (template.Value, error) {
	var names template.Value
	if err := c.Unpack("rename", "column_names", &names); err != nil {
		return nil, err
	}
	out := t.pick(t.allColumns())
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
	rows, err := t.passing(c, "where", len(t.rows))
	return t.withRows(rows), err
}

// find is the first row that passes a test, or None.
func (t *tableObject) find(c *template.Call) (template.Value, error) {
	rows, err := t.passing(c, "find", 1)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// passing are the first rows, up to a number, for which a function answers with something true.
func (t *tableObject) passing(c *template.Call, method string, most int) ([]*sequence, error) {
	var test template.Value
	if err := c.Unpack(method, "test", &test); err != nil {
		return nil, err
	}
	fn, ok := test.(template.Callable)
	if !ok {
		return nil, fmt.Errorf("%s() takes a function", method)
	}
	var rows []*sequence
	for _, row := range t.rows {
		if len(rows) == most {
			break
		}
		keep, err := fn.Call(&template.Call{Args: []template.Value{row}, Place: c.Place, Thread: c.Thread})
		if err != nil {
			return nil, err
		}
		if template.Truth(keep) {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// merge puts tables under each other, columns by their names. Nothing is left of the table it
// is called on, as in agate.
func (t *tableObject) merge(c *template.Call) (template.Value, error) {
	var given []template.Value
	var rowNames, names template.Value
	if err := c.Unpack("merge", "tables", &given, "row_names?", &rowNames, "column_names?", &names); err != nil {
		return nil, err
	}
	out := &tableObject{print: t.print}
	var tables []*tableObject
	for _, v := range given {
		one, ok := v.(*tableObject)
		if !ok {
			return nil, fmt.Errorf("merge() takes tables, not %s", template.TypeName(v))
		}
		tables = append(tables, one)
		for i, name := range one.names {
			switch at := slices.Index(out.names, name); {
			case at < 0:
				out.names, out.types = append(out.names, name), append(out.types, one.types[i])
			case out.types[at] != one.types[i]:
				return nil, errors.New("tables have columns of one name that are of different types")
			}
		}
	}
	for _, one := range tables {
		for _, row := range one.rows {
			values := make([]template.Value, len(out.names))
			for i, name := range out.names {
				if at := slices.Index(one.names, name); at >= 0 {
					values[i] = row.values[at]
				}
			}
			out.rows = append(out.rows, &sequence{kind: "Row", values: values, keys: out.names})
		}
	}
	return out, nil
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
