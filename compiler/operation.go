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

// ErrNoMacro is the cause of the error for a macro that there is not.
const ErrNoMacro dbtcontext.Error = "there is no macro of that name"

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
	if args == nil {
		args = template.NewDict()
	}
	source := diag.NewSource("<run-operation>", "{{ "+name+"(**_elt_args) }}")
	return p.operate(ctx, db, source, args)
}

// RunSQL renders SQL and has db run it: `elt run-operation --sql`.
func (p *Plan) RunSQL(ctx context.Context, db dbtcontext.Database, sql string) error {
	text, err := p.operate(ctx, db, diag.NewSource("<--sql>", sql), template.NewDict())
	if err == nil {
		_, err = db.Query(ctx, text)
	}
	return err
}

// operate renders a template for which the project is as for a macro of an operation.
func (p *Plan) operate(ctx context.Context, db dbtcontext.Database, source *diag.Source, args *template.Dict) (string, error) {
	t, err := template.Parse(source)
	if err != nil {
		return "", err
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
	d.Err = ErrNoMacro
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
