package template

import "elt/compiler/diag"

// resolver fills in where names live.
type resolver struct{ p *parser }

// resolve resolves a whole template and returns the number of its slots.
func (p *parser) resolve(body []stmt) (slots int16) {
	if !p.stores {
		return 0
	}
	fn := &function{slots: map[slotKey]int16{}}
	root := &symbols{fn: fn, vars: map[string]load{}, stores: map[string]bool{}}
	root.body(body)
	r := resolver{p}
	r.body(body, root)
	return fn.n
}

func (r resolver) expr(e expr, s *symbols) {
	if e == nil {
		return
	}
	if n, ok := e.(*nameExpr); ok {
		n.ref = s.ref(n.name)
		return
	}
	children(e, func(c expr) { r.expr(c, s) })
}

func (r resolver) target(t *target, s *symbols) {
	for i := range t.tuple {
		r.target(&t.tuple[i], s)
	}
	if t.name != nil {
		t.name.ref = s.ref(t.name.name)
	}
}

func (r resolver) body(body []stmt, s *symbols) {
	for _, one := range body {
		r.stmt(one, s)
	}
}

func (r resolver) stmt(one stmt, s *symbols) {
	switch x := one.(type) {
	case *printStmt:
		r.expr(x.e, s)
	case *doStmt:
		r.expr(x.e, s)
	case *setStmt:
		r.expr(x.e, s)
		r.target(&x.target, s)
	case *ifStmt:
		for i := range x.clauses {
			r.expr(x.clauses[i].cond, s)
			r.body(x.clauses[i].body, s)
		}
		r.body(x.els, s)
	case *forStmt:
		r.forStmt(x, s)
	case *macroStmt:
		if x.isolated {
			r.isolated(x)
			return
		}
		x.self = s.ref(x.name)
		r.macro(x, s)
	case *callStmt:
		r.expr(x.call, s)
		r.macro(x.body, s)
	case *filterStmt:
		in := s.inner(s.fn)
		in.body(x.body)
		in.expr(x.filter)
		r.body(x.body, in)
		r.expr(x.filter, in)
		x.entry = in.entry()
	case *setBlockStmt:
		r.setBlock(x, s)
	}
}

func (r resolver) setBlock(x *setBlockStmt, s *symbols) {
	in := s.inner(s.fn)
	in.body(x.body)
	if x.filter != nil {
		in.expr(x.filter)
		r.expr(x.filter, in)
	}
	r.body(x.body, in)
	r.target(&x.target, s)
	x.entry = in.entry()
}

func (r resolver) forStmt(x *forStmt, s *symbols) {
	in := s.inner(s.fn)
	extended := !x.with && (x.recursive || readsFree(x.body, "loop"))
	if extended {
		in.param("loop")
	}
	in.target(x.target, true)
	in.body(x.body)
	r.checkLoopName(x)
	r.expr(x.iter, s)
	r.body(x.body, in)
	if x.test != nil {
		test := s.inner(s.fn)
		test.test = true
		test.target(x.target, true)
		test.expr(x.test)
		x.testTo = x.target.clone()
		r.target(&x.testTo, test)
		r.expr(x.test, test)
		x.testEntry = test.entry()
	}
	r.target(&x.target, in)
	if x.hasElse {
		els := s.inner(s.fn)
		els.body(x.els)
		r.body(x.els, els)
		x.elseEntry = els.entry()
	}
	x.entry = in.entry()
	if extended {
		x.loopSlot = int32(in.slot("loop"))
	}
}

// clone copies a target, so that it can be resolved for another scope.
func (t target) clone() target {
	if t.name != nil {
		n := *t.name
		t.name = &n
	}
	parts := t.tuple
	t.tuple = nil
	for _, part := range parts {
		t.tuple = append(t.tuple, part.clone())
	}
	return t
}

// checkLoopName refuses loops that assign to loop.
func (r resolver) checkLoopName(x *forStmt) {
	visitTargets(append([]stmt{&setStmt{target: x.target}}, x.body...), func(t target) {
		if t.name != nil && t.attr == "" && t.name.name == "loop" {
			panic(syntaxError{diag.New(diag.TemplateSyntax, r.p.place(t.pos),
				"Can't assign to special loop variable in for-loop target")})
		}
	})
}

// isolated resolves a block whose body is a template of its own.
func (r resolver) isolated(x *macroStmt) {
	fn := &function{slots: map[slotKey]int16{}}
	root := &symbols{fn: fn, vars: map[string]load{}, stores: map[string]bool{}}
	root.body(x.body)
	r.body(x.body, root)
	x.slots = int32(fn.n)
}

func (r resolver) macro(x *macroStmt, s *symbols) {
	fn := &function{outer: s.fn, slots: map[slotKey]int16{}}
	in := s.inner(fn)
	for _, one := range x.params {
		in.param(one.name)
	}
	free := freeSpecials(x.body)
	for _, one := range x.params {
		in.expr(one.def)
		switch one.name {
		case "caller":
			x.explicitCaller = true
			if free["caller"] && one.def == nil {
				panic(syntaxError{diag.New(diag.TemplateSyntax, r.p.place(one.pos),
					"When defining macros or call blocks the special \"caller\" argument must be omitted or be given a default.")})
			}
		case "kwargs", "varargs":
			delete(free, one.name)
		}
	}
	special := func(name string, slot *int32) {
		if free[name] && !(name == "caller" && x.explicitCaller) {
			in.param(name)
			*slot = int32(in.slot(name))
		}
	}
	special("caller", &x.caller)
	special("kwargs", &x.kwargs)
	special("varargs", &x.varargs)
	in.body(x.body)
	for i := range x.params {
		r.expr(x.params[i].def, in)
		x.params[i].slot = int32(in.slot(x.params[i].name))
	}
	r.body(x.body, in)
	x.entry = in.entry()
	x.slots = int32(fn.n)
}
