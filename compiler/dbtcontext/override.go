package dbtcontext

import (
	"strings"

	"elt/compiler/template"
)

// Override makes every call of a macro ("m" or "package.m") answer with a value, as the
// overrides of a unit test ask for. A macro of dbt is overridden in the namespace dbt
// too. A name of the context that is no macro ("run_started_at") has the value itself,
// as in dbt. It reports whether there is such a name.
func (s *Scope) Override(name string, answer template.Value) bool {
	pkg, macro, qualified := strings.Cut(name, ".")
	if s.p.resolve(name, s.pkg) == nil {
		if _, ok := s.Lookup(name); !ok || qualified {
			return false
		}
		s.With(name, answer)
		return true
	}
	fn := template.NewFunc(name, func(*template.Call) (template.Value, error) { return answer, nil })
	if s.overrides == nil {
		s.overrides = map[string]template.Value{}
	}
	if !qualified {
		pkg, macro = dbtPackage, name
		s.With(macro, fn)
	} else if pkg == dbtPackage {
		s.With(macro, fn)
	}
	s.overrides[pkg+"."+macro] = fn
	return true
}

// OverrideVars makes var() answer with other values, as --vars would.
func (s *Scope) OverrideVars(values *template.Dict) *Scope {
	return s.With("var", variable{p: s.p, pkg: s.pkg, scope: s, required: s.host.Execute(), over: values})
}

// OverrideEnv makes env_var() answer with other values.
func (s *Scope) OverrideEnv(values *template.Dict) *Scope {
	return s.With("env_var", template.NewFunc("env_var", func(c *template.Call) (template.Value, error) {
		if len(c.Args) > 0 {
			if v, ok := values.Get(c.Args[0]); ok {
				return v, nil
			}
		}
		return s.p.envVar(c, false)
	}))
}
