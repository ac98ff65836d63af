package dbtcontext

import (
	"slices"

	"elt/compiler/template"
)

// YAMLOptions say what the values of a YAML file may use.
type YAMLOptions struct {
	Package string // whose variables var() finds
	// Secrets allows env_var() to read secrets: in profiles and packages files.
	Secrets bool
	// NoTarget leaves target out: in profiles and the project file.
	NoTarget bool
	// LaxVars makes a variable that is not set None instead of an error.
	LaxVars bool
	// Names are more names, such as those of a generic test's arguments.
	Names map[string]template.Value
}

// YAMLScope returns the names that values of YAML files can use: dbt's base
// context, without macros and without anything of a node. It is safe for
// concurrent use.
func (p *Project) YAMLScope(o YAMLOptions) template.Scope { return &yamlScope{p, o} }

type yamlScope struct {
	p *Project
	o YAMLOptions
}

// notInYAML are names of the context that dbt leaves out of YAML.
var notInYAML = []string{"adapter_macro", "api", "column", "env", "exceptions", "metric", "submit_python_job", "validation"}

// BaseNames are the names of dbt's base context that need no project: the modules, fromjson,
// tojson, flags, run_started_at and their like. A project file may use them before there is a
// [Project]; of the settings, those of the invocation count. It is safe for concurrent use.
func BaseNames(s Settings) template.Scope { return &baseNames{New(s)} }

type baseNames struct{ p *Project }

// ofProject are names that a project brings.
var ofProject = []string{"env_var", "project_name", "target"}

// Lookup returns the value of a name.
func (b *baseNames) Lookup(name string) (template.Value, bool) {
	if name == "builtins" || name == "context" {
		all := map[string]template.Value{}
		for name := range b.p.staticNames() {
			if v, ok := b.Lookup(name); ok {
				all[name] = v
			}
		}
		return attributes{"dict", all}, true
	}
	if slices.Contains(notInYAML, name) || slices.Contains(ofProject, name) {
		return nil, false
	}
	v, ok := b.p.staticNames()[name]
	return v, ok
}

// Lookup returns the value of a name.
func (s *yamlScope) Lookup(name string) (template.Value, bool) {
	if v, ok := s.o.Names[name]; ok {
		return v, true
	}
	switch name {
	case "var":
		return variable{p: s.p, pkg: s.o.Package, scope: s, required: !s.o.LaxVars}, true
	case "env_var":
		return template.NewFunc(name, func(c *template.Call) (template.Value, error) {
			return s.p.envVar(c, s.o.Secrets)
		}), true
	case "doc":
		return template.NewFunc(name, func(c *template.Call) (template.Value, error) { return s.p.doc(c, s.o.Package) }), true
	case "target":
		if s.o.NoTarget {
			return nil, false
		}
	case "builtins", "context":
		return attributes{"dict", s.all()}, true
	}
	if slices.Contains(notInYAML, name) {
		return nil, false
	}
	v, ok := s.p.staticNames()[name]
	return v, ok
}

func (s *yamlScope) all() map[string]template.Value {
	out := map[string]template.Value{}
	for _, name := range s.Names() {
		if name != "builtins" && name != "context" {
			out[name], _ = s.Lookup(name)
		}
	}
	return out
}

// Names lists every name that Lookup knows, sorted.
func (s *yamlScope) Names() []string {
	out := []string{"builtins", "context", "doc", "var"}
	for name := range s.p.staticNames() {
		if _, ok := s.Lookup(name); ok {
			out = append(out, name)
		}
	}
	for name := range s.o.Names {
		out = append(out, name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
