package template

import "strings"

func (e *constExpr) eval(*frame) (Value, error) { return e.v, nil }

func (e *nameExpr) eval(f *frame) (Value, error) {
	global := true
	if e.ref.slot > 0 {
		if v, ok := f.lookup(e.ref); ok {
			return v, nil
		}
		global = e.ref.fallback || f.standalone(e.ref)
	}
	if global {
		if f.scope != nil {
			if v, ok := f.scope.Lookup(e.name); ok {
				return v, nil
			}
		}
		if v, ok := builtins[e.name]; ok {
			return v, nil
		}
	}
	return &Undefined{Name: e.name, Place: f.place(e.pos), lax: f.lax, free: true}, nil
}

func evalAll(f *frame, es []expr) ([]Value, error) {
	out := make([]Value, len(es))
	for i, e := range es {
		v, err := e.eval(f)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func (e *listExpr) eval(f *frame) (Value, error) {
	elems, err := evalAll(f, e.elems)
	if err != nil {
		return nil, err
	}
	return &List{Elems: elems}, nil
}

func (e *tupleExpr) eval(f *frame) (Value, error) {
	elems, err := evalAll(f, e.elems)
	if err != nil {
		return nil, err
	}
	return Tuple(elems), nil
}

func (e *dictExpr) eval(f *frame) (Value, error) {
	d := &Dict{}
	if len(e.pairs) > 0 {
		d.entries = make([]Item, 0, len(e.pairs)/2)
	}
	for i := 0; i < len(e.pairs); i += 2 {
		k, err := e.pairs[i].eval(f)
		if err != nil {
			return nil, err
		}
		v, err := e.pairs[i+1].eval(f)
		if err != nil {
			return nil, err
		}
		if err := d.Set(k, v); err != nil {
			return nil, f.fail(e.pairs[i].span(), err)
		}
	}
	return d, nil
}

func (e *unaryExpr) eval(f *frame) (Value, error) {
	x, err := e.x.eval(f)
	if err != nil {
		return nil, err
	}
	v, err := unary(e.op, x)
	if err != nil {
		return nil, f.fail(e.pos, err)
	}
	return v, nil
}

func (e *notExpr) eval(f *frame) (Value, error) {
	x, err := e.x.eval(f)
	if err != nil {
		return nil, err
	}
	return !Truth(x), nil
}

func (e *binaryExpr) eval(f *frame) (Value, error) {
	a, err := e.a.eval(f)
	if err != nil {
		return nil, err
	}
	b, err := e.b.eval(f)
	if err != nil {
		return nil, err
	}
	v, err := binary(e.op, a, b)
	if err == nil {
		err = f.grew(v)
	}
	if err != nil {
		return nil, f.fail(e.span(), err)
	}
	return v, nil
}

// grew counts long texts and lists that are computed towards the output limit, so
// that doubling one in a loop ends in a message.
func (f *frame) grew(v Value) error {
	const long = 4096
	n := 0
	switch x := v.(type) {
	case string:
		n = len(x) / 16
	case *List:
		n = len(x.Elems) * 2
	case Tuple:
		n = len(x) * 2
	}
	if n < long {
		return nil
	}
	return f.th.wrote(n)
}

func (e *logicExpr) eval(f *frame) (Value, error) {
	a, err := e.a.eval(f)
	if err != nil || Truth(a) == e.or {
		return a, err
	}
	return e.b.eval(f)
}

func (e *concatExpr) eval(f *frame) (Value, error) {
	values, err := evalAll(f, e.parts) // all of them before the first is printed
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for i, part := range e.parts {
		s, err := toText(values[i])
		if err != nil {
			return nil, f.fail(part.span(), err)
		}
		if b.WriteString(s); b.Len() > maxRepeat {
			return nil, f.fail(e.span(), errTooLarge)
		}
	}
	if err := f.grew(b.String()); err != nil {
		return nil, f.fail(e.span(), err)
	}
	return b.String(), nil
}

func (e *compareExpr) eval(f *frame) (Value, error) {
	a, err := e.first.eval(f)
	if err != nil {
		return nil, err
	}
	for i, op := range e.ops {
		b, err := op.x.eval(f)
		if err != nil {
			return nil, err
		}
		_, hashed := b.(*Dict)
		if op.op == "in" && !hashed || op.op == "not in" && !hashed {
			err = f.th.spend(b)
		}
		ok := false
		if err == nil {
			ok, err = comparison2(op.op, a, b)
		}
		if err != nil {
			return nil, f.fail(e.span(), err)
		}
		if !ok || i == len(e.ops)-1 {
			return ok, nil
		}
		a = b
	}
	return true, nil
}

// comparison2 evaluates one comparison of two values.
func comparison2(op string, a, b Value) (bool, error) {
	switch op {
	case "==":
		return Equal(a, b), nil
	case "!=":
		return !Equal(a, b), nil
	case "in":
		return contains(b, a)
	case "not in":
		ok, err := contains(b, a)
		return !ok, err
	}
	return compareOp(op, a, b)
}

func (e *condExpr) eval(f *frame) (Value, error) {
	test, err := e.test.eval(f)
	switch {
	case err != nil:
		return nil, err
	case Truth(test):
		return e.a.eval(f)
	case e.b != nil:
		return e.b.eval(f)
	}
	return &Undefined{Hint: "the inline if-expression evaluated to false and no else section was defined.",
		Place: f.place(e.span())}, nil
}

func (e *attrExpr) eval(f *frame) (Value, error) {
	x, err := e.x.eval(f)
	if err != nil {
		return nil, err
	}
	v, err := f.attr(x, e.name)
	if err != nil {
		return nil, f.fail(e.pos, err)
	}
	return v, nil
}

func (e *indexExpr) eval(f *frame) (Value, error) {
	x, err := e.x.eval(f)
	if err != nil {
		return nil, err
	}
	key, err := e.key.eval(f)
	if err != nil {
		return nil, err
	}
	v, err := f.item(x, key)
	if err != nil {
		return nil, f.fail(e.pos, err)
	}
	return v, nil
}

func (e *sliceExpr) eval(f *frame) (Value, error) {
	if e.x == nil {
		return nil, f.fail(e.pos, TypeErrorf("a slice cannot be part of a key"))
	}
	var parts [4]Value
	for i, part := range [...]expr{e.x, e.start, e.stop, e.step} {
		if part == nil {
			continue
		}
		v, err := part.eval(f)
		if err != nil {
			return nil, err
		}
		parts[i] = v
	}
	v, err := sliceValue(parts[0], parts[1], parts[2], parts[3])
	if quiet := e.quiet || e.quietText && f.native == nil && !f.joined; quiet && isKind(err, "TypeError") {
		return &Undefined{Hint: "there is no slice of a " + TypeName(parts[0]), lax: f.lax}, nil
	}
	if err != nil {
		return nil, f.fail(e.pos, err)
	}
	return v, nil
}

func (e *filterExpr) eval(f *frame) (Value, error) {
	x, err := e.x.eval(f)
	if err != nil {
		return nil, err
	}
	return e.applyOne(f, x)
}

// apply runs a chain of filters, whose first one has no operand, on a text.
func (e *filterExpr) apply(f *frame, text Value) (Value, error) {
	if inner, ok := e.x.(*filterExpr); ok {
		v, err := inner.apply(f, text)
		if err != nil {
			return nil, err
		}
		text = v
	}
	return e.applyOne(f, text)
}

func (e *filterExpr) applyOne(f *frame, x Value) (Value, error) {
	if e.fn == nil {
		return nil, f.unknown(e.pos, "filter", e.name, filterNames())
	}
	c, err := f.arguments(e.args, e.pos)
	if err != nil {
		return nil, err
	}
	if err := f.th.step(); err != nil {
		return nil, f.fail(e.pos, err)
	}
	if !quickFilters[e.name] {
		if err := f.th.spend(x); err != nil {
			return nil, f.fail(e.pos, err)
		}
	}
	v, err := e.fn(f, x, c)
	if err == nil {
		err = f.grew(v)
	}
	if err != nil {
		return nil, f.fail(e.pos, err)
	}
	return v, nil
}

func (e *testExpr) eval(f *frame) (Value, error) {
	x, err := e.x.eval(f)
	if err != nil {
		return nil, err
	}
	if e.fn == nil {
		return nil, f.unknown(e.pos, "test", e.name, testNames())
	}
	c, err := f.arguments(e.args, e.pos)
	if err != nil {
		return nil, err
	}
	ok, err := e.fn(f, x, c)
	if err != nil {
		return nil, f.fail(e.pos, err)
	}
	return ok, nil
}
