package template

import (
	"context"

	"elt/compiler/diag"
)

// Jinja computes what is constant when it compiles a template, and a few mistakes end
// otherwise then: a slice of what has none is undefined where the expression around it is
// constant, and a dict with a key that cannot be one is an error even where it is never
// evaluated. folder finds both; the parser calls it where it has seen such an expression.
type folder struct {
	p       *parser
	inMacro bool
}

// foldOdd notes an expression that the folder must look at.
func (p *parser) foldOdd(e expr) {
	switch x := e.(type) {
	case *sliceExpr:
		_, err := evalConst(x)
		p.odd = p.odd || err != nil && folds(x)
	case *dictExpr:
		p.odd = p.odd || badKeys(x)
	}
}

// badKeys reports whether a dict of constants has a key that cannot be hashed.
func badKeys(e *dictExpr) bool {
	plain := true
	for i := 0; i < len(e.pairs); i += 2 {
		_, isConst := e.pairs[i].(*constExpr)
		plain = plain && isConst
	}
	if plain { // as nearly all are
		return false
	}
	for i := 0; i < len(e.pairs); i += 2 {
		k, err := evalConst(e.pairs[i])
		if err != nil {
			return false
		}
		if _, err := evalConst(e.pairs[i+1]); err != nil {
			return false
		}
		if _, err := hashKey(k); err != nil {
			return true
		}
	}
	return false
}

// body looks at all expressions of a body.
func (f *folder) body(body []stmt) {
	for _, one := range body {
		f.stmt(one)
	}
}

func (f *folder) stmt(one stmt) {
	switch x := one.(type) {
	case *printStmt:
		if v, ok := quietly(x.e); ok {
			eachSlice(x.e, func(s *sliceExpr) { s.quietText = true })
			if isSafe(v) && !f.hasSlice(x.e) {
				return // nothing of it is compiled
			}
		}
		f.expr(x.e, false)
	case *doStmt:
		f.expr(x.e, false)
	case *setStmt:
		f.expr(x.e, false)
	case *ifStmt:
		for _, c := range x.clauses {
			f.expr(c.cond, false)
			f.body(c.body)
		}
		f.body(x.els)
	case *forStmt:
		f.expr(x.iter, false)
		f.expr(x.test, false)
		f.body(x.body)
		f.body(x.els)
	case *macroStmt:
		before := f.inMacro
		f.inMacro = true
		f.macro(x)
		f.inMacro = before
	case *callStmt:
		f.expr(x.call, false)
		f.macro(x.body)
	case *filterStmt:
		f.expr(x.filter, false)
		f.body(x.body)
	case *setBlockStmt:
		if x.filter != nil {
			f.expr(x.filter, false)
		}
		f.body(x.body)
	}
}

// fail is parser.failCompiled.
func (f *folder) fail(d *diag.Diagnostic) {
	if !f.inMacro {
		panic(syntaxError{d})
	}
	if f.p.late == nil {
		f.p.late = d
	}
}

func (f *folder) macro(x *macroStmt) {
	for _, one := range x.params {
		f.expr(one.def, false)
	}
	f.body(x.body)
}

// expr looks at an expression; in says that Jinja computes what is around it, as far as it is
// constant.
func (f *folder) expr(e expr, in bool) {
	switch x := e.(type) {
	case nil, *constExpr, *nameExpr:
		return
	case *listExpr, *tupleExpr:
	case *dictExpr:
		if in && badKeys(x) {
			f.fail(diag.New(diag.TemplateError, f.p.place(x.pos), "a key of the dict cannot be hashed").
				WithHint("a list or a dict cannot be a key: write a tuple, or a text"))
		}
	default:
		if f.hasSlice(e) {
			if v, ok := quietly(e); ok && isSafe(v) {
				eachSlice(e, func(s *sliceExpr) { s.quiet = true })
			}
		}
		in = true
	}
	children(e, func(c expr) { f.expr(c, in) })
}

func (*folder) hasSlice(e expr) (found bool) {
	eachSlice(e, func(*sliceExpr) { found = true })
	return found
}

// eachSlice calls fn for every slice in an expression, the outermost first.
func eachSlice(e expr, fn func(*sliceExpr)) {
	if s, ok := e.(*sliceExpr); ok {
		fn(s)
	}
	children(e, func(c expr) { eachSlice(c, fn) })
}

// quietly is the constant that an expression is, where slices of what has none are undefined.
func quietly(e expr) (v Value, ok bool) {
	before := map[*sliceExpr]bool{}
	eachSlice(e, func(s *sliceExpr) { before[s], s.quiet = s.quiet, true })
	if ok = folds(e); ok {
		var err error
		v, err = evalFolded(e)
		ok = err == nil
	}
	eachSlice(e, func(s *sliceExpr) { s.quiet = before[s] })
	return v, ok
}

// folds reports whether Jinja computes an expression when it compiles a template:
// what it needs for the result must be constant.
func folds(e expr) bool {
	switch x := e.(type) {
	case *logicExpr:
		if !folds(x.a) {
			return false
		}
		a, err := evalFolded(x.a)
		return err == nil && (Truth(a) == x.or || folds(x.b))
	case *condExpr:
		if !folds(x.test) {
			return false
		}
		test, err := evalFolded(x.test)
		switch {
		case err != nil:
			return false
		case Truth(test):
			return folds(x.a)
		}
		return x.b != nil && folds(x.b)
	case *compareExpr:
		return foldsCompare(x)
	case *nameExpr, *callExpr:
		return false
	}
	if f, ok := e.(*filterExpr); ok && contextFilters[f.name] {
		return false
	}
	all := true
	children(e, func(c expr) { all = all && folds(c) })
	return all
}

// foldsCompare is folds of a comparison, which ends where a part of it is false.
func foldsCompare(x *compareExpr) bool {
	if !folds(x.first) {
		return false
	}
	for i, op := range x.ops {
		if !folds(op.x) {
			return false
		}
		v, err := evalFolded(&compareExpr{first: x.first, ops: x.ops[:i+1]})
		if err != nil {
			return false
		}
		if v == false {
			return true
		}
	}
	return true
}

// evalFolded evaluates an expression that folds.
func evalFolded(e expr) (Value, error) {
	return e.eval(&frame{th: NewThread(context.Background()), t: &Template{src: diag.NewSource("", "")}})
}

// contextFilters are the filters that Jinja gives the context, and so cannot compute
// beforehand.
var contextFilters = map[string]bool{"map": true, "select": true, "selectattr": true,
	"reject": true, "rejectattr": true, "random": true}

// isSafe reports whether a value can stand in compiled code.
func isSafe(v Value) bool {
	switch x := v.(type) {
	case *List:
		return allSafe(x.Elems)
	case Tuple:
		return allSafe(x)
	case *Set:
		return allSafe(x.Elems())
	case *Dict:
		return allSafe(x.Keys()) && allSafe(x.Values())
	case nil, string, *rangeValue:
		return true
	}
	return isNumber(v)
}

func allSafe(vs []Value) bool {
	for _, v := range vs {
		if !isSafe(v) {
			return false
		}
	}
	return true
}
