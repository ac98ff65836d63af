package dbtcontext

import "elt/compiler/template"

// resolver is ref or source: a function that also knows what it resolves for, as those of dbt's context do.
// Packages reach the project's config by it: `builtins.ref.config.project_name`.
type resolver struct {
	*template.Func
	s *Scope
}

// TypeName is the Python type name.
func (resolver) TypeName() string { return "RuntimeRefResolver" }

// Attr returns config, the node as model, or the name of the project.
func (r resolver) Attr(name string) (template.Value, bool) {
	switch name {
	case "config":
		return r.s.p.runtimeConfig()
	case "model":
		return r.s.builtin("model")
	case "current_project":
		return r.s.p.set.Name, true
	}
	return nil, false
}

// runtimeConfig is the project's config as an object.
func (p *Project) runtimeConfig() (template.Value, bool) {
	p.configOnce.Do(func() {
		if p.set.RuntimeConfig != nil {
			p.config = attributes{"RuntimeConfig", p.set.RuntimeConfig()}
		}
	})
	return p.config, p.config != nil
}

// RuntimeObject is an object of dbt's with attributes, as templates may hold it.
func RuntimeObject(typeName string, attrs map[string]template.Value) template.Value {
	return attributes{typeName, attrs}
}

// RuntimeVars is the `vars` of a project's config: an object that has them as a mapping.
func RuntimeVars(vars *template.Dict) template.Value {
	return attributes{"VarProvider", map[string]template.Value{
		"vars":    vars,
		"to_dict": template.NewFunc("to_dict", func(*template.Call) (template.Value, error) { return vars, nil }),
	}}
}
