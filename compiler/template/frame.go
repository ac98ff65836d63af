package template

import (
	"errors"

	"github.com/flosch/pongo2/v6"

	"elt/compiler/diag"
)

// frame is the state of one function that runs: a template or a macro. It is the
// writer that pongo2 hands from node to node.
type frame struct {
	th     *Thread
	t      *Template
	scope  Scope
	slots  []Value // variables; nil in the outer frame of a macro that stands alone
	outer  *frame  // where the macro was defined
	out    *buffer
	native *nativeOutput // nil but for native rendering
	joined bool          // what is printed is joined natively: only text can be
	group  int           // counts tags, which separate what is printed
	lax    bool          // undefined values are lax
	signal signal
	err    error
}

// signal says why a body was left.
type signal uint8

const (
	sigNone signal = iota
	sigError
	sigBreak
	sigContinue
)

// missingValue is what an empty slot holds.
type missingValue struct{}

func newSlots(n int) []Value {
	if n == 0 {
		return []Value{}
	}
	slots := make([]Value, n)
	for i := range slots {
		slots[i] = missingValue{}
	}
	return slots
}

// Write writes text; pongo2 never calls it, because no text reaches its documents.
func (f *frame) Write(b []byte) (int, error) { return f.WriteString(string(b)) }

// WriteString is [frame.Write] for a string.
func (f *frame) WriteString(s string) (int, error) { return len(s), f.print(s, pos{}) }

// stop ends the block that runs, unless err is nil.
func (f *frame) stop(err error) *pongo2.Error {
	if err == nil {
		return nil
	}
	f.signal, f.err = sigError, err
	return stopped
}

// lookup returns the value in a slot; ok is false where it is empty.
func (f *frame) lookup(r ref) (v Value, ok bool) {
	at := f
	for range r.hops {
		at = at.outer
	}
	if at.slots == nil {
		return nil, false
	}
	v = at.slots[r.slot-1]
	_, missing := v.(missingValue)
	return v, !missing
}

func (f *frame) store(r ref, v Value) {
	at := f
	for range r.hops {
		at = at.outer
	}
	if at.slots != nil {
		at.slots[r.slot-1] = v
	}
}

// standalone reports whether a slot belongs to a file whose top level does not run.
func (f *frame) standalone(r ref) bool {
	at := f
	for range r.hops {
		at = at.outer
	}
	return at.slots == nil
}

// enter fills the slots of a scope that is entered.
func (f *frame) enter(entry []slotInit) {
	for _, in := range entry {
		var v Value = missingValue{}
		if in.from.slot > 0 {
			if outer, ok := f.lookup(in.from); ok {
				v = outer
			}
		}
		f.slots[in.slot-1] = v
	}
}

// capture runs a body and returns what it prints.
func (f *frame) capture(body *pongo2.NodeWrapper) (string, bool) {
	return f.captured(func() *pongo2.Error { return body.Execute(nil, f) })
}

// captured runs a function and returns what it prints; false says that the block must be
// left.
func (f *frame) captured(run func() *pongo2.Error) (string, bool) {
	out, native, joined := f.out, f.native, f.joined
	f.out, f.native, f.joined = f.th.buffer(), nil, joined || native != nil
	ok := run() == nil
	text := f.th.release(f.out)
	f.out, f.native, f.joined = out, native, joined
	return text, ok
}

// run runs statements without a body; false says that the block must be left.
func (f *frame) run(leaves []stmt) bool {
	f.group++
	for _, s := range leaves {
		if err := f.th.step(); err != nil {
			f.stop(f.fail(leafPos(s), err))
			return false
		}
		var err error
		switch x := s.(type) {
		case *textStmt:
			err = f.text(x)
		case *printStmt:
			var v Value
			if v, err = x.e.eval(f); err == nil {
				err = f.printExpr(v, x.e)
			}
		case *setStmt:
			var v Value
			if v, err = x.e.eval(f); err == nil {
				err = f.assign(&x.target, v)
			}
			f.group++
		case *doStmt:
			_, err = x.e.eval(f)
			f.group++
		case *loopCtrl:
			f.signal = sigContinue
			if x.brk {
				f.signal = sigBreak
			}
			return false
		}
		if err != nil {
			f.stop(err)
			return false
		}
	}
	return true
}

func leafPos(s stmt) pos {
	switch x := s.(type) {
	case *textStmt:
		return x.pos
	case *printStmt:
		return x.e.span()
	case *setStmt:
		return x.target.pos
	case *doStmt:
		return x.e.span()
	}
	return s.(*loopCtrl).pos
}

// text prints literal text.
func (f *frame) text(x *textStmt) error {
	if f.native != nil {
		f.native.addConstant(x.text, f.group)
		return nil
	}
	if err := f.th.wrote(len(x.text)); err != nil {
		return f.fail(x.pos, err)
	}
	f.out.literal(x)
	return nil
}

// printExpr prints the value of an expression.
func (f *frame) printExpr(v Value, e expr) error {
	if f.native != nil {
		if s, ok := constText(v, e); ok {
			f.native.addConstant(s, f.group)
		} else {
			f.native.value(v)
		}
		return nil
	}
	if f.joined && !isString(v) {
		if _, ok := constText(v, e); !ok {
			return f.fail(e.span(), TypeErrorf("sequence item: expected str instance, %s found", TypeName(v)))
		}
	}
	return f.print(v, e.span())
}

// print prints a value that the source at the given span made.
func (f *frame) print(v Value, at pos) error {
	if f.native != nil {
		f.native.value(v)
		return nil
	}
	s, err := toText(v)
	if err != nil {
		return f.fail(at, err)
	}
	if err := f.th.wrote(len(s)); err != nil {
		return f.fail(at, err)
	}
	f.out.made(s, at)
	return nil
}

// printText prints the result of a call or filter block, which must be text: these
// Jinja does not convert.
func (f *frame) printText(v Value, at pos) error {
	switch v.(type) {
	case string, *nativeMark:
		return f.print(v, at)
	}
	if f.native != nil {
		return f.print(v, at)
	}
	return f.fail(at, TypeErrorf("sequence item: expected str instance, %s found", TypeName(v)))
}

// assign stores a value in a target.
func (f *frame) assign(t *target, v Value) error {
	switch {
	case t.name == nil:
		return f.unpack(t, v)
	case t.attr == "":
		f.store(t.name.ref, v)
		return nil
	}
	have, err := t.name.eval(f)
	if err != nil {
		return err
	}
	ns, ok := have.(*Namespace)
	if !ok {
		return f.fail(t.pos, exceptionf("TemplateRuntimeError", "cannot assign attribute on non-namespace object"))
	}
	return ns.vars.Set(t.attr, v)
}

// unpack assigns the elements of a value to the parts of a target.
func (f *frame) unpack(t *target, v Value) error {
	elems, err := Iterate(v)
	if err != nil {
		if isKind(err, "TypeError") {
			err = TypeErrorf("cannot unpack non-iterable %s object", TypeName(v))
		}
		return f.fail(t.pos, err)
	}
	want := len(t.tuple)
	switch {
	case len(elems) < want:
		err = ValueErrorf("not enough values to unpack (expected %d, got %d)", want, len(elems))
	case len(elems) > want:
		err = ValueErrorf("too many values to unpack (expected %d)", want)
	}
	if err != nil {
		return f.fail(t.pos, err)
	}
	for i := range t.tuple {
		if err := f.assign(&t.tuple[i], elems[i]); err != nil {
			return err
		}
	}
	return nil
}

func (f *frame) place(at pos) diag.Place {
	return diag.Place{Source: f.t.src, Span: diag.Span{Start: int(at.start), End: int(at.end)}}
}

// fail turns an error into a diagnostic at a span, unless it is one already.
func (f *frame) fail(at pos, err error) error {
	var d *diag.Diagnostic
	var l diag.List
	var ret *returnError
	switch {
	case errors.As(err, &ret), errors.As(err, &l):
		return err
	case errors.As(err, &d):
		if d.Place.IsZero() {
			d.Place = f.place(at)
		}
		return err
	}
	var u *undefinedError
	if errors.As(err, &u) {
		d = diag.New(diag.UndefinedName, f.place(at), "%s", u.Error())
		if s := u.suggestion(f.scope); s != "" {
			d.Hint = "did you mean \"" + s + "\"?"
		}
		d.Err = err
		return reworded(d)
	}
	d = diag.New(diag.TemplateError, f.place(at), "%s", err.Error())
	d.Err = err
	var e *Exception
	if errors.As(err, &e) {
		d.Hint = e.Hint
	}
	return reworded(d)
}
