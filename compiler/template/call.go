package template

import (
	"errors"

	"elt/compiler/diag"
)

func (e *callExpr) eval(f *frame) (Value, error) { return e.evalWithCaller(f, nil) }

// evalWithCaller calls with the body of a call block, if any.
func (e *callExpr) evalWithCaller(f *frame, caller Callable) (Value, error) {
	fn, err := e.fn.eval(f)
	if err != nil {
		return nil, err
	}
	c, err := f.arguments(e.args, e.pos)
	if err != nil {
		return nil, err
	}
	c.Caller = caller
	v, err := f.call(fn, c)
	if err == nil {
		return v, nil
	}
	var ret *returnError
	if errors.As(err, &ret) {
		f.th.returnPlace = c.Place
	}
	return nil, f.fail(e.pos, err)
}

// call calls a value.
func (f *frame) call(fn Value, c *Call) (Value, error) {
	callee, ok := fn.(Callable)
	if !ok {
		if u, ok := fn.(*Undefined); ok {
			if u.lax {
				return u, nil
			}
			return nil, u.fail()
		}
		return nil, TypeErrorf("'%s' object is not callable", TypeName(fn))
	}
	if err := f.th.push(callee.Name(), c.Place); err != nil {
		return nil, err
	}
	v, err := callee.Call(c)
	f.th.pop()
	return v, err
}

// arguments evaluates the arguments of a call.
func (f *frame) arguments(a *callArgs, at pos) (*Call, error) {
	c := &Call{Place: f.place(at), Thread: f.th, text: a}
	if a == nil {
		return c, nil
	}
	var err error
	if len(a.args) > 0 {
		if c.Args, err = evalAll(f, a.args); err != nil {
			return nil, err
		}
	}
	if len(a.names) > 0 {
		c.Kwargs = make([]Kwarg, len(a.names))
	}
	for i, name := range a.names {
		v, err := a.values[i].eval(f)
		if err != nil {
			return nil, err
		}
		for _, k := range c.Kwargs[:i] {
			if k.Name == name {
				return nil, f.fail(at, diag.New(diag.TemplateSyntax, diag.Place{}, "keyword argument repeated: %s", name))
			}
		}
		c.Kwargs[i] = Kwarg{name, v, f.place(pos{a.places[i].start, a.values[i].span().end})}
	}
	c.written = len(c.Kwargs)
	if a.star != nil {
		if err := f.spreadArgs(c, a.star); err != nil {
			return nil, f.fail(a.star.span(), err)
		}
	}
	if a.kwds != nil {
		if err := f.spreadKwargs(c, a.kwds); err != nil {
			return nil, f.fail(a.kwds.span(), err)
		}
	}
	return c, nil
}

func (f *frame) spreadArgs(c *Call, e expr) error {
	v, err := e.eval(f)
	if err != nil {
		return err
	}
	more, err := Iterate(v)
	if err != nil {
		if isKind(err, "TypeError") {
			return TypeErrorf("Value after * must be an iterable, not %s", TypeName(v))
		}
		return err
	}
	c.Args = append(c.Args, more...)
	return nil
}

func (f *frame) spreadKwargs(c *Call, e expr) error {
	v, err := e.eval(f)
	if err != nil {
		return err
	}
	d, ok := asDict(v)
	if !ok {
		return TypeErrorf("argument after ** must be a mapping, not %s", TypeName(v))
	}
	for _, it := range d.Items() {
		name, ok := it.Key.(string)
		if !ok {
			return TypeErrorf("keywords must be strings")
		}
		for _, k := range c.Kwargs {
			if k.Name == name {
				return TypeErrorf("got multiple values for keyword argument %s", Repr(name))
			}
		}
		c.Kwargs = append(c.Kwargs, Kwarg{Name: name, Value: it.Value})
	}
	return nil
}

// Mapper is an Object that is a mapping: it can be spread with **, and is mapping is
// true for it.
type Mapper interface{ Mapping() *Dict }

// asDict returns a dict or what a mapping holds.
func asDict(v Value) (*Dict, bool) {
	switch x := v.(type) {
	case *Dict:
		return x, true
	case Mapper:
		return x.Mapping(), true
	}
	return nil, false
}

// unknown is the error of using a filter or a test that does not exist.
func (f *frame) unknown(at pos, what, name string, known []string) error {
	d := diag.New(diag.UnknownFilter, f.place(at), "No %s named %s found.", what, Repr(name))
	d.Hint = didYouMean(name, known)
	return reworded(d)
}
