package template

import (
	"elt/compiler/diag"
)

// Expr is a parsed expression that stands alone, without braces.
type Expr struct {
	t *Template
	e expr
}

// ParseExpr parses the expression in a span of a source. The error is a
// *diag.Diagnostic with a place.
func ParseExpr(src *diag.Source, span diag.Span) (e *Expr, err error) {
	defer recoverSyntax(&err)
	// The end of the span stands for the end of a tag.
	p := &parser{src: src, text: src.Text[:span.End] + " }}", at: span.Start, tagStart: span.Start, inPrint: true}
	p.lexTag("}}")
	parsed := p.tuple(true, false, "")
	p.endTag()
	if p.at < len(p.text) {
		p.fail(pos{int32(p.at - 2), int32(p.at)}, "unexpected '}}'")
	}
	return &Expr{&Template{src: src}, parsed}, nil
}

// Eval evaluates the expression.
func (e *Expr) Eval(th *Thread, scope Scope) (Value, error) {
	f := e.t.frame(th, scope)
	v, err := e.e.eval(f)
	if err != nil {
		f.err = err
		return nil, f.ended()
	}
	return v, nil
}

// Calls returns the names the expression uses; see [Template.Calls].
func (e *Expr) Calls() []StaticCall {
	var c callFinder
	c.t = e.t
	c.expr(e.e)
	return c.found
}
