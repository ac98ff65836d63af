package lineage

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// each walks expressions over a relation.
func (w *walker) each(list []expression, in *relation) ([]value, error) {
	values := make([]value, 0, len(list))
	for i := range list {
		v, err := w.expression(&list[i], in)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

// uses is what some expressions use together; nil ones are left out.
func (w *walker) uses(in *relation, list ...*expression) (uses, error) {
	var all uses
	for _, e := range list {
		if e == nil {
			continue
		}
		v, err := w.expression(e, in)
		if err != nil {
			return nil, err
		}
		all = all.with(v.uses)
	}
	return all, nil
}

func (w *walker) orders(list []order, in *relation) (uses, error) {
	var all uses
	for i := range list {
		v, err := w.expression(&list[i].Expression, in)
		if err != nil {
			return nil, err
		}
		all = all.with(v.uses)
	}
	return all, nil
}

// expression walks one expression over a relation.
func (w *walker) expression(e *expression, in *relation) (value, error) {
	switch e.Class {
	case "BOUND_REF":
		if e.Index < 0 || e.Index >= len(in.columns) {
			return value{}, fmt.Errorf("column %d of %d is read", e.Index, len(in.columns))
		}
		return in.columns[e.Index], nil
	case "BOUND_COLUMN_REF":
		return bound(e, in)
	case "BOUND_CONSTANT", "BOUND_DEFAULT", "BOUND_PARAMETER", "BOUND_LAMBDA_REF":
		return value{}, nil
	case "BOUND_CAST":
		return w.cast(e, in)
	case "BOUND_UNNEST":
		if e.Child == nil {
			return value{}, fmt.Errorf("UNNEST of nothing")
		}
		list, err := w.expression(e.Child, in)
		return list.part(element), err
	case "BOUND_CASE":
		return w.caseOf(e, in)
	case "BOUND_AGGREGATE":
		return w.aggregateCall(e, in)
	case "BOUND_WINDOW":
		return w.window(e, in)
	case "BOUND_FUNCTION":
		arguments, err := w.each(e.Children, in)
		if err != nil {
			return value{}, err
		}
		if elementwise[e.Name] && e.Lambda != nil && e.Lambda.Body != nil {
			return w.eachElement(e.Lambda, arguments)
		}
		return call(e, arguments), nil
	case "BOUND_COMPARISON", "BOUND_CONJUNCTION", "BOUND_OPERATOR", "BOUND_BETWEEN", "BOUND_LAMBDA":
		arguments, err := w.each(e.Children, in)
		if err != nil {
			return value{}, err
		}
		captures, err := w.each(e.Captures, in)
		if err != nil {
			return value{}, err
		}
		more, err := w.uses(in, e.Left, e.Right, e.Input, e.Lower, e.Upper)
		return value{uses: merge(arguments).with(merge(captures)).with(more).raised(transformed)}, err
	}
	return value{}, fmt.Errorf("the expression %s is not known", e.Class)
}

// bound finds a column by the plan's own name. DuckDB leaves them below table functions.
func bound(e *expression, in *relation) (value, error) {
	if e.Binding != nil {
		for i, b := range in.bindings {
			if b == *e.Binding {
				return in.columns[i], nil
			}
		}
	}
	return value{}, fmt.Errorf("the column %q is bound to nothing", e.Alias)
}

// cast walks a cast. One from struct to struct goes field by field, by name.
func (w *walker) cast(e *expression, in *relation) (value, error) {
	if e.Child == nil {
		return value{}, fmt.Errorf("a cast of nothing")
	}
	v, err := w.expression(e.Child, in)
	if err != nil {
		return value{}, err
	}
	out := v.transformed()
	if e.ReturnType.ID != "STRUCT" || v.parts == nil {
		return out, nil
	}
	out.parts = map[string]value{}
	for _, field := range e.ReturnType.Info.Fields {
		name := strings.ToLower(field.Name)
		if part, ok := v.parts[name]; ok {
			out.parts[name] = part.transformed()
		}
	}
	return out, nil
}

func (w *walker) caseOf(e *expression, in *relation) (value, error) {
	out, err := w.uses(in, e.Else)
	if err != nil {
		return value{}, err
	}
	replaced, err := w.replacesNull(e, in)
	if err != nil {
		return value{}, err
	}
	for i := range e.Checks {
		when, err := w.expression(&e.Checks[i].When, in)
		if err != nil {
			return value{}, err
		}
		then, err := w.expression(&e.Checks[i].Then, in)
		if err != nil {
			return value{}, err
		}
		out = out.with(then.uses)
		if !replaced {
			out = out.with(when.uses.in(asCondition, transformed))
		}
	}
	return value{uses: out.raised(transformed)}, nil
}

// replacesNull reports whether a CASE gives a value or, where it is NULL, a constant. That
// is coalesce, and so DuckDB turns the NULL of a missing group into the 0 of a count and
// the [] of an array.
func (w *walker) replacesNull(e *expression, in *relation) (bool, error) {
	if len(e.Checks) != 1 || e.Else == nil || e.Else.Class != "BOUND_REF" {
		return false, nil
	}
	when := &e.Checks[0].When
	if when.Type != "OPERATOR_IS_NULL" || len(when.Children) != 1 ||
		when.Children[0].Class != "BOUND_REF" || when.Children[0].Index != e.Else.Index {
		return false, nil
	}
	then, err := w.uses(in, &e.Checks[0].Then)
	return len(then) == 0, err
}

// elementwise are the functions that compute each element of a list from one of another.
var elementwise = map[string]bool{"list_transform": true, "array_transform": true, "list_apply": true, "array_apply": true, "apply": true}

// eachElement is the result of an elementwise function.
func (w *walker) eachElement(l *lambda, arguments []value) (value, error) {
	if len(arguments) == 0 {
		return value{}, fmt.Errorf("a lambda over no list")
	}
	list := arguments[0]
	in := &relation{}
	if l.HasIndex {
		in.columns = append(in.columns, value{})
	}
	in.columns = append(append(in.columns, list.part(element)), arguments[1:]...)
	made, err := w.expression(l.Body, in)
	if err != nil {
		return value{}, err
	}
	made = made.over(func(u uses) uses { return u.raised(transformed) })
	out := value{uses: made.uses, parts: map[string]value{element: made}, fixed: list.fixed}
	if _, known := list.parts[element]; !known || len(made.uses) == 0 && !list.fixed {
		out.uses = out.uses.with(list.uses.raised(transformed)) // at least its length comes from there
	}
	return out, nil
}

// call is the result of a scalar function. Those that build and take apart structs and
// lists keep track of what is inside.
func call(e *expression, arguments []value) value {
	out := value{uses: merge(arguments).raised(transformed)}
	switch e.Name {
	case "struct_pack", "row":
		out.parts = map[string]value{}
		for i, v := range arguments {
			name := position(strconv.Itoa(i + 1))
			if i < len(e.ReturnType.Info.Fields) && e.ReturnType.Info.Fields[i].Name != "" {
				name = strings.ToLower(e.ReturnType.Info.Fields[i].Name)
			}
			out.parts[name] = v
		}
	case "list_value", "unpivot_list":
		out.fixed = true
		if len(arguments) == 0 {
			break
		}
		elements := arguments[0]
		for _, v := range arguments[1:] {
			elements = elements.or(v)
		}
		out.parts = map[string]value{element: elements.over(func(u uses) uses { return u.raised(transformed) })}
	case "struct_extract", "array_extract", "struct_extract_at", "list_extract", "list_element":
		if len(arguments) == 2 && arguments[0].parts != nil {
			return taken(e, arguments)
		}
	}
	return out
}

// taken is a field of a struct or an element of a list whose parts are known.
func taken(e *expression, arguments []value) value {
	whole := arguments[0]
	if elements, ok := whole.parts[element]; ok {
		return elements.over(func(u uses) uses { return u.with(arguments[1].uses).raised(transformed) })
	}
	key := &e.Children[1]
	for key.Class == "BOUND_CAST" && key.Child != nil {
		key = key.Child
	}
	if name := key.Value.text(); name != "" {
		return whole.part(name)
	}
	var number json.Number
	if key.Value != nil && json.Unmarshal(key.Value.Value, &number) == nil && number != "" {
		return whole.part(position(number.String()))
	}
	return value{uses: merge(arguments).raised(transformed)}
}
