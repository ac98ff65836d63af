package dbtcontext

import (
	"fmt"
	"slices"
	"strings"

	"elt/compiler/template"
)

// sequence is agate's MappedSequence: values by number or by key. A row, a column
// and the lists of both are sequences.
type sequence struct {
	kind   string
	values []template.Value
	keys   []string // nil where there are none
}

// TypeName is the Python type name.
func (s *sequence) TypeName() string { return s.kind }

// Str is agate's sample of the values.
func (s *sequence) Str() string {
	var parts []string
	for _, v := range s.values[:min(len(s.values), 5)] {
		parts = append(parts, template.Repr(v))
	}
	text := strings.Join(parts, ", ")
	if len(s.values) > 5 {
		text += ", ..."
	}
	return "<agate." + s.kind + ": (" + text + ")>"
}

// Repr is the same.
func (s *sequence) Repr() string { return s.Str() }

// Truth is whether there are values.
func (s *sequence) Truth() bool { return len(s.values) > 0 }

// Len is the number of values.
func (s *sequence) Len() int { return len(s.values) }

// Iterate returns the values.
func (s *sequence) Iterate() ([]template.Value, error) { return slices.Clone(s.values), nil }

// Equal compares the values, with another sequence or a tuple.
func (s *sequence) Equal(other template.Value) bool {
	var values []template.Value
	switch o := other.(type) {
	case *sequence:
		values = o.values
	case *tableColumn:
		values = o.values
	case template.Tuple:
		values = o
	case *template.List:
		values = o.Elems
	default:
		return false
	}
	return slices.EqualFunc(s.values, values, template.Equal)
}

// Index returns a value by key or by number; negative ones count from the end.
func (s *sequence) Index(key template.Value) (template.Value, bool, error) {
	if name, ok := key.(string); ok {
		i := slices.Index(s.keys, name)
		if i < 0 {
			return nil, false, nil
		}
		return s.values[i], true, nil
	}
	n, ok := key.(int64)
	if !ok {
		return nil, false, nil
	}
	if n < 0 {
		n += int64(len(s.values))
	}
	if n < 0 || n >= int64(len(s.values)) {
		return nil, false, nil
	}
	return s.values[n], true, nil
}

// Slice is s[a:b:c], a tuple.
func (s *sequence) Slice(start, stop, step template.Value) (template.Value, error) {
	by := limitOr(step, 1)
	if by < 1 {
		return nil, template.ValueErrorf("the step of a slice of rows must be positive")
	}
	bound := func(v template.Value, def int) int {
		n := limitOr(v, def)
		if n < 0 {
			n += len(s.values)
		}
		return min(max(n, 0), len(s.values))
	}
	out := template.Tuple{}
	for i := bound(start, 0); i < bound(stop, len(s.values)); i += by {
		out = append(out, s.values[i])
	}
	return out, nil
}

// Attr returns a method; values are items.
func (s *sequence) Attr(name string) (template.Value, bool) { return bind(name, s.method(name)) }

func (s *sequence) method(name string) func(*template.Call) (template.Value, error) {
	answer := func(v func() template.Value) func(*template.Call) (template.Value, error) {
		return func(*template.Call) (template.Value, error) { return v(), nil }
	}
	switch name {
	case "values":
		return answer(func() template.Value { return template.Tuple(slices.Clone(s.values)) })
	case "keys":
		return answer(func() template.Value {
			if s.keys == nil {
				return nil
			}
			return tupleOf(s.keys)
		})
	case "items":
		return answer(func() template.Value { return s.items() })
	case "dict":
		return answer(func() template.Value { return s.dict() })
	case "get":
		return s.get
	case "index":
		return s.indexOf
	case "count":
		return s.count
	}
	return nil
}

func (s *sequence) items() template.Value {
	out := make(template.Tuple, 0, len(s.keys))
	for i, k := range s.keys {
		out = append(out, template.Tuple{k, s.values[i]})
	}
	return out
}

func (s *sequence) dict() template.Value {
	d := template.NewDict()
	for i, k := range s.keys {
		_ = d.Set(k, s.values[i])
	}
	return d
}

func (s *sequence) get(c *template.Call) (template.Value, error) {
	var key, def template.Value
	if err := c.Unpack("get", "key", &key, "default?", &def); err != nil {
		return nil, err
	}
	if i := slices.Index(s.keys, stringOrEmpty(key)); i >= 0 {
		return s.values[i], nil
	}
	return def, nil
}

func (s *sequence) indexOf(c *template.Call) (template.Value, error) {
	var v template.Value
	if err := c.Unpack("index", "value", &v); err != nil {
		return nil, err
	}
	for i, have := range s.values {
		if template.Equal(have, v) {
			return int64(i), nil
		}
	}
	return nil, fmt.Errorf("%s is not in the list", template.Repr(v))
}

func (s *sequence) count(c *template.Call) (template.Value, error) {
	var v template.Value
	if err := c.Unpack("count", "value", &v); err != nil {
		return nil, err
	}
	n := int64(0)
	for _, have := range s.values {
		if template.Equal(have, v) {
			n++
		}
	}
	return n, nil
}

// tableColumn is a column of a result.
type tableColumn struct {
	sequence
	name     string
	index    int
	dataType string
}

// Attr returns an attribute or a method.
func (c *tableColumn) Attr(name string) (template.Value, bool) {
	switch name {
	case "name":
		return c.name, true
	case "data_type":
		return dataType(c.dataType), true
	case "index":
		return int64(c.index), true
	case "values_distinct", "values_without_nulls", "values_sorted", "values_without_nulls_sorted":
		return template.NewFunc(name, func(*template.Call) (template.Value, error) { return c.variant(name), nil }), true
	}
	return c.sequence.Attr(name)
}

func (c *tableColumn) variant(name string) template.Value {
	values := slices.Clone(c.values)
	if strings.Contains(name, "without_nulls") {
		values = slices.DeleteFunc(values, func(v template.Value) bool { return v == nil })
	}
	if strings.HasSuffix(name, "sorted") {
		slices.SortStableFunc(values, compareCells)
		return template.NewList(values...)
	}
	if name != "values_distinct" {
		return template.Tuple(values)
	}
	var out template.Tuple
	for _, v := range values {
		if !slices.ContainsFunc(out, func(have template.Value) bool { return template.Equal(have, v) }) {
			out = append(out, v)
		}
	}
	return out
}

// dataType is an agate data type; it is known by its name only.
type dataType string

// TypeName is the Python type name.
func (d dataType) TypeName() string { return string(d) }

// Str is how Python prints a type, without an address.
func (d dataType) Str() string {
	module := map[dataType]string{
		"Integer": "dbt_common.clients.agate_helper", "Number": "dbt_common.clients.agate_helper",
		"DateTime": "agate.data_types.date_time",
	}[d]
	if module == "" {
		module = "agate.data_types." + strings.ToLower(string(d))
	}
	return "<" + module + "." + string(d) + " object>"
}

// Attr has nothing.
func (dataType) Attr(string) (template.Value, bool) { return nil, false }
