package project

import (
	"slices"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// Vars are the variables of var().
type Vars struct {
	CLI     *template.Dict // --vars: before everything else; never nil
	Project *template.Dict // vars: of the project file or vars.yml, packages' mappings included; never nil
	// Packages is what each package's own project file says, by its name; never nil.
	Packages map[string]*template.Dict
}

// Lookup finds a variable for a resource of a package: --vars, then what the
// project sets for that package, then what it sets for all, then what the package's own
// project file says.
func (v *Vars) Lookup(pkg, name string) (template.Value, bool) {
	if value, ok := dictGet(v.CLI, name); ok {
		return value, true
	}
	if value, ok := scoped(v.Project, pkg, name); ok {
		return value, true
	}
	if own, ok := v.Packages[pkg]; ok {
		return scoped(own, pkg, name)
	}
	return nil, false
}

// Names lists the variables that a project knows, sorted, for messages.
func (v *Vars) Names() []string {
	var out []string
	for _, dict := range []*template.Dict{v.CLI, v.Project} {
		for _, key := range dict.Keys() {
			if name, ok := key.(string); ok {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// scoped looks a name up in what is said for one package, then in what is said for all.
func scoped(vars *template.Dict, pkg, name string) (template.Value, bool) {
	if own, ok := dictGet(vars, pkg); ok {
		if d, ok := own.(*template.Dict); ok {
			if value, ok := dictGet(d, name); ok {
				return value, true
			}
		}
	}
	return dictGet(vars, name)
}

// VarsFor returns the lookup for resources of one package.
func (p *Project) VarsFor(pkg string) VarLookup {
	return func(name string) (template.Value, bool) { return p.Vars.Lookup(pkg, name) }
}

// loadVars reads the variables: vars.yml, else vars: of the project file. Both at
// once is an error, as in dbt 1.12. Values are taken as they stand, unrendered.
func (l *loader) loadVars(file cursor) *Vars {
	out := &Vars{CLI: l.opts.Vars, Project: template.NewDict(), Packages: map[string]*template.Dict{}}
	if out.CLI == nil {
		out.CLI = template.NewDict()
	}
	inProject := file.get("vars")
	inFile, ok := l.document("vars.yml")
	if ok {
		l.knownKeys(inFile, varsFileKeys, "vars.yml")
	}
	own := inFile.get("vars")
	if !own.isNull() && len(inProject.pairs()) > 0 {
		l.add(diag.New(diag.WrongType, inProject.place(), "variables are given here and in vars.yml").
			WithNote(own.place(), "and here").
			WithHint("keep all of them in one of the two files"))
	}
	if own.isNull() {
		own = inProject
	}
	if own.isNull() {
		return out
	}
	if !own.isMap() {
		l.add(wrongType(own, "vars", "a mapping of names and values"))
		return out
	}
	out.Project = own.dict(nil)
	return out
}

var varsFileKeys = keySet("vars")
