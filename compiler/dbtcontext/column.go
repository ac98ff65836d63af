package dbtcontext

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/compiler/template"
)

// columnObject is dbt's Column: a name, a type, and what a template asks of them.
// precision and scale are None or int, as they were given.
type columnObject struct {
	name, dtype                string
	size                       template.Value
	numericPrecision, numScale template.Value
}

func newColumn(name, dtype string) *columnObject { return &columnObject{name: name, dtype: dtype} }

// TypeName is the Python type name.
func (c *columnObject) TypeName() string { return "DuckDBColumn" }

// Str is what a dataclass prints.
func (c *columnObject) Str() string {
	fields := make([]string, 0)
	for _, f := range c.structFields() {
		fields = append(fields, f.Str())
	}
	return "DuckDBColumn(column=" + template.Repr(c.name) + ", dtype=" + template.Repr(c.dtype) +
		", char_size=" + template.Repr(c.size) + ", numeric_precision=" + template.Repr(c.numericPrecision) +
		", numeric_scale=" + template.Repr(c.numScale) + ", fields=[" + strings.Join(fields, ", ") + "])"
}

// Repr is the same.
func (c *columnObject) Repr() string { return c.Str() }

// Equal compares all that a column is made of.
func (c *columnObject) Equal(other template.Value) bool {
	o, ok := other.(*columnObject)
	return ok && *c == *o
}

// Attr returns an attribute or a method.
func (c *columnObject) Attr(name string) (template.Value, bool) {
	switch name {
	case "name", "column":
		return c.name, true
	case "dtype":
		return c.dtype, true
	case "data_type", "expanded_data_type":
		return c.dataType(), true
	case "quoted":
		return project.QuoteIdent(c.name), true
	case "char_size":
		return c.size, true
	case "numeric_precision":
		return c.numericPrecision, true
	case "numeric_scale":
		return c.numScale, true
	case "fields":
		return listOf(c.structFields()), true
	}
	if is, ok := columnTests[name]; ok {
		return template.NewFunc(name, func(*template.Call) (template.Value, error) {
			return is(strings.ToLower(c.dtype)), nil
		}), true
	}
	return c.method(name)
}

func (c *columnObject) method(name string) (template.Value, bool) {
	switch name {
	case "string_size":
		return template.NewFunc(name, func(*template.Call) (template.Value, error) {
			if !isString(strings.ToLower(c.dtype)) {
				return nil, fmt.Errorf("string_size() was called on column %q of type %s, which is not text", c.name, c.dtype)
			}
			return int64(c.stringSize()), nil
		}), true
	case "can_expand_to":
		return template.NewFunc(name, c.canExpandTo), true
	case "literal":
		return template.NewFunc(name, func(call *template.Call) (template.Value, error) {
			var v template.Value
			if err := call.Unpack("literal", "value", &v); err != nil {
				return nil, err
			}
			return template.Str(v) + "::" + c.dataType(), nil
		}), true
	case "flatten":
		return template.NewFunc(name, func(*template.Call) (template.Value, error) {
			return listOf(c.flatten()), nil
		}), true
	}
	return columnClass{}.Attr(name)
}

func (c *columnObject) canExpandTo(call *template.Call) (template.Value, error) {
	var v template.Value
	if err := call.Unpack("can_expand_to", "other_column", &v); err != nil {
		return nil, err
	}
	other, ok := v.(*columnObject)
	if !ok {
		return nil, fmt.Errorf("can_expand_to() takes a column")
	}
	if !isString(strings.ToLower(c.dtype)) || !isString(strings.ToLower(other.dtype)) {
		return false, nil
	}
	return other.stringSize() > c.stringSize(), nil
}

func (c *columnObject) stringSize() int {
	if n, ok := c.size.(int64); ok && c.dtype != "text" {
		return int(n)
	}
	return 256
}

func (c *columnObject) dataType() string {
	lower := strings.ToLower(c.dtype)
	if isString(lower) {
		return "character varying(" + strconv.Itoa(c.stringSize()) + ")"
	}
	if isNumeric(lower) {
		return numericType(c.dtype, c.numericPrecision, c.numScale)
	}
	return c.dtype
}

func numericType(dtype string, precision, scale template.Value) string {
	if precision == nil || scale == nil {
		return dtype
	}
	return dtype + "(" + template.Str(precision) + "," + template.Str(scale) + ")"
}

// structFields are the fields of a STRUCT column, as columns.
func (c *columnObject) structFields() []*columnObject {
	m := structType().FindStringSubmatch(c.dtype)
	if m == nil {
		return nil
	}
	var out []*columnObject
	for _, field := range splitTop(m[1]) {
		if name, dtype, ok := strings.Cut(strings.TrimSpace(field), " "); ok {
			out = append(out, newColumn(name, dtype))
		}
	}
	return out
}

func (c *columnObject) flatten() []*columnObject {
	if !isStruct(strings.ToLower(c.dtype)) {
		return []*columnObject{c}
	}
	var out []*columnObject
	for _, field := range c.structFields() {
		for _, leaf := range field.flatten() {
			out = append(out, newColumn(c.name+"."+leaf.name, leaf.dtype))
		}
	}
	return out
}

var structType = regex.Lazy(`(?is)^STRUCT\((.*)\)`)

// splitTop splits at commas that are not inside parentheses.
func splitTop(s string) []string {
	var out []string
	depth, start := 0, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				out = append(out, s[start:i])
				start = i + 1
			}
		}
	}
	return append(out, s[start:])
}

// columnTests are the questions is_...() by the lower-case type name.
var columnTests = map[string]func(string) bool{
	"is_string":  isString,
	"is_numeric": isNumeric,
	"is_float":   isFloat,
	"is_integer": isInteger,
	"is_struct":  isStruct,
	"is_number":  func(t string) bool { return isNumeric(t) || isFloat(t) || isInteger(t) },
}

func isString(t string) bool {
	return slices.Contains([]string{"text", "character varying", "character", "varchar"}, t)
}

func isNumeric(t string) bool { return t == "numeric" || t == "decimal" }

func isFloat(t string) bool {
	return slices.Contains([]string{"real", "float", "float4", "float8", "double"}, t)
}

func isInteger(t string) bool { return slices.Contains(integerTypes, t) }

var integerTypes = []string{
	"tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint",
	"uinteger", "ubigint", "int1", "int2", "int4", "int8", "short", "int", "signed", "long",
}

func isStruct(t string) bool { return strings.HasPrefix(t, "struct") }

// columnClass is api.Column: the class itself.
type columnClass struct{}

// TypeName is the Python type name.
func (columnClass) TypeName() string { return "type" }

// Name is the class's name.
func (columnClass) Name() string { return "api.Column" }

// Call makes a column of a name and a type.
func (columnClass) Call(c *template.Call) (template.Value, error) {
	var name, dtype string
	col := &columnObject{}
	err := c.Unpack("Column", "column", &name, "dtype", &dtype, "char_size?", &col.size,
		"numeric_precision?", &col.numericPrecision, "numeric_scale?", &col.numScale)
	col.name, col.dtype = name, dtype
	return col, err
}

// Attr returns a method of the class.
func (columnClass) Attr(name string) (template.Value, bool) {
	fn, ok := columnClassMethods[name]
	if !ok {
		return nil, false
	}
	return template.NewFunc("api.Column."+name, fn), true
}

var columnClassMethods = map[string]func(*template.Call) (template.Value, error){
	"create": func(c *template.Call) (template.Value, error) {
		var name, dtype string
		if err := c.Unpack("create", "name", &name, "label_or_dtype", &dtype); err != nil {
			return nil, err
		}
		return newColumn(name, translateType(dtype)), nil
	},
	"translate_type": func(c *template.Call) (template.Value, error) {
		var dtype string
		if err := c.Unpack("translate_type", "dtype", &dtype); err != nil {
			return nil, err
		}
		return translateType(dtype), nil
	},
	"string_type": func(c *template.Call) (template.Value, error) {
		var size template.Value
		if err := c.Unpack("string_type", "size", &size); err != nil {
			return nil, err
		}
		return "character varying(" + template.Str(size) + ")", nil
	},
	"numeric_type": func(c *template.Call) (template.Value, error) {
		var dtype string
		var precision, scale template.Value
		if err := c.Unpack("numeric_type", "dtype", &dtype, "precision", &precision, "scale", &scale); err != nil {
			return nil, err
		}
		return numericType(dtype, precision, scale), nil
	},
	"from_description": columnFromDescription,
}

func translateType(dtype string) string {
	if strings.EqualFold(dtype, "string") {
		return "TEXT"
	}
	return dtype
}

var described = regex.Lazy(`^([^(]+)(\([^)]+\))?`)

func columnFromDescription(c *template.Call) (template.Value, error) {
	var name, raw string
	if err := c.Unpack("from_description", "name", &name, "raw_data_type", &raw); err != nil {
		return nil, err
	}
	m := described().FindStringSubmatch(raw)
	if m == nil {
		return nil, fmt.Errorf("could not interpret data type %q", raw)
	}
	col := newColumn(name, m[1])
	if m[2] == "" {
		return col, nil
	}
	parts := strings.Split(m[2][1:len(m[2])-1], ",")
	nums := make([]template.Value, len(parts))
	for i, part := range parts {
		n, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
		if err != nil && len(parts) <= 2 {
			return nil, fmt.Errorf("could not interpret data type %q: %q is not an integer", raw, part)
		}
		nums[i] = n
	}
	switch len(parts) {
	case 1:
		col.size = nums[0]
	case 2:
		col.numericPrecision, col.numScale = nums[0], nums[1]
	}
	return col, nil
}

func listOf[T any](in []T) *template.List {
	out := &template.List{Elems: make([]template.Value, len(in))}
	for i, v := range in {
		out.Elems[i] = v
	}
	return out
}
