package compiler

import (
	"context"
	"slices"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// RunMacro calls a macro, of the project or "package.macro", with keyword arguments and
// execute true: `elt run-operation`. db carries out what the macro asks of the database.
// It returns what the macro prints or returns, as a text.
func (p *Plan) RunMacro(ctx context.Context, db dbtcontext.Database, name string, args *template.Dict) (string, error) {
	if _, ok := p.dbt.Macro(name); !ok {
		full := p.packageMacro(name)
		if full == "" {
			return "", p.unknownMacro(name)
		}
		name = full
	}
	source := diag.NewSource("<run-operation>", "{{ "+name+"(**_elt_args) }}")
	t, err := template.Parse(source)
	if err != nil {
		return "", diag.New(diag.UndefinedName, diag.Place{}, "%q is not the name of a macro", name)
	}
	if args == nil {
		args = template.NewDict()
	}
	target := p.Project.Target
	host := &compileHost{
		ctx: ctx, plan: p, pkg: p.Project.Name, db: db,
		this: project.Relation{Database: target.Database, Schema: target.Schema},
	}
	scope := p.dbt.Scope(host, p.Project.Name).With("_elt_args", args)
	out, err := t.Render(pass{ctx: ctx}.thread(), scope)
	if err == nil {
		err = host.err
	}
	return out.Text, err
}

// packageMacro is the full name of a macro that a package has, found by its name alone as in
// dbt: of several packages' the last one's. It is "" where no package has it.
func (p *Plan) packageMacro(name string) string {
	full := ""
	for _, m := range p.dbt.Macros() {
		if m.Name == name && m.Package != p.Project.Name && !isBuiltin(&m) {
			full = m.Package + "." + name
		}
	}
	return full
}

func (p *Plan) unknownMacro(name string) error {
	var names []string
	for _, m := range p.dbt.Macros() {
		if m.Package == p.Project.Name {
			names = append(names, m.Name)
		} else if !isBuiltin(&m) {
			names = append(names, m.Package+"."+m.Name)
		}
	}
	d := diag.New(diag.UndefinedName, diag.Place{}, "there is no macro %q", name)
	slices.Sort(names)
	switch near := diag.Suggest(name, names); {
	case near != "":
		d.WithHint("did you mean %q?", near)
	case len(names) == 0:
		d.WithHint("macros are defined in .sql files under %s", strings.Join(p.Project.MacroPaths, ", "))
	default:
		d.WithHint("the project has %s", strings.Join(names[:min(len(names), 10)], ", "))
	}
	return d
}
