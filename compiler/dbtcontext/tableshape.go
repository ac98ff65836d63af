package dbtcontext

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"elt/compiler/template"
)

// join puts the rows of another table beside those that have the same key.
func (t *tableObject) join(c *template.Call) (template.Value, error) {
	var other, leftKey, rightKey, columns template.Value
	var inner, outer, match bool
	if err := c.Unpack("join", "right_table", &other, "left_key?", &leftKey, "right_key?", &rightKey, "inner?", &inner,
		"full_outer?", &outer, "require_match?", &match, "columns?", &columns); err != nil {
		return nil, err
	}
	right, ok := other.(*tableObject)
	if !ok {
		return nil, fmt.Errorf("join() takes a table, not %s", template.TypeName(other))
	}
	if inner && outer {
		return nil, template.ValueErrorf(`A join can not be both "inner" and "full_outer".`)
	}
	if rightKey == nil {
		rightKey = leftKey
	}
	leftKeys, rightKeys, err := joinKeys(c, t, right, leftKey, rightKey)
	if err != nil {
		return nil, fmt.Errorf("join(): %w", err)
	}
	taken, err := right.joined(leftKey, rightKey, columns, outer)
	if err != nil {
		return nil, fmt.Errorf("join(): %w", err)
	}
	out := &tableObject{names: slices.Clone(t.names), types: slices.Clone(t.types), print: t.print}
	for _, i := range taken {
		name := right.names[i]
		if slices.Contains(t.names, name) {
			name += "2"
		}
		out.names, out.types = append(out.names, name), append(out.types, right.types[i])
	}
	out.names = told(out.names)
	found, err := groupsOf(rightKeys)
	if err != nil {
		return nil, err
	}
	beside := func(left, with []template.Value) {
		values := slices.Clone(left)
		for _, i := range taken {
			if with == nil {
				values = append(values, nil)
			} else {
				values = append(values, with[i])
			}
		}
		out.add(values)
	}
	seen := template.NewDict()
	for i, key := range leftKeys {
		_ = seen.Set(key, true)
		rows := found.find(key)
		if match && rows == nil {
			return nil, template.ValueErrorf("Left key \"%s\" does not have a matching right key.", template.Str(key))
		}
		for _, n := range rows {
			beside(t.rows[i].values, right.rows[n].values)
		}
		if rows == nil && !inner {
			beside(t.rows[i].values, nil)
		}
	}
	for i, key := range rightKeys {
		if _, ok := seen.Get(key); outer && !ok {
			beside(make([]template.Value, len(t.names)), right.rows[i].values)
		}
	}
	return out, nil
}

// joinKeys are the keys of the rows of two tables; without one they are the numbers of the rows.
func joinKeys(c *template.Call, left, right *tableObject, leftKey, rightKey template.Value) (l, r []template.Value, err error) {
	if leftKey == nil {
		for i := range left.rows {
			l = append(l, int64(i))
		}
		for i := range right.rows {
			r = append(r, int64(i))
		}
		return l, r, nil
	}
	if l, err = left.rowKeys(c, leftKey); err == nil {
		r, err = right.rowKeys(c, rightKey)
	}
	return l, r, err
}

// joined are the columns of a table that a join takes: those asked for, else all but the key.
func (t *tableObject) joined(leftKey, rightKey, columns template.Value, all bool) ([]int, error) {
	if all {
		return t.allColumns(), nil
	}
	var out, keys []int
	if _, ok := rightKey.(template.Callable); !ok && leftKey != nil {
		var err error
		if keys, err = t.positions(rightKey); err != nil {
			return nil, err
		}
	}
	wanted, _ := template.Iterate(columns)
	for i, name := range t.names {
		asked := slices.ContainsFunc(wanted, func(v template.Value) bool { return v == template.Value(name) })
		if columns == nil && !slices.Contains(keys, i) || columns != nil && asked {
			out = append(out, i)
		}
	}
	return out, nil
}

// homogenize adds a row for each of the given values of columns that no row has.
func (t *tableObject) homogenize(c *template.Call) (template.Value, error) {
	var key, values, given template.Value
	if err := c.Unpack("homogenize", "key", &key, "compare_values", &values, "default_row?", &given); err != nil {
		return nil, err
	}
	cols, err := t.positions(key)
	if err != nil {
		return nil, fmt.Errorf("homogenize(): %w", err)
	}
	have, err := t.rowKeys(c, template.NewList(numbersOf(cols)...))
	if err != nil {
		return nil, err
	}
	known, err := groupsOf(have)
	if err != nil {
		return nil, err
	}
	wanted, err := template.Iterate(values)
	if err != nil {
		return nil, err
	}
	out := t.withRows(slices.Clone(t.rows))
	for _, want := range wanted {
		parts := []template.Value{want}
		if isSequence(want) {
			parts, _ = template.Iterate(want)
		}
		if len(parts) != len(cols) {
			return nil, fmt.Errorf("homogenize() takes %d values for a row, not %d", len(cols), len(parts))
		}
		if tuple := template.Tuple(parts); known.find(tuple) != nil {
			continue
		}
		rest := make([]template.Value, len(t.names)-len(cols))
		switch fn := given.(type) {
		case nil:
		case template.Callable:
			v, err := fn.Call(&template.Call{Args: []template.Value{template.Tuple(parts)}, Place: c.Place, Thread: c.Thread})
			if err != nil {
				return nil, err
			}
			row, err := template.Iterate(v)
			if err != nil {
				return nil, err
			}
			out.add(row)
			continue
		default:
			if rest, err = template.Iterate(given); err != nil {
				return nil, err
			}
		}
		row := slices.Clone(rest)
		for n, at := range cols {
			row = slices.Insert(row, min(at, len(row)), parts[n])
		}
		out.add(row)
	}
	return out, nil
}

func numbersOf(list []int) []template.Value {
	out := make([]template.Value, len(list))
	for i, n := range list {
		out[i] = int64(n)
	}
	return out
}

// normalize makes a row for each of some columns, with its name and its value.
func (t *tableObject) normalize(c *template.Call) (template.Value, error) {
	var key, properties, types template.Value
	property, value := "property", "value"
	if err := c.Unpack("normalize", "key", &key, "properties", &properties, "property_column?", &property, "value_column?", &value,
		"column_types?", &types); err != nil {
		return nil, err
	}
	if types != nil {
		return nil, errors.New("normalize() takes no column_types: a template has no types of agate")
	}
	keys, err := t.positions(key)
	if err != nil {
		return nil, fmt.Errorf("normalize(): %w", err)
	}
	cols, err := t.positions(properties)
	if err != nil {
		return nil, fmt.Errorf("normalize(): %w", err)
	}
	out := &tableObject{print: t.print}
	for _, i := range keys {
		out.names, out.types = append(out.names, t.names[i]), append(out.types, t.types[i])
	}
	out.names = told(append(out.names, property, value))
	for _, row := range t.rows {
		for _, i := range cols {
			var values []template.Value
			for _, k := range keys {
				values = append(values, row.values[k])
			}
			out.add(append(values, t.names[i], row.values[i]))
		}
	}
	out.infer(len(keys))
	return out, nil
}

// denormalize makes a column of each value of one, and one row of all that have a key.
func (t *tableObject) denormalize(c *template.Call) (template.Value, error) {
	var key, types, fallback template.Value
	property, value := template.Value("property"), template.Value("value")
	none := template.NewUndefined("default", "", c.Place)
	fallback = none
	if err := unpackOrNone(c, "denormalize", "key?", &key, "property_column?", &property, "value_column?", &value, "default_value?", &fallback,
		"column_types?", &types); err != nil {
		return nil, err
	}
	if types != nil {
		return nil, errors.New("denormalize() takes no column_types: a template has no types of agate")
	}
	var keys []int
	var err error
	if key != nil {
		if keys, err = t.positions(key); err != nil {
			return nil, fmt.Errorf("denormalize(): %w", err)
		}
	}
	from, err := t.position(property)
	if err != nil {
		return nil, fmt.Errorf("denormalize(): %w", err)
	}
	to, err := t.position(value)
	if err != nil {
		return nil, fmt.Errorf("denormalize(): %w", err)
	}
	if fallback == template.Value(none) {
		if fallback = nil; t.types[to] == "Number" {
			fallback = &decimalValue{new(big.Int), 0}
		}
	}
	var names []string
	for _, i := range keys {
		names = append(names, t.names[i])
	}
	return t.widened(names, from, to, fallback, "")
}

// widened is the table with a column for each value of the column from, which holds the column to. kind is the type
// of the new columns, "" for what their values are.
func (t *tableObject) widened(keys []string, from, to int, fallback template.Value, kind string) (*tableObject, error) {
	var cols []int
	for _, name := range keys {
		cols = append(cols, slices.Index(t.names, name))
	}
	of, err := t.rowKeys(nil, template.NewList(numbersOf(cols)...))
	if err != nil {
		return nil, err
	}
	g, err := groupsOf(of)
	if err != nil {
		return nil, err
	}
	var fields []string
	for _, row := range t.rows {
		if name := template.Str(row.values[from]); !slices.Contains(fields, name) {
			fields = append(fields, name)
		}
	}
	out := &tableObject{names: told(append(slices.Clone(keys), fields...)), print: t.print}
	for _, i := range cols {
		out.types = append(out.types, t.types[i])
	}
	for n, key := range g.keys {
		tuple, _ := key.(template.Tuple)
		values := slices.Clone([]template.Value(tuple))
		cells := make([]template.Value, len(fields))
		for i := range cells {
			cells[i] = fallback
		}
		for _, i := range g.rows[n] {
			cells[slices.Index(fields, template.Str(t.rows[i].values[from]))] = t.rows[i].values[to]
		}
		out.add(append(values, cells...))
	}
	if kind == "" {
		out.infer(len(keys))
		return out, nil
	}
	for range fields {
		out.types = append(out.types, kind)
	}
	return out, nil
}

// infer finds the types of columns in their values, as agate does, and makes the values of that type: the first of
// those in inferred that takes all values.
func (t *tableObject) infer(from int) {
	for i := from; i < len(t.names); i++ {
		for _, one := range inferred {
			cells := make([]template.Value, len(t.rows))
			fits := true
			for n, row := range t.rows {
				if cells[n], fits = one.cast(row.values[i]); !fits {
					break
				}
			}
			if !fits {
				continue
			}
			t.types = append(t.types, one.name)
			for n, row := range t.rows {
				row.values[i] = cells[n]
			}
			break
		}
	}
}

// inferred are agate's types, in its order. Of texts it also reads durations and dates in words.
var inferred = []struct {
	name string
	cast func(template.Value) (template.Value, bool)
}{
	{"Boolean", castBoolean},
	{"Number", castNumber},
	{"Date", func(v template.Value) (template.Value, bool) {
		d, ok := v.(*dateValue)
		if ok {
			return d, true
		}
		return nil, v == nil
	}},
	{"DateTime", func(v template.Value) (template.Value, bool) {
		switch d := v.(type) {
		case *datetimeValue:
			return d, true
		case *dateValue:
			return &datetimeValue{t: d.t}, true
		}
		return nil, v == nil
	}},
	{"Text", func(v template.Value) (template.Value, bool) { return asText(v), true }},
}

// isNullText reports whether agate takes a text for no value.
func isNullText(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "", "na", "n/a", "none", "null", ".":
		return true
	}
	return false
}

func castBoolean(v template.Value) (template.Value, bool) {
	switch x := v.(type) {
	case nil:
		return nil, true
	case bool:
		return x, true
	case int64, *big.Int, *decimalValue:
		switch {
		case template.Equal(x, int64(1)):
			return true, true
		case template.Equal(x, int64(0)):
			return false, true
		}
	case string:
		word := strings.ToLower(strings.TrimSpace(strings.ReplaceAll(x, ",", "")))
		switch {
		case isNullText(word):
			return nil, true
		case slices.Contains([]string{"yes", "y", "true", "t", "1"}, word):
			return true, true
		case slices.Contains([]string{"no", "n", "false", "f", "0"}, word):
			return false, true
		}
	}
	return nil, false
}

func castNumber(v template.Value) (template.Value, bool) {
	switch x := v.(type) {
	case nil:
		return nil, true
	case *decimalValue:
		return x, true
	case bool:
		return &decimalValue{big.NewInt(int64(boolInt(x))), 0}, true
	case string:
		if isNullText(x) {
			return nil, true
		}
		text := strings.ReplaceAll(strings.Trim(strings.TrimSpace(x), "%"), ",", "")
		return Decimal(strings.Trim(text, "$€£¥"))
	case float64:
		return DecimalOf(x), true
	case int64, *big.Int:
		d, ok := decimalOf(v)
		return d, ok
	}
	return nil, false
}
