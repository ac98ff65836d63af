package template

import (
	"strings"
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
		return nil, f.fail(at, err)
	}
	return v, nil
}

// nativeOutput collects what a native template prints. Neighbouring constants that no
// tag separates are one piece.
type nativeOutput struct {
	pieces   []Value
	constant bool // the last piece is a constant
	group    int  // and belongs to this stretch between tags
	err      error
}

func (n *nativeOutput) addConstant(s string, group int) {
	if last := len(n.pieces) - 1; n.constant && n.group == group && last >= 0 {
		n.pieces[last] = n.pieces[last].(string) + s
		return
	}
	n.value(s)
	n.constant, n.group = true, group
}

// value adds a piece. As soon as there are two, they are text: what changes a value later,
// such as a namespace, is not seen in what was printed.
func (n *nativeOutput) value(v Value) {
	n.pieces = append(n.pieces, v)
	n.constant = false
	last := len(n.pieces) - 1
	if last == 1 {
		n.text(0)
	}
	if last > 0 {
		n.text(last)
	}
}

// text makes a piece text.
func (n *nativeOutput) text(i int) {
	s, err := toText(n.pieces[i])
	if n.pieces[i] = s; n.err == nil {
		n.err = err
	}
}

// result is dbt's quoted_native_concat.
func (n *nativeOutput) result() (Value, error) {
	if n.err != nil {
		return nil, n.err
	}
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
		b.WriteString(v.(string))
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

// unmarked is the text of a mark, which is a str to all but the end of the rendering.
func unmarked(v Value) Value {
	if m, ok := v.(*nativeMark); ok {
		return m.text
	}
	return v
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
