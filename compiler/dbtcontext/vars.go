package dbtcontext

import (
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// envVar is env_var(). Secrets may be read only where they cannot reach a text
// that is kept: in profiles and in packages.
func (p *Project) envVar(c *template.Call, secrets bool) (template.Value, error) {
	var name string
	var def template.Value
	if err := c.Unpack("env_var", "var", &name, "default?", &def); err != nil {
		return nil, err
	}
	if project.IsSecretName(name) && !secrets {
		return nil, diag.New(diag.MissingEnvVar, c.Place, "secret variable %q cannot be used here", name).
			WithHint("secrets can be read in the connection and in packages.yml only; give the variable a name that does not begin with DBT_ENV_SECRET or ELT_SECRET_ if it is not secret")
	}
	if p.set.Env != nil {
		if value, ok := p.set.Env(name); ok {
			if project.IsSecretName(name) && p.set.SecretSeen != nil {
				p.set.SecretSeen(value)
			}
			return value, nil
		}
	}
	if def != nil {
		return def, nil
	}
	return nil, diag.New(diag.MissingEnvVar, c.Place, "the environment variable %q is not set", name).
		WithHint("set it, write it into .env, or give a default: env_var(%s, %s)", template.Repr(name), "'...'")
}

// variable is var() with its method has_var.
type variable struct {
	p        *Project
	pkg      string
	scope    template.Scope // renders values that hold Jinja
	required bool           // a missing variable is an error; else it is None
	over     *template.Dict // values that come before all others; nil for none
}

// Name is the function's name.
func (variable) Name() string { return "var" }

// TypeName is the Python type name.
func (variable) TypeName() string { return "Var" }

// Attr returns has_var.
func (v variable) Attr(name string) (template.Value, bool) {
	if name != "has_var" {
		return nil, false
	}
	return bind(name, func(c *template.Call) (template.Value, error) {
		var name string
		if err := c.Unpack("has_var", "var_name", &name); err != nil {
			return nil, err
		}
		_, ok := v.lookup(name)
		return ok, nil
	})
}

func (v variable) lookup(name string) (template.Value, bool) {
	if v.over != nil {
		if value, ok := v.over.Get(name); ok {
			return value, true
		}
	}
	if v.p.set.Vars == nil {
		return nil, false
	}
	return v.p.set.Vars(v.pkg, name)
}

// Call is var(name, default).
func (v variable) Call(c *template.Call) (template.Value, error) {
	var name string
	unset := template.NewUndefined("default", "", c.Place)
	var def template.Value = unset
	if err := c.Unpack("var", "var_name", &name, "default?", &def); err != nil {
		return nil, err
	}
	if value, ok := v.lookup(name); ok {
		text, isText := value.(string)
		if !isText || !hasTag(text) {
			return value, nil
		}
		return renderText(c, text, "var "+name, v.scope)
	}
	if def != template.Value(unset) {
		return def, nil
	}
	if !v.required {
		return nil, nil
	}
	return nil, v.missing(c, name)
}

func (v variable) missing(c *template.Call, name string) error {
	d := diag.New(diag.UnknownVar, c.Place, "the variable %q is not set", name)
	var known []string
	if v.p.set.VarNames != nil {
		known = slices.Clone(v.p.set.VarNames(v.pkg))
		slices.Sort(known)
	}
	if near := diag.Suggest(name, known); near != "" {
		return d.WithHint("did you mean %q? Else set it under vars: or with --vars, or give a default: var(%s, ...)", near, template.Repr(name))
	}
	if len(known) > 0 {
		return d.WithHint("set it under vars: or with --vars, or give a default: var(%s, ...); set are: %s",
			template.Repr(name), listNames(known))
	}
	return d.WithHint("set it under vars: or with --vars, or give a default: var(%s, ...)", template.Repr(name))
}

// listNames lists the first names of a long list.
func listNames(names []string) string {
	const most = 12
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}
