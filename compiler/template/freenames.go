package template

import "sort"

// freeNames finds which of a few special names a body reads before it stores them,
// as Jinja decides whether a loop needs its loop variable, and a macro its caller,
// varargs and kwargs.
type freeNames struct {
	looking map[string]bool
	found   map[string]bool
}

func readsFree(body []stmt, name string) bool {
	f := freeNames{map[string]bool{name: true}, map[string]bool{}}
	f.body(body)
	return f.found[name]
}

func freeSpecials(body []stmt) map[string]bool {
	f := freeNames{map[string]bool{"caller": true, "kwargs": true, "varargs": true}, map[string]bool{}}
	f.body(body)
	return f.found
}

func (f freeNames) expr(e expr) {
	if e == nil {
		return
	}
	if n, ok := e.(*nameExpr); ok {
		if f.looking[n.name] {
			f.found[n.name] = true
		}
		return
	}
	children(e, f.expr)
}

func (f freeNames) target(t target) {
	for _, part := range t.tuple {
		f.target(part)
	}
	if t.name != nil && t.attr == "" {
		delete(f.looking, t.name.name)
	}
}

func (f freeNames) body(body []stmt) {
	for _, one := range body {
		f.stmt(one)
	}
}

func (f freeNames) stmt(one stmt) {
	switch x := one.(type) {
	case *printStmt:
		f.expr(x.e)
	case *doStmt:
		f.expr(x.e)
	case *setStmt:
		f.target(x.target)
		f.expr(x.e)
	case *ifStmt:
		for _, c := range x.clauses {
			f.expr(c.cond)
			f.body(c.body)
		}
		f.body(x.els)
	case *forStmt:
		f.target(x.target)
		f.expr(x.iter)
		f.body(x.body)
		f.body(x.els)
		f.expr(x.test)
	case *macroStmt:
		f.macro(x)
	case *callStmt:
		f.expr(x.call)
		f.macro(x.body)
	case *filterStmt:
		f.body(x.body)
		f.expr(x.filter)
	case *setBlockStmt:
		f.target(x.target)
		if x.filter != nil {
			f.expr(x.filter)
		}
		f.body(x.body)
	}
}

func (f freeNames) macro(x *macroStmt) {
	for _, one := range x.params {
		delete(f.looking, one.name)
	}
	for _, one := range x.params {
		f.expr(one.def)
	}
	f.body(x.body)
}

// visitTargets calls visit for everything that is assigned to in a body, bodies
// inside included.
func visitTargets(body []stmt, visit func(target)) {
	var each func(t target)
	each = func(t target) {
		visit(t)
		for _, part := range t.tuple {
			each(part)
		}
	}
	for _, one := range body {
		switch x := one.(type) {
		case *setStmt:
			each(x.target)
		case *setBlockStmt:
			each(x.target)
			visitTargets(x.body, visit)
		case *ifStmt:
			for _, c := range x.clauses {
				visitTargets(c.body, visit)
			}
			visitTargets(x.els, visit)
		case *forStmt:
			each(x.target)
			visitTargets(x.body, visit)
			visitTargets(x.els, visit)
		case *macroStmt:
			visitTargets(x.body, visit)
		case *callStmt:
			visitTargets(x.body.body, visit)
		case *filterStmt:
			visitTargets(x.body, visit)
		}
	}
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
