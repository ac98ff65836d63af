package template

import "elt/compiler/diag"

// maxNesting bounds how deeply expressions and blocks may be nested.
const maxNesting = 250

// The methods below follow Jinja's parser, precedence by precedence.

func (p *parser) cur() token { return p.toks[p.next] }

func (p *parser) look() token { return p.toks[min(p.next+1, len(p.toks)-1)] }

func (p *parser) advance() token {
	t := p.toks[p.next]
	if p.next < len(p.toks)-1 {
		p.next++
	}
	return t
}

func (p *parser) skipOp(op string) bool {
	if p.cur().is(op) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) skipName(name string) bool {
	if p.cur().isName(name) {
		p.advance()
		return true
	}
	return false
}

func (p *parser) expectOp(op string) token {
	if !p.cur().is(op) {
		p.fail(p.curPos(), "expected token '%s', got '%s'", op, p.describe(p.cur()))
	}
	return p.advance()
}

func (p *parser) expectName() token {
	if p.cur().kind != tokName {
		p.fail(p.curPos(), "expected token 'name', got '%s'", p.describe(p.cur()))
	}
	return p.advance()
}

func (p *parser) curPos() pos { return pos{p.cur().start, p.cur().end} }

// describe names a token as Jinja's messages do.
func (p *parser) describe(t token) string {
	switch t.kind {
	case tokEnd:
		if p.inPrint {
			return "end of print statement"
		}
		return "end of statement block"
	case tokString:
		return "string"
	case tokInt:
		return "integer"
	case tokFloat:
		return "float"
	}
	return t.text
}

// nest counts nesting, so that no template can exhaust the stack.
func (p *parser) nest() {
	p.depth++
	if p.depth > maxNesting {
		p.fail(p.curPos(), "the expression is nested too deeply")
	}
}

func (p *parser) unnest() { p.depth-- }

func (p *parser) expression() expr {
	p.nest()
	defer p.unnest()
	unknown := len(p.unknown)
	start := p.or()
	for p.skipName("if") {
		// Inside a conditional a missing filter is an error only when it is used.
		p.unknown = p.unknown[:unknown]
		c := &condExpr{a: start}
		soft := p.soft
		p.soft = true
		c.test = p.or()
		if p.skipName("else") {
			c.b = p.expression()
		}
		p.soft = soft
		start = c
	}
	return start
}

func (p *parser) or() expr {
	left := p.and()
	for p.skipName("or") {
		left = &logicExpr{or: true, a: left, b: p.and()}
	}
	return left
}

func (p *parser) and() expr {
	left := p.not()
	for p.skipName("and") {
		left = &logicExpr{a: left, b: p.not()}
	}
	return left
}

func (p *parser) not() expr {
	if p.cur().isName("not") {
		p.nest()
		defer p.unnest()
		t := p.advance()
		x := p.not()
		return &notExpr{x: x, pos: pos{t.start, x.span().end}}
	}
	return p.compare()
}

func (p *parser) compare() expr {
	first := p.sum()
	var ops []comparison
	for {
		t := p.cur()
		op := ""
		switch {
		case t.kind == tokOp:
			switch t.text {
			case "==", "!=", "<", "<=", ">", ">=":
				op = t.text
			}
		case t.isName("in"):
			op = "in"
		case t.isName("not") && p.look().isName("in"):
			p.advance()
			op = "not in"
		}
		if op == "" {
			break
		}
		p.advance()
		ops = append(ops, comparison{op, p.sum()})
	}
	if ops == nil {
		return first
	}
	return &compareExpr{first, ops}
}

func (p *parser) sum() expr {
	left := p.concat()
	for p.cur().is("+") || p.cur().is("-") {
		op := p.advance().text
		left = &binaryExpr{op, left, p.concat()}
	}
	return left
}

func (p *parser) concat() expr {
	first := p.product()
	if !p.cur().is("~") {
		return first
	}
	parts := []expr{first}
	for p.skipOp("~") {
		parts = append(parts, p.product())
	}
	return &concatExpr{parts}
}

func (p *parser) product() expr {
	left := p.power()
	for p.cur().is("*") || p.cur().is("/") || p.cur().is("//") || p.cur().is("%") {
		op := p.advance().text
		left = &binaryExpr{op, left, p.power()}
	}
	return left
}

func (p *parser) power() expr {
	left := p.unary(true)
	for p.skipOp("**") {
		left = &binaryExpr{"**", left, p.unary(true)}
	}
	return left
}

func (p *parser) unary(withFilter bool) expr {
	var e expr
	if t := p.cur(); t.is("-") || t.is("+") {
		p.nest()
		p.advance()
		x := p.unary(false)
		e = negated(t, x)
		p.unnest()
	} else {
		e = p.primary()
	}
	e = p.postfix(e)
	if withFilter {
		e = p.filters(e)
	}
	return e
}

// negated applies a sign, at once where the operand is a number.
func negated(t token, x expr) expr {
	at := pos{t.start, x.span().end}
	if c, ok := x.(*constExpr); ok && isNumber(c.v) {
		if v, err := unary(t.text, c.v); err == nil {
			return &constExpr{v, at}
		}
	}
	return &unaryExpr{t.text, x, at}
}

func (p *parser) primary() expr {
	t := p.cur()
	at := pos{t.start, t.end}
	switch t.kind {
	case tokName:
		p.advance()
		switch t.text {
		case "true", "True":
			return &constExpr{true, at}
		case "false", "False":
			return &constExpr{false, at}
		case "none", "None":
			return &constExpr{nil, at}
		}
		return &nameExpr{name: t.text, pos: at}
	case tokString:
		p.advance()
		s := t.text
		for p.cur().kind == tokString {
			at.end = p.cur().end
			s += p.advance().text
		}
		return &constExpr{s, at}
	case tokInt:
		p.advance()
		return &constExpr{intValue(t.text), at}
	case tokFloat:
		p.advance()
		return &constExpr{floatValue(t.text), at}
	}
	switch {
	case t.is("("):
		p.advance()
		e := p.tuple(true, true, "")
		p.expectOp(")")
		return e
	case t.is("["):
		return p.list()
	case t.is("{"):
		return p.dict()
	}
	p.fail(at, "unexpected '%s'", p.describe(t))
	return nil
}

// tuple parses expressions separated by commas; one alone is no tuple.
func (p *parser) tuple(withCond, parens bool, endName string) expr {
	p.nest()
	defer p.unnest()
	start := p.cur().start
	var elems []expr
	comma := false
	for {
		if len(elems) > 0 {
			p.expectOp(",")
		}
		t := p.cur()
		if t.kind == tokEnd || t.is(")") || endName != "" && t.isName(endName) {
			break
		}
		if withCond {
			elems = append(elems, p.expression())
		} else {
			elems = append(elems, p.or())
		}
		if !p.cur().is(",") {
			break
		}
		comma = true
	}
	if !comma {
		if len(elems) == 1 {
			return elems[0]
		}
		if !parens {
			p.fail(p.curPos(), "Expected an expression, got '%s'", p.describe(p.cur()))
		}
	}
	end := start
	if len(elems) > 0 {
		end = elems[len(elems)-1].span().end
	}
	return &tupleExpr{elems, pos{start, end}}
}

func (p *parser) list() expr {
	p.nest()
	defer p.unnest()
	e := &listExpr{pos: p.curPos()}
	p.expectOp("[")
	for !p.cur().is("]") {
		if len(e.elems) > 0 {
			p.expectOp(",")
		}
		if p.cur().is("]") {
			break
		}
		e.elems = append(e.elems, p.expression())
	}
	e.pos.end = p.expectOp("]").end
	return e
}

func (p *parser) dict() expr {
	p.nest()
	defer p.unnest()
	e := &dictExpr{pos: p.curPos()}
	p.expectOp("{")
	for !p.cur().is("}") {
		if len(e.pairs) > 0 {
			p.expectOp(",")
		}
		if p.cur().is("}") {
			break
		}
		key := p.expression()
		p.expectOp(":")
		e.pairs = append(e.pairs, key, p.expression())
	}
	e.pos.end = p.expectOp("}").end
	p.foldOdd(e)
	return e
}

// failCompiled fails with what Jinja finds when it compiles a template. In a definition, that
// is an error of the template it stands in, but not of the definition before it is called.
func (p *parser) failCompiled(d *diag.Diagnostic) {
	if !p.inMacro() {
		panic(syntaxError{d})
	}
	if p.late == nil {
		p.late = reworded(d)
	}
}

// inMacro reports whether a definition is open. dbt compiles one when it is called, so that
// macros that are written for another adapter, with other filters, harm nobody.
func (p *parser) inMacro() bool {
	if p.inSignature {
		return true
	}
	for _, b := range p.open {
		if m, ok := b.stmt.(*macroStmt); ok && m.kind != "call" {
			return true
		}
	}
	return false
}
