package template

import (
	"context"
	"strings"

	"elt/compiler/diag"
)

// RenderNative runs the template as dbt runs those in YAML: a template that is one
// expression keeps the expression's type, every other one gives text. Constants are
// text too ("{{ 1 }}" gives "1"), as dbt has it. The filters as_native, as_bool and
// as_number read a text as a Python literal, as_text protects it from being read.
func (t *Template) RenderNative(th *Thread, scope Scope) (Value, error) {
	f := t.frame(th, scope)
	f.native = &nativeOutput{}
	f.out = &buffer{}
	if err := f.runTemplate(); err != nil {
		return nil, err
	}
	v, err := f.native.result()
	if err != nil {
		at := pos{0, int32(len(t.src.Text))}
		return nil, f.fail(at, diag.New(diag.TemplateError, diag.Place{}, "%s", err.Error()))
	}
	return v, nil
}

// nativeOutput collects what a native template prints. Neighbouring constants that no
// tag separates are one piece.
type nativeOutput struct {
	pieces   []Value
	constant bool // the last piece is a constant
	group    int  // and belongs to this stretch between tags
}

func (n *nativeOutput) addConstant(s string, group int) {
	if last := len(n.pieces) - 1; n.constant && n.group == group && last >= 0 {
		n.pieces[last] = n.pieces[last].(string) + s
		return
	}
	n.pieces = append(n.pieces, s)
	n.constant, n.group = true, group
}

func (n *nativeOutput) value(v Value) {
	n.pieces = append(n.pieces, v)
	n.constant = false
}

// result is dbt's quoted_native_concat.
func (n *nativeOutput) result() (Value, error) {
	switch len(n.pieces) {
	case 0:
		return "", nil
	case 1:
		m, ok := n.pieces[0].(*nativeMark)
		if !ok {
			return n.pieces[0], nil
		}
		return m.read()
	}
	var b strings.Builder
	for _, v := range n.pieces {
		s, err := toText(v)
		if err != nil {
			return nil, err
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

// nativeMark is what as_native and its like return in a native template: a text, and
// how to read it.
type nativeMark struct {
	text string
	want string // "bool", "number", "text" or "" for any type
}

// asNative is a filter that marks a value in a native template; elsewhere it returns
// the value.
func asNative(want string) filterFunc {
	return func(f *frame, v Value, c *Call) (Value, error) {
		if err := c.Unpack("as_" + want); err != nil {
			return nil, err
		}
		if f.native == nil {
			return v, nil
		}
		s, err := toText(v)
		return &nativeMark{s, want}, err
	}
}

func (m *nativeMark) read() (Value, error) {
	if m.want == "text" {
		return m.text, nil
	}
	v, ok := parseLiteral(m.text)
	if !ok {
		v = m.text
	}
	_, isBool := v.(bool)
	switch {
	case m.want == "bool" && !isBool,
		m.want == "number" && (isBool || !isNumber(v)):
		return nil, ValueErrorf("Could not convert value '%s' into type '%s'", m.text, m.want)
	}
	return v, nil
}

// TypeName returns "str": the mark is a text to everybody else.
func (m *nativeMark) TypeName() string { return "str" }

// Attr returns the methods of the text.
func (m *nativeMark) Attr(name string) (Value, bool) {
	if fn := methodOf(m.text, name); fn != nil {
		return fn, true
	}
	return nil, false
}

// Str returns the text.
func (m *nativeMark) Str() string { return m.text }

// Repr returns the text quoted.
func (m *nativeMark) Repr() string { return quote(m.text) }

// Truth reports whether there is any text.
func (m *nativeMark) Truth() bool { return m.text != "" }

// Equal compares as text.
func (m *nativeMark) Equal(other Value) bool {
	if o, ok := other.(*nativeMark); ok {
		return o.text == m.text
	}
	return other == m.text
}

// constText returns the text of a constant expression, which Jinja folds when it
// compiles a template.
func constText(v Value, e expr) (string, bool) {
	if !folds(e) || !isSafe(v) { // in this order: what folds holds no value that holds itself
		return "", false
	}
	s, err := toText(v)
	return s, err == nil
}

// folds reports whether Jinja computes an expression when it compiles a template:
// what it needs for the result must be constant.
func folds(e expr) bool {
	switch x := e.(type) {
	case *logicExpr:
		if !folds(x.a) {
			return false
		}
		a, err := evalFolded(x.a)
		return err == nil && (Truth(a) == x.or || folds(x.b))
	case *condExpr:
		if !folds(x.test) {
			return false
		}
		test, err := evalFolded(x.test)
		switch {
		case err != nil:
			return false
		case Truth(test):
			return folds(x.a)
		}
		return x.b != nil && folds(x.b)
	case *compareExpr:
		return foldsCompare(x)
	case *nameExpr, *callExpr:
		return false
	}
	if f, ok := e.(*filterExpr); ok && contextFilters[f.name] {
		return false
	}
	all := true
	children(e, func(c expr) { all = all && folds(c) })
	return all
}

// foldsCompare is folds of a comparison, which ends where a part of it is false.
func foldsCompare(x *compareExpr) bool {
	if !folds(x.first) {
		return false
	}
	for i, op := range x.ops {
		if !folds(op.x) {
			return false
		}
		v, err := evalFolded(&compareExpr{first: x.first, ops: x.ops[:i+1]})
		if err != nil {
			return false
		}
		if v == false {
			return true
		}
	}
	return true
}

// evalFolded evaluates an expression that folds.
func evalFolded(e expr) (Value, error) {
	return e.eval(&frame{th: NewThread(context.Background()), t: &Template{src: diag.NewSource("", "")}})
}

// contextFilters are the filters that Jinja gives the context, and so cannot compute
// beforehand.
var contextFilters = map[string]bool{"map": true, "select": true, "selectattr": true,
	"reject": true, "rejectattr": true, "random": true}

// isSafe reports whether a value can stand in compiled code.
func isSafe(v Value) bool {
	switch x := v.(type) {
	case *List:
		return allSafe(x.Elems)
	case Tuple:
		return allSafe(x)
	case *Set:
		return allSafe(x.Elems())
	case *Dict:
		return allSafe(x.Keys()) && allSafe(x.Values())
	case nil, string, *rangeValue:
		return true
	}
	return isNumber(v)
}

func allSafe(vs []Value) bool {
	for _, v := range vs {
		if !isSafe(v) {
			return false
		}
	}
	return true
}
