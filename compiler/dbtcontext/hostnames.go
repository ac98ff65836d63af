package dbtcontext

import (
	"strconv"

	"elt/compiler/template"
)

func itoa(n int) string { return strconv.Itoa(n) }

// hostNames are the names that depend on the node that is rendered.
var hostNames = []string{"ref", "source", "this", "execute"}

func (s *Scope) builtin(name string) (template.Value, bool) {
	switch name {
	case "execute":
		return s.host.Execute(), true
	case "this":
		return NewRelation(s.host.This()), true
	}
	v, ok := s.p.staticNames()[name]
	return v, ok
}

func (p *Project) staticNames() map[string]template.Value { return p.static }

func (p *Project) loadBuiltins() { p.builtinOnce.Do(func() {}) }

func (s *Scope) macro(m *MacroInfo) template.Value {
	if b, ok := any(m.Block).(interface {
		Macro(template.Scope) template.Callable
	}); ok {
		return b.Macro(s)
	}
	return nil
}

type packageNamespace struct {
	scope *Scope
	name  string
}

func (n *packageNamespace) TypeName() string { return "dict" }

func (n *packageNamespace) Attr(name string) (template.Value, bool) {
	m := n.scope.p.inNamespace(n.name, name)
	if m == nil {
		return nil, false
	}
	return n.scope.macro(m), true
}

// YAMLScope returns the names that the values of property files can use.
func (p *Project) YAMLScope(pkg string, secrets bool) template.Scope {
	return template.MapScope(p.staticNames())
}

// Attr is a stand-in until the relation's methods are in place.
func (r *Relation) Attr(name string) (template.Value, bool) { return nil, false }
