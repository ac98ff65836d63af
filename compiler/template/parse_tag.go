package template

import (
	"slices"
)

// tagNames lists the tags a template may open, for suggestions.
func tagNames() []string {
	return []string{"break", "call", "continue", "data_test", "do", "docs", "filter", "for", "if",
		"macro", "materialization", "print", "raw", "set", "snapshot", "test", "with"}
}

// startTag parses a tag that is not the continuation of a block; t is its name.
func (p *parser) startTag(t token) {
	switch t.text {
	case "set":
		p.setTag()
	case "do":
		e := p.tuple(true, false, "")
		p.endTag()
		p.add(&doStmt{e})
	case "if":
		s := &ifStmt{}
		soft := p.soft
		p.soft = true
		cond := p.tuple(false, false, "")
		p.bodyStart()
		p.soft = soft
		s.clauses = []ifClause{{cond: cond}}
		p.add(s)
		p.push("if", s, &s.clauses[0].body, true)
	case "for":
		p.forTag()
	case "with":
		p.withTag()
	case "break", "continue":
		p.endTag()
		p.add(&loopCtrl{brk: t.text == "break", pos: p.tagSpan()})
		p.checkInLoop(t)
	case "print":
		p.printTag()
	case "filter":
		s := &filterStmt{filter: p.filterChain(p.filter(nil)), pos: p.tagSpan()}
		p.bodyStart()
		p.stores = true
		p.add(s)
		p.push("filter", s, &s.body, false)
	case "call":
		p.callTag()
	case "macro", "test", "data_test", "snapshot", "materialization", "docs":
		p.defTag(t)
	default:
		p.failUnexpected(t, p.open[len(p.open)-1])
	}
}

// checkInLoop reports break and continue outside of a loop.
func (p *parser) checkInLoop(t token) {
	for i := len(p.open) - 1; i > 0; i-- {
		switch s := p.open[i].stmt.(type) {
		case *forStmt:
			if !s.with && p.open[i].body == &s.body {
				return
			}
		case *macroStmt:
			i = 0
		}
	}
	p.fail(p.tagSpan(), "'%s' outside loop", t.text)
}

func (p *parser) printTag() {
	for first := true; p.cur().kind != tokEnd; first = false {
		if !first {
			p.expectOp(",")
		}
		p.add(&printStmt{p.expression()})
	}
	p.endTag()
}

// filterChain parses further filters behind the first one.
func (p *parser) filterChain(f *filterExpr) *filterExpr {
	for p.skipOp("|") {
		f = p.filter(f)
	}
	return f
}

func (p *parser) setTag() {
	p.stores = true
	to := p.assignTarget(true, "")
	if p.skipOp("=") {
		e := p.tuple(true, false, "")
		p.endTag()
		p.add(&setStmt{to, e})
		return
	}
	s := &setBlockStmt{target: to}
	if p.skipOp("|") {
		s.filter = p.filterChain(p.filter(nil))
	}
	p.bodyStart()
	p.add(s)
	p.push("set", s, &s.body, false)
}

func (p *parser) forTag() {
	p.stores = true
	s := &forStmt{loopSlot: -1}
	s.target = p.assignTarget(false, "in")
	if !p.skipName("in") {
		p.fail(p.curPos(), "expected token 'in', got '%s'", p.describe(p.cur()))
	}
	s.iter = p.tuple(false, false, "recursive")
	if p.skipName("if") {
		s.test = p.expression()
	}
	s.pos = p.tagSpan()
	s.recursive = p.skipName("recursive")
	p.bodyStart()
	p.add(s)
	p.push("for", s, &s.body, false)
}

// withTag parses {% with a = 1, b = 2 %}: a loop of one round over the values, which are
// all computed before the first name is set.
func (p *parser) withTag() {
	p.stores = true
	values := &tupleExpr{}
	s := &forStmt{loopSlot: -1, with: true, iter: &listExpr{elems: []expr{values}}}
	for p.cur().kind != tokEnd {
		if len(values.elems) > 0 {
			p.expectOp(",")
		}
		s.target.tuple = append(s.target.tuple, p.assignTarget(false, ""))
		p.expectOp("=")
		values.elems = append(values.elems, p.expression())
	}
	p.bodyStart()
	s.pos = p.tagSpan()
	p.add(s)
	p.push("with", s, &s.body, false)
}

// assignTarget parses what is assigned to: names, tuples of names and, where
// namespaces are allowed, attributes.
func (p *parser) assignTarget(namespaces bool, endName string) target {
	start := p.cur().start
	var parts []target
	comma := false
	for {
		if len(parts) > 0 {
			p.expectOp(",")
		}
		t := p.cur()
		if t.kind == tokEnd || t.is(")") || endName != "" && t.isName(endName) {
			break
		}
		parts = append(parts, p.oneTarget(namespaces))
		if !p.cur().is(",") {
			break
		}
		comma = true
	}
	switch {
	case !comma && len(parts) == 1:
		return parts[0]
	case !comma:
		p.fail(p.curPos(), "Expected an expression, got '%s'", p.describe(p.cur()))
	}
	return target{tuple: parts, pos: pos{start, parts[len(parts)-1].pos.end}}
}

func (p *parser) oneTarget(namespaces bool) target {
	p.nest()
	defer p.unnest()
	t := p.cur()
	at := pos{t.start, t.end}
	if t.is("(") {
		p.advance()
		to := p.assignTarget(false, "")
		p.expectOp(")")
		return to
	}
	if t.kind != tokName {
		if e := p.primary(); e != nil {
			p.fail(e.span(), "can't assign to '%s'", literalName(e))
		}
	}
	p.advance()
	if slices.Contains([]string{"true", "false", "none", "True", "False", "None"}, t.text) {
		p.fail(at, "can't assign to 'const'")
	}
	to := target{name: &nameExpr{name: t.text, pos: at}, pos: at}
	if namespaces && p.skipOp(".") {
		attr := p.expectName()
		to.attr = attr.text
		to.pos.end = attr.end
	}
	return to
}

func literalName(e expr) string {
	switch e.(type) {
	case *listExpr:
		return "list"
	case *dictExpr:
		return "dict"
	}
	return "const"
}

// callTag parses {% call(params) f(...) %}: the block becomes a macro that the called
// function gets as caller.
func (p *parser) callTag() {
	p.stores = true
	body := newMacroStmt("call", "", pos{})
	if p.cur().is("(") {
		body.params = p.signature()
	}
	e := p.expression()
	call, ok := e.(*callExpr)
	if !ok {
		p.fail(e.span(), "expected call")
	}
	p.bodyStart()
	body.pos = p.tagSpan()
	s := &callStmt{call: call, body: body, pos: body.pos}
	p.add(s)
	p.push("call", s, &body.body, false)
}

func newMacroStmt(kind, name string, at pos) *macroStmt {
	return &macroStmt{kind: kind, name: name, pos: at, varargs: -1, kwargs: -1, caller: -1}
}

// signature parses the parameters of a macro, types included (dbt allows them).
func (p *parser) signature() []param {
	var params []param
	p.expectOp("(")
	defaults := false
	for !p.cur().is(")") {
		if len(params) > 0 {
			p.expectOp(",")
		}
		t := p.expectName()
		one := param{name: t.text, pos: pos{t.start, t.end}}
		if p.skipOp(":") {
			p.typeName()
		}
		if p.skipOp("=") {
			one.def = p.expression()
			defaults = true
		} else if defaults {
			p.fail(one.pos, "non-default argument follows default argument")
		}
		params = append(params, one)
	}
	p.expectOp(")")
	return params
}

// typeName skips the type of a parameter, such as Dict[str, str].
func (p *parser) typeName() {
	p.nest()
	defer p.unnest()
	p.expectName()
	if !p.skipOp("[") {
		return
	}
	for first := true; !p.cur().is("]"); first = false {
		if !first {
			p.expectOp(",")
		}
		p.typeName()
	}
	p.expectOp("]")
}

// defTag parses the opening tag of a macro, a test, a snapshot, a materialization or
// a docs block.
func (p *parser) defTag(t token) {
	p.stores = true
	kind := t.text
	if kind == "data_test" {
		kind = "test"
	}
	name := p.expectName()
	m := newMacroStmt(kind, name.text, pos{})
	b := &Block{Kind: kind, Name: name.text}
	switch kind {
	case "macro", "test":
		p.inSignature = true
		m.params = p.signature()
		p.inSignature = false
	case "materialization":
		b.Options = p.materialization(m)
	default:
		m.isolated = true
	}
	p.bodyStart()
	m.pos = p.tagSpan()
	for _, one := range m.params {
		if kind == "materialization" {
			break // dbt adds its one parameter itself
		}
		b.Params = append(b.Params, Param{one.name, one.def != nil, p.place(one.pos)})
	}
	if len(p.open) == 1 {
		b.Place = p.place(m.pos)
		p.blocks = append(p.blocks, b)
		p.defs = append(p.defs, m)
	} else if kind != "macro" {
		p.failHint(m.pos, "move it out of the block around it", "a %s must be at the top level of a file", kind)
	}
	p.add(m)
	p.push(t.text, m, &m.body, false)
}

// materialization parses the options of a materialization tag.
func (p *parser) materialization(m *macroStmt) map[string]Value {
	options := map[string]Value{}
	langs := param{name: "supported_languages", def: &listExpr{elems: []expr{&constExpr{v: "sql"}}}}
	for p.skipOp(",") {
		t := p.expectName()
		switch t.text {
		case "default":
			options["default"] = true
		case "adapter":
			p.expectOp("=")
			e := p.expression()
			c, ok := e.(*constExpr)
			if !ok {
				p.fail(e.span(), "the adapter of a materialization must be a string")
			}
			options["adapter"] = c.v
		case "supported_languages":
			p.expectOp("=")
			langs.def = p.expression()
		default:
			p.failHint(pos{t.start, t.end}, "the options are \"default\", \"adapter\" and \"supported_languages\"",
				"materialization %s has no option %s", Repr(m.name), Repr(t.text))
		}
	}
	if v, err := evalConst(langs.def); err == nil {
		options["supported_languages"] = v
	}
	m.params = []param{langs}
	return options
}

// evalConst evaluates an expression that needs no names.
func evalConst(e expr) (Value, error) {
	if !folds(e) {
		return nil, TypeErrorf("not a constant")
	}
	return evalFolded(e)
}
