package dbtcontext

import (
	"slices"

	"elt/compiler/template"
)

// Scope holds the names of one rendering. It is cheap to make: what depends on
// the host is made when it is first asked for. It belongs to one goroutine.
type Scope struct {
	p     *Project
	host  Host
	pkg   string
	extra named
	cache named

	overrides map[string]template.Value // of macros, by "package.name"
	results   map[string]*storedResult

	quiet bool // nobody is told what the rendering logs, prints or warns of

	called []string // the macros that the template itself has called, by unique_id
	depth  int      // of calls of macros

	hookGraph template.Value // graph of a hook of the project, once it was asked for

	written *template.Dict // what templates have put into context; see [contextObject]
}

// macroScope is a scope as macros see it: with what was put into context since the
// rendering began. The template that is rendered has its names from before, as in dbt.
type macroScope Scope

// Lookup returns the value of a name.
func (m *macroScope) Lookup(name string) (template.Value, bool) { return (*Scope)(m).inContext(name) }

// Names lists every name that Lookup knows, sorted.
func (m *macroScope) Names() []string { return (*Scope)(m).contextNames() }

// testScope is a scope as a macro sees it while a generic test is parsed. Then, and only then, dbt finds the macros of
// the macro's own package without the package's name: it gives such a test the macros that its own ones name.
type testScope struct {
	*macroScope
	pkg string // of the macro
}

// Lookup returns the value of a name.
func (t *testScope) Lookup(name string) (template.Value, bool) {
	v, ok := t.macroScope.Lookup(name)
	if ok {
		return v, true
	}
	if m := (*Scope)(t.macroScope).p.inNamespace(t.pkg, name); m != nil {
		return (*Scope)(t.macroScope).macro(m), true
	}
	return nil, false
}

// Called lists the macros that the rendered templates themselves have called, not those that
// macros call, in the order of their first calls: what depends_on.macros holds.
func (s *Scope) Called() []string { return slices.Clone(s.called) }

// inContext looks a name up where templates can write.
func (s *Scope) inContext(name string) (template.Value, bool) {
	if s.written != nil {
		if v, ok := s.written.Get(name); ok {
			_, gone := v.(removed)
			return v, !gone
		}
	}
	return s.Lookup(name)
}

func (s *Scope) contextNames() []string {
	names := s.Names()
	if s.written == nil {
		return names
	}
	for _, item := range s.written.Items() {
		name := stringOrEmpty(item.Key)
		if _, gone := item.Value.(removed); gone {
			names = slices.DeleteFunc(names, func(n string) bool { return n == name })
		} else if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// removed stands for a name that was taken out of context.
type removed struct{}

// write puts a name into context.
func (s *Scope) write(name string, v template.Value) {
	if s.written == nil {
		s.written = template.NewDict()
	}
	_ = s.written.Set(name, v)
}

// Scope returns the names for one rendering of a node of a package. Macros are
// looked up as dbt does: those of the package, of the root project, the packages
// by name, dbt's own; a macro hides a name of the context.
func (p *Project) Scope(host Host, pkg string) *Scope {
	return &Scope{p: p, host: host, pkg: pkg}
}

// With gives the rendering one more name, which hides all others: the arguments
// of a generic test, results in on-run-end, a macro overridden by a unit test.
func (s *Scope) With(name string, v template.Value) *Scope {
	s.extra.set(name, v)
	return s
}

// Quiet has the rendering tell nobody what it logs, prints or warns of: somebody looks at what a
// template would yield, which another rendering has told or will tell.
func (s *Scope) Quiet() *Scope {
	s.quiet = true
	return s
}

// silent is a function of a quiet rendering; nil for one that tells nobody anything anyway.
func (s *Scope) silent(name string) template.Value {
	switch name {
	case "log", "print":
		return template.NewFunc(name, func(*template.Call) (template.Value, error) { return "", nil })
	case "exceptions":
		return exceptions{p: s.p, quiet: true}
	}
	return nil
}

// printer is where tables print themselves; nil for nowhere.
func (s *Scope) printer() func(string) {
	if s.quiet {
		return nil
	}
	return s.p.set.Print
}

// Lookup returns the value of a name.
func (s *Scope) Lookup(name string) (template.Value, bool) {
	if v, ok := s.extra.get(name); ok {
		return v, true
	}
	if v, ok := s.cache.get(name); ok {
		return v, true
	}
	v, ok := s.make(name)
	if ok {
		s.cache.set(name, v)
	}
	return v, ok
}

func (s *Scope) make(name string) (template.Value, bool) {
	if m := s.p.inOwn(name, s.pkg); m != nil {
		return s.macro(m), true
	}
	if s.p.isNamespace(name) {
		return &packageNamespace{s, name}, true
	}
	if v, ok := s.builtin(name); ok {
		return v, true
	}
	if m := s.p.inNamespace(dbtPackage, name); m != nil {
		return s.macro(m), true
	}
	return nil, false
}

// Names lists every name that Lookup knows, sorted, for "did you mean".
func (s *Scope) Names() []string {
	out := slices.Clone(hostNames)
	out = append(out, s.extra.names()...)
	for name := range s.p.staticNames() {
		out = append(out, name)
	}
	for _, pkg := range slices.Concat(s.p.order, []string{dbtPackage}) {
		out = append(out, pkg)
		if pkg == s.pkg || pkg == s.p.set.Name || pkg == dbtPackage {
			names, _ := s.p.macroNames(pkg)
			out = append(out, names...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
