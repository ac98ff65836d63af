package template

import (
	"slices"

	"elt/compiler/diag"
)

// StaticCall is a global name that a template uses, with the attributes that follow
// it: "ref", "dbt_utils.star", "adapter.dispatch".
type StaticCall struct {
	Name   string
	Called bool       // it is called, not only read
	Args   []Value    // the positional arguments, where all of them are literals
	Place  diag.Place // of the name
}

// Calls returns the global names that the template uses, in the order in which they
// are written; definitions inside included. Names of macros that the file defines at
// its top level count, variables do not.
func (t *Template) Calls() []StaticCall {
	c := callFinder{t: t}
	c.all()
	return c.sorted()
}

// Calls returns the names that the block uses; see [Template.Calls].
func (b *Block) Calls() []StaticCall {
	var out []StaticCall
	for _, c := range b.def.t.Calls() {
		if at := c.Place.Span.Start; at >= b.Whole.Start && at < b.Whole.End {
			out = append(out, c)
		}
	}
	return out
}

type callFinder struct {
	t      *Template
	macros map[int16]bool // slots of macros at the top level
	found  []StaticCall
	call   func(name string, call *callExpr) // is told of each call of a global name; may be nil
}

// all looks through the whole template.
func (c *callFinder) all() {
	if c.t.prog == nil {
		c.leaves(c.t.leaves)
	} else {
		c.program(c.t.prog)
	}
}

func (c *callFinder) program(p *program) {
	c.macros = map[int16]bool{}
	for _, m := range p.macros {
		if m.self.slot > 0 && m.self.hops == 0 && m.kind == "macro" {
			c.macros[m.self.slot] = true
		}
	}
	for _, run := range p.runs {
		c.leaves(run)
	}
	for _, e := range p.conds {
		c.expr(e)
	}
	for _, s := range p.fors {
		c.expr(s.iter)
		c.expr(s.test)
	}
	for _, s := range p.sets {
		if s.filter != nil {
			c.expr(s.filter)
		}
	}
	for _, s := range p.filters {
		c.expr(s.filter)
	}
	for _, s := range p.calls {
		c.expr(s.call)
		c.params(s.body.params)
	}
	for _, m := range p.macros {
		c.params(m.params)
	}
}

func (c *callFinder) params(params []param) {
	for _, p := range params {
		c.expr(p.def)
	}
}

func (c *callFinder) leaves(leaves []stmt) {
	for _, s := range leaves {
		switch x := s.(type) {
		case *printStmt:
			c.expr(x.e)
		case *doStmt:
			c.expr(x.e)
		case *setStmt:
			c.expr(x.e)
		}
	}
}

func (c *callFinder) expr(e expr) {
	switch x := e.(type) {
	case nil:
		return
	case *callExpr:
		if name, ok := c.dotted(x.fn); ok {
			call := StaticCall{Name: name, Called: true, Place: c.place(x.fn.span())}
			if x.args != nil {
				call.Args = literalArgs(x.args)
			}
			c.found = append(c.found, call)
			if c.call != nil {
				c.call(name, x)
			}
			x.args.each(c.expr)
			return
		}
	case *nameExpr, *attrExpr:
		if name, ok := c.dotted(e); ok {
			c.found = append(c.found, StaticCall{Name: name, Place: c.place(e.span())})
			return
		}
	}
	children(e, c.expr)
}

func (c *callFinder) place(at pos) diag.Place {
	return diag.Place{Source: c.t.src, Span: diag.Span{Start: int(at.start), End: int(at.end)}}
}

// dotted returns the name of a global or of an attribute of one.
func (c *callFinder) dotted(e expr) (string, bool) {
	switch x := e.(type) {
	case *nameExpr:
		return x.name, x.ref.slot == 0 || x.ref.fallback || c.macros[x.ref.slot]
	case *attrExpr:
		base, ok := c.dotted(x.x)
		return base + "." + x.name, ok
	}
	return "", false
}

func literalArgs(a *callArgs) []Value {
	if a.star != nil || a.kwds != nil {
		return nil
	}
	var out []Value
	for _, e := range a.args {
		if literal, ok := e.(*constExpr); ok { // as nearly all are: nothing is to be evaluated
			out = append(out, literal.v)
			continue
		}
		v, err := evalConst(e)
		if err != nil {
			return nil
		}
		out = append(out, v)
	}
	return out
}

// sorted puts the names in the order of the source.
func (c *callFinder) sorted() []StaticCall {
	sortByPlace(c.found)
	return c.found
}

func sortByPlace(calls []StaticCall) {
	slices.SortStableFunc(calls, func(a, b StaticCall) int {
		return a.Place.Span.Start - b.Place.Span.Start
	})
}
