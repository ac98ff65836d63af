package template

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flosch/pongo2/v6"

	"elt/compiler/diag"
)

// macroValue is a macro as a value: a definition and the frame it was defined in.
type macroValue struct {
	def   *macroStmt
	body  *pongo2.NodeWrapper
	outer *frame
	scope Scope
	lax   bool
	block bool // of a definition: dbt wraps these, and the wrapper tells nothing
}

// newMacroValue binds a definition to the frame that runs it.
func newMacroValue(f *frame, def *macroStmt, body *pongo2.NodeWrapper) *macroValue {
	return &macroValue{def: def, body: body, outer: f, scope: f.scope, lax: f.lax}
}

// Name returns the macro's name.
func (m *macroValue) Name() string {
	if m.def.name == "" {
		return "caller"
	}
	return m.def.name
}

// TypeName returns "Macro".
func (m *macroValue) TypeName() string { return "Macro" }

// Repr prints the macro's name.
func (m *macroValue) Repr() string {
	if m.def.name == "" {
		return "<Macro anonymous>"
	}
	return "<Macro " + Repr(m.def.name) + ">"
}

// Attr returns what Jinja tells about a macro.
func (m *macroValue) Attr(name string) (Value, bool) {
	if m.block {
		return nil, false
	}
	switch name {
	case "name":
		if m.def.name == "" {
			return nil, true
		}
		return m.def.name, true
	case "arguments":
		var names Tuple
		for _, p := range m.def.params {
			names = append(names, p.name)
		}
		return names, true
	case "catch_kwargs":
		return m.def.kwargs >= 0, true
	case "catch_varargs":
		return m.def.varargs >= 0, true
	case "caller":
		return m.def.caller >= 0 || m.def.explicitCaller, true
	}
	return nil, false
}

// Call runs the macro and returns its text, or the value given to return().
func (m *macroValue) Call(c *Call) (Value, error) {
	f := &frame{th: c.Thread, t: m.outer.t, scope: m.scope, outer: m.outer, lax: m.lax, joined: m.outer.joined || m.outer.native != nil,
		slots: newSlots(int(m.def.slots))}
	if err := m.bind(f, c); err != nil {
		return m.result(c, err)
	}
	f.out = f.th.buffer()
	m.body.Execute(nil, f)
	text := f.th.release(f.out)
	if f.err != nil {
		return m.result(c, f.err)
	}
	return text, nil
}

// result ends a call that raised an error: a return() gives its value, an error is
// given the place of the call. What a call block returns, its macro's caller returns.
func (m *macroValue) result(c *Call, err error) (Value, error) {
	if r, ok := err.(*returnError); ok {
		if m.def.kind == "call" {
			return nil, err
		}
		return r.value, nil
	}
	if d, ok := err.(*diag.Diagnostic); ok && !d.Place.IsZero() && !c.Place.IsZero() {
		const most = 20
		again := slices.ContainsFunc(d.Notes, func(n diag.Note) bool { return n.Place == c.Place }) // of a macro that calls itself
		if len(d.Notes) < most && m.def.kind != "call" && !again {
			d.WithNote(c.Place, "macro \"%s\" is called here", m.Name())
		}
	}
	return nil, err
}

// bind gives the parameters their values, as Jinja's Macro does.
func (m *macroValue) bind(f *frame, c *Call) error {
	d := m.def
	set := func(slot int32, v Value) { f.slots[slot-1] = v }
	kwargs := c.Kwargs
	if c.Caller != nil { // behind those that are written out, before those of **
		kwargs = slices.Insert(slices.Clone(kwargs), min(c.written, len(kwargs)), Kwarg{Name: "caller", Value: c.Caller})
	}
	taken := make([]bool, len(kwargs))
	pop := func(name string) (Value, bool) {
		for i, k := range kwargs {
			if !taken[i] && k.Name == name {
				taken[i] = true
				return k.Value, true
			}
		}
		return nil, false
	}
	for i, p := range d.params {
		if i < len(c.Args) {
			set(p.slot, c.Args[i])
		} else if v, ok := pop(p.name); ok {
			set(p.slot, v)
		}
	}
	if d.caller >= 0 {
		v, ok := pop("caller")
		if !ok || v == nil {
			v = &Undefined{Name: "caller", Hint: "No caller defined", lax: f.lax}
		}
		set(d.caller, v)
	}
	if err := m.rest(kwargs, taken, set); err != nil {
		return err
	}
	if d.varargs >= 0 {
		var extra Tuple
		if len(c.Args) > len(d.params) {
			extra = append(extra, c.Args[len(d.params):]...)
		}
		set(d.varargs, extra)
	} else if len(c.Args) > len(d.params) {
		return TypeErrorf("macro %s takes not more than %d argument(s)", m.reprName(), len(d.params))
	}
	f.enter(d.entry)
	return m.defaults(f)
}

func (m *macroValue) reprName() string {
	if m.def.name == "" {
		return "None"
	}
	return Repr(m.def.name)
}

// rest takes the keyword arguments that no parameter took.
func (m *macroValue) rest(kwargs []Kwarg, taken []bool, set func(int32, Value)) error {
	var rest *Dict
	if m.def.kwargs >= 0 {
		rest = NewDict()
		set(m.def.kwargs, rest)
	}
	unexpected, caller := "", false
	for i, k := range kwargs {
		switch {
		case taken[i]:
		case rest != nil:
			_ = rest.Set(k.Name, k.Value)
		default:
			if unexpected == "" {
				unexpected = k.Name
			}
			caller = caller || k.Name == "caller"
		}
	}
	switch {
	case caller:
		return TypeErrorf("macro %s was invoked with two values for the special caller argument. This is most likely a bug.", m.reprName())
	case unexpected != "":
		return &Exception{
			Kind: "TypeError", Hint: m.meant(unexpected),
			Message: fmt.Sprintf("macro %s takes no keyword argument %s", m.reprName(), Repr(unexpected)),
		}
	}
	return nil
}

// meant is a hint about an argument that the macro does not take: the name that is near, else those
// there are. A generic test is given its model and column; nobody writes those.
func (m *macroValue) meant(name string) string {
	var names []string
	for i, p := range m.def.params {
		if isTest := m.def.params[0].name == "model"; !isTest || i > 0 && p.name != "column_name" {
			names = append(names, p.name)
		}
	}
	switch near := didYouMean(name, names); {
	case near != "":
		return near
	case len(names) == 0:
		return ""
	}
	return "its arguments: " + strings.Join(names, ", ")
}

// defaults fills the parameters that got no value, in order.
func (m *macroValue) defaults(f *frame) error {
	for _, p := range m.def.params {
		if _, missing := f.slots[p.slot-1].(missingValue); !missing {
			continue
		}
		if p.def == nil {
			f.slots[p.slot-1] = &Undefined{Name: p.name, lax: f.lax,
				Hint: fmt.Sprintf("parameter %s was not provided", Repr(p.name))}
			continue
		}
		v, err := p.def.eval(f)
		if err != nil {
			return err
		}
		f.slots[p.slot-1] = v
	}
	return nil
}
