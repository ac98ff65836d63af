package template

// ref says where a name lives. The zero ref is a global name.
type ref struct {
	slot     int16 // 1-based index of the slot; 0 for a global name
	hops     uint8 // how many macros outwards
	fallback bool  // a slot that is empty stands for the global name
}

// slotInit is what happens to a slot when a scope is entered: it is emptied or, with
// from set, filled with an outer variable.
type slotInit struct {
	slot int16
	from ref
}

// The resolver follows Jinja's own symbol analysis (jinja2.idtracking), because it
// decides what {% set %} in a branch, a loop or a macro means.

// load says how a variable gets its first value in a scope.
type load struct {
	kind  loadKind
	alias *symbols // owner of the outer variable of the same name
}

type loadKind uint8

const (
	loadResolve loadKind = iota // from the globals
	loadParam                   // assigned by the construct itself
	loadAlias                   // a copy of the outer variable
	loadNothing                 // undefined until it is set
)

// function is what has slots of its own: the template or a macro.
type function struct {
	outer *function
	slots map[slotKey]int16
	n     int16
}

type slotKey struct {
	level int
	name  string
	test  bool
}

// symbols are the variables of one scope.
type symbols struct {
	level  int
	parent *symbols
	fn     *function
	vars   map[string]load
	stores map[string]bool
	test   bool // the scope of a loop's test, which has variables of its own
}

func (s *symbols) inner(fn *function) *symbols {
	return &symbols{level: s.level + 1, parent: s, fn: fn, vars: map[string]load{}, stores: map[string]bool{}}
}

// owner returns the scope that has a variable, or nil.
func (s *symbols) owner(name string) *symbols {
	for ; s != nil; s = s.parent {
		if _, ok := s.vars[name]; ok {
			return s
		}
	}
	return nil
}

func (s *symbols) load(name string) {
	if s.owner(name) == nil {
		s.vars[name] = load{kind: loadResolve}
	}
}

func (s *symbols) store(name string) {
	s.stores[name] = true
	if _, ok := s.vars[name]; ok {
		return
	}
	if o := s.parent.owner(name); o != nil {
		s.vars[name] = load{loadAlias, o}
		return
	}
	s.vars[name] = load{kind: loadNothing}
}

func (s *symbols) param(name string) {
	s.stores[name] = true
	s.vars[name] = load{kind: loadParam}
}

func (s *symbols) copy() *symbols {
	c := *s
	c.vars = make(map[string]load, len(s.vars))
	for k, v := range s.vars {
		c.vars[k] = v
	}
	c.stores = make(map[string]bool, len(s.stores))
	for k := range s.stores {
		c.stores[k] = true
	}
	return &c
}

// branches merges what the branches of an if did.
func (s *symbols) branches(branches []*symbols) {
	stored := map[string]bool{}
	for _, b := range branches {
		for name := range b.stores {
			if !s.stores[name] {
				stored[name] = true
			}
		}
	}
	for _, b := range branches {
		for k, v := range b.vars {
			s.vars[k] = v
		}
		for k := range b.stores {
			s.stores[k] = true
		}
	}
	for name := range stored {
		if o := s.parent.owner(name); o != nil {
			s.vars[name] = load{loadAlias, o}
			continue
		}
		s.vars[name] = load{kind: loadResolve}
	}
}

// expr notes the names an expression reads.
func (s *symbols) expr(e expr) {
	if e == nil {
		return
	}
	if n, ok := e.(*nameExpr); ok {
		s.load(n.name)
		return
	}
	children(e, s.expr)
}

func (s *symbols) target(t target, param bool) {
	switch {
	case t.name == nil:
		for _, part := range t.tuple {
			s.target(part, param)
		}
	case t.attr != "":
		s.load(t.name.name)
	case param:
		s.param(t.name.name)
	default:
		s.store(t.name.name)
	}
}

// body notes the names of the statements of one scope; scopes inside are not entered.
func (s *symbols) body(body []stmt) {
	for _, one := range body {
		s.stmt(one)
	}
}

func (s *symbols) stmt(one stmt) {
	switch x := one.(type) {
	case *printStmt:
		s.expr(x.e)
	case *doStmt:
		s.expr(x.e)
	case *setStmt:
		s.expr(x.e)
		s.target(x.target, false)
	case *ifStmt:
		s.ifStmt(x)
	case *forStmt:
		s.expr(x.iter)
	case *macroStmt:
		if !x.isolated {
			s.store(x.name)
		}
	case *callStmt:
		s.expr(x.call)
	case *filterStmt:
		s.expr(x.filter)
	case *setBlockStmt:
		s.target(x.target, false)
	}
}

func (s *symbols) ifStmt(x *ifStmt) {
	if !x.stores() { // the usual case: branches that set nothing need no copies
		for _, c := range x.clauses {
			s.expr(c.cond)
			s.body(c.body)
		}
		s.body(x.els)
		return
	}
	s.expr(x.clauses[0].cond)
	first := s.copy()
	first.body(x.clauses[0].body)
	elifs := s.copy()
	for _, c := range x.clauses[1:] {
		elifs.expr(c.cond)
		inner := elifs.copy()
		inner.body(c.body)
		elifs.branches([]*symbols{inner})
	}
	els := s.copy()
	els.body(x.els)
	s.branches([]*symbols{first, elifs, els})
}

// stores reports whether a branch sets a variable of the scope around it.
func (x *ifStmt) stores() bool {
	for _, c := range x.clauses {
		if storesIn(c.body) {
			return true
		}
	}
	return storesIn(x.els)
}

func storesIn(body []stmt) bool {
	for _, one := range body {
		switch x := one.(type) {
		case *setStmt, *setBlockStmt, *macroStmt:
			return true
		case *ifStmt:
			if x.stores() {
				return true
			}
		}
	}
	return false
}

// slot returns the slot of a variable that this scope owns.
func (s *symbols) slot(name string) int16 {
	key := slotKey{s.level, name, s.test}
	i, ok := s.fn.slots[key]
	if !ok {
		s.fn.n++
		i = s.fn.n
		s.fn.slots[key] = i
	}
	return i
}

// fallsBack reports whether the variable, while it is empty, stands for the global.
func (s *symbols) fallsBack(name string) bool {
	v := s.vars[name]
	switch v.kind {
	case loadResolve:
		return true
	case loadAlias:
		return v.alias.fallsBack(name)
	}
	return false
}

// ref returns where a name lives, seen from this scope.
func (s *symbols) ref(name string) ref {
	o := s.owner(name)
	if o == nil || o.vars[name].kind == loadResolve && !o.stores[name] {
		return ref{}
	}
	r := ref{slot: o.slot(name), fallback: o.fallsBack(name)}
	for fn := s.fn; fn != o.fn; fn = fn.outer {
		r.hops++
	}
	return r
}

// entry lists what happens to the slots of the scope when it is entered.
func (s *symbols) entry() []slotInit {
	var out []slotInit
	for _, name := range sortedNames(s.vars) {
		v := s.vars[name]
		switch {
		case v.kind == loadParam, v.kind == loadResolve && !s.stores[name]:
		case v.kind == loadAlias:
			out = append(out, slotInit{s.slot(name), v.alias.refFrom(name, s.fn)})
		default:
			out = append(out, slotInit{slot: s.slot(name)})
		}
	}
	return out
}

// refFrom is ref for a variable that s owns, seen from a function inside.
func (s *symbols) refFrom(name string, fn *function) ref {
	if s.vars[name].kind == loadResolve && !s.stores[name] {
		return ref{}
	}
	r := ref{slot: s.slot(name), fallback: s.fallsBack(name)}
	for ; fn != s.fn; fn = fn.outer {
		r.hops++
	}
	return r
}
