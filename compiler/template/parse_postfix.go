package template

import (
	"slices"

	"elt/compiler/diag"
)

// What may follow an operand: attributes, subscripts, calls, filters and tests.

func (p *parser) postfix(e expr) expr {
	for {
		switch t := p.cur(); {
		case t.is("."):
			e = p.attribute(e)
		case t.is("["):
			e = p.subscript(e)
		case t.is("("):
			e = p.call(e)
		default:
			return e
		}
	}
}

func (p *parser) attribute(x expr) expr {
	p.advance()
	t := p.advance()
	at := pos{x.span().start, t.end}
	switch t.kind {
	case tokName:
		return &attrExpr{x, t.text, at}
	case tokInt:
		return &indexExpr{x, &constExpr{intValue(t.text), pos{t.start, t.end}}, at}
	}
	p.fail(pos{t.start, t.end}, "expected name or number")
	return nil
}

func (p *parser) subscript(x expr) expr {
	p.nest()
	defer p.unnest()
	open := p.advance()
	var keys []expr
	for !p.cur().is("]") {
		if len(keys) > 0 {
			p.expectOp(",")
		}
		keys = append(keys, p.subscribed())
	}
	at := pos{x.span().start, p.expectOp("]").end}
	if len(keys) != 1 {
		return &indexExpr{x, &tupleExpr{keys, pos{open.start, at.end}}, at}
	}
	if s, ok := keys[0].(*sliceExpr); ok && s.x == nil {
		s.x, s.pos = x, at
		p.foldOdd(s)
		return s
	}
	return &indexExpr{x, keys[0], at}
}

// subscribed parses one subscript, which may be a slice.
func (p *parser) subscribed() expr {
	s := &sliceExpr{pos: p.curPos()}
	if !p.cur().is(":") {
		e := p.expression()
		if !p.cur().is(":") {
			return e
		}
		s.start = e
	}
	p.expectOp(":")
	bound := func() bool { return !p.cur().is(":") && !p.cur().is("]") && !p.cur().is(",") }
	if bound() {
		s.stop = p.expression()
	}
	if p.skipOp(":") && bound() {
		s.step = p.expression()
	}
	return s
}

func (p *parser) call(fn expr) expr {
	args, end := p.callArgs()
	return &callExpr{fn, args, pos{fn.span().start, end}}
}

// callArgs parses arguments in parentheses and returns the offset behind them.
func (p *parser) callArgs() (*callArgs, int32) {
	p.nest()
	defer p.unnest()
	open := p.expectOp("(")
	var a callArgs
	ensure := func(ok bool) {
		if !ok {
			p.fail(pos{open.start, p.cur().end}, "invalid syntax for function call expression")
		}
	}
	comma := false
	for !p.cur().is(")") {
		if comma {
			p.expectOp(",")
			if p.cur().is(")") {
				break
			}
		}
		comma = true
		switch t := p.cur(); {
		case t.is("*"):
			ensure(a.star == nil && a.kwds == nil)
			p.advance()
			a.star = p.expression()
		case t.is("**"):
			ensure(a.kwds == nil)
			p.advance()
			a.kwds = p.expression()
		case t.kind == tokName && p.look().is("="):
			ensure(a.kwds == nil)
			p.advance()
			p.advance()
			if slices.Contains(a.names, t.text) {
				p.failCompiled(diag.New(diag.TemplateSyntax, p.place(pos{t.start, t.end}), "keyword argument repeated: %s", t.text))
			}
			a.names, a.places = append(a.names, t.text), append(a.places, pos{t.start, t.end})
			a.values = append(a.values, p.expression())
		default:
			ensure(a.star == nil && a.kwds == nil && a.names == nil)
			a.args = append(a.args, p.expression())
		}
	}
	end := p.expectOp(")").end
	if !comma {
		return nil, end
	}
	return &a, end
}

// filters parses what may follow an operand: filters, tests and calls.
func (p *parser) filters(e expr) expr {
	for {
		switch t := p.cur(); {
		case t.is("|"):
			p.advance()
			e = p.filter(e)
		case t.isName("is"):
			e = p.test(e)
		case t.is("("):
			e = p.call(e)
		default:
			return e
		}
	}
}

// dottedName parses the name of a filter or a test.
func (p *parser) dottedName() (string, pos) {
	t := p.expectName()
	name, at := t.text, pos{t.start, t.end}
	for p.skipOp(".") {
		t = p.expectName()
		name += "." + t.text
		at.end = t.end
	}
	return name, at
}

func (p *parser) filter(x expr) *filterExpr {
	name, at := p.dottedName()
	f := &filterExpr{x: x, name: name, fn: filters[name], pos: at}
	if f.fn == nil && !p.soft {
		p.failUnknown(at, "filter", name, filterNames())
	}
	if x != nil {
		f.pos.start = x.span().start
	}
	if p.cur().is("(") {
		f.args, f.pos.end = p.callArgs()
	}
	return f
}

func (p *parser) test(x expr) expr {
	p.advance()
	negate := p.skipName("not")
	name, at := p.dottedName()
	t := &testExpr{x: x, name: name, fn: tests[name], pos: pos{x.span().start, at.end}}
	if t.fn == nil && !p.soft {
		p.failUnknown(at, "test", name, testNames())
	}
	switch c := p.cur(); {
	case c.is("("):
		t.args, t.pos.end = p.callArgs()
	case c.isName("else") || c.isName("or") || c.isName("and"):
	case c.isName("is"):
		p.fail(p.curPos(), "You cannot chain multiple tests with is")
	case c.kind == tokName || c.kind == tokString || c.kind == tokInt || c.kind == tokFloat || c.is("[") || c.is("{"):
		arg := p.postfix(p.primary())
		t.args = &callArgs{args: []expr{arg}}
		t.pos.end = arg.span().end
	}
	if negate {
		return &notExpr{t, t.pos}
	}
	return t
}

// failUnknown notes a filter or a test that does not exist.
func (p *parser) failUnknown(at pos, what, name string, known []string) {
	d := diag.New(diag.UnknownFilter, p.place(at), "No %s named %s.", what, Repr(name))
	d.Hint = didYouMean(name, known)
	if p.inMacro() {
		p.failCompiled(d)
		return
	}
	p.unknown = append(p.unknown, reworded(d))
}

func didYouMean(name string, known []string) string {
	if s := diag.Suggest(name, known); s != "" {
		return "did you mean \"" + s + "\"?"
	}
	return ""
}
