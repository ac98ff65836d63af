package project

import (
	"context"
	"errors"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// renderer renders the Jinja in YAML values, natively as dbt does: a value that is
// one expression keeps the expression's type.
type renderer struct {
	ctx    context.Context
	scope  template.Scope
	strict bool             // an undefined value is an error, as it is where dbt checks or writes it
	blank  bool             // an undefined value is an empty text, as dbt writes it
	thread *template.Thread // made on first use; belongs to one goroutine
}

// free is the renderer for what stands below a key: dbt looks at no value of a dict of one's own, and writes
// what is undefined there as an empty text.
func (r *renderer) free(key string) *renderer {
	if r == nil || !r.strict || key != "meta" && key != "column_types" {
		return r
	}
	out := *r
	out.strict, out.blank = false, true
	return &out
}

func newRenderer(ctx context.Context, scope template.Scope) *renderer {
	return &renderer{ctx: ctx, scope: scope}
}

// hasJinja reports whether a text holds anything for a template engine.
func hasJinja(s string) bool {
	at := strings.IndexByte(s, '{')
	for at >= 0 && at+1 < len(s) {
		switch s[at+1] {
		case '{', '%', '#':
			return true
		}
		next := strings.IndexByte(s[at+1:], '{')
		if next < 0 {
			return false
		}
		at += 1 + next
	}
	return false
}

// text renders a string that stands at c. A text without Jinja comes out as Jinja
// would print it: less one newline at the end.
func (r *renderer) text(c cursor, s string) template.Value {
	if !hasJinja(s) {
		return strings.TrimSuffix(s, "\n")
	}
	src := diag.NewSource(c.doc.src.Path, s)
	v, errs := r.evaluate(src)
	for _, d := range errs {
		c.doc.diags.add(c.relocate(d, src))
	}
	return v
}

// evaluate renders a text as it stands.
func (r *renderer) evaluate(src *diag.Source) (template.Value, diag.List) {
	t, err := template.Parse(src)
	if err != nil {
		return nil, diag.From(err, diag.TemplateSyntax)
	}
	if r.thread == nil {
		r.thread = template.NewThread(r.ctx)
	}
	v, err := t.RenderNative(r.thread, r.scope)
	if err != nil {
		return nil, diag.From(err, diag.TemplateError)
	}
	if u, ok := v.(*template.Undefined); ok {
		switch {
		case r.strict:
			return nil, diag.List{u.Problem()}
		case r.blank:
			return "", nil
		}
	}
	return v, nil
}

// relocate moves a diagnostic of a string's template to the string's place in its file.
func (c cursor) relocate(d *diag.Diagnostic, src *diag.Source) *diag.Diagnostic {
	moved := *d
	moved.Place = c.place()
	if d.Place.Source == src {
		moved.Place = c.inner(d.Place.Span)
	}
	return &moved
}

// value turns a YAML value into a template value. With a renderer its strings are
// rendered; with nil they stay as they are.
func (c cursor) value(r *renderer) template.Value {
	n := c.resolve()
	switch {
	case n == nil:
		return nil
	case c.isMap():
		d := template.NewDict()
		for _, p := range c.pairs() {
			dictSet(d, p.keyValue(), p.value.value(r.free(p.key)))
		}
		return d
	case c.isList():
		items := c.items()
		out := make([]template.Value, len(items))
		for i, e := range items {
			out[i] = e.value(r)
		}
		return template.NewList(out...)
	}
	v := Scalar(n)
	if s, ok := v.(string); ok && r != nil {
		return r.text(c, s)
	}
	return v
}

// keyValue is the key as a value: numbers stay numbers.
func (p pair) keyValue() template.Value {
	if n := p.keyAt.resolve(); n != nil {
		return Scalar(n)
	}
	return p.key
}

// dict is value for a mapping; what is none is an empty dict.
func (c cursor) dict(r *renderer) *template.Dict {
	if d, ok := c.value(r).(*template.Dict); ok {
		return d
	}
	return template.NewDict()
}

// secretPrefixes begin the names of variables that only a connection may read.
var secretPrefixes = []string{"DBT_ENV_SECRET", "ELT_SECRET_"}

// IsSecretName reports whether the environment variable of a name holds a secret.
func IsSecretName(name string) bool {
	for _, p := range secretPrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// yamlScope gives env_var, var and target to the templates of YAML values, and what the
// compiler adds: the rest of dbt's base context.
type yamlScope struct {
	env     func(string) (string, bool)
	vars    VarLookup
	target  *Target
	project *Project       // nil where it has no variables yet
	names   template.Scope // nil for none
	secrets bool           // env_var may read secrets
	used    func(secret string)
}

// Lookup returns the value of a name.
func (s *yamlScope) Lookup(name string) (template.Value, bool) {
	switch name {
	case "env_var":
		return template.NewFunc("env_var", s.envVar), true
	case "var":
		return template.NewFunc("var", s.variable), true
	case "target":
		if s.target != nil {
			return s.target.Raw, true
		}
		return nil, false
	case "project_name":
		if s.target == nil || s.project == nil {
			return nil, false
		}
		if s.project.root != nil {
			return s.project.root.Name, true
		}
		return s.project.Name, true
	}
	if s.names == nil {
		return nil, false
	}
	return s.names.Lookup(name)
}

// arguments reads (name, default) of env_var() and var().
func arguments(c *template.Call, function string) (name string, fallback template.Value, has bool, err error) {
	args := map[string]template.Value{}
	for i, v := range c.Args {
		if i > 1 {
			return "", nil, false, errors.New(function + "() takes a name and a default")
		}
		args[[]string{"name", "default"}[i]] = v
	}
	for _, kw := range c.Kwargs {
		key := kw.Name
		if key == "var" {
			key = "name"
		}
		args[key] = kw.Value
	}
	name, ok := args["name"].(string)
	if !ok {
		return "", nil, false, errors.New(function + "() needs the name of a variable, in quotes")
	}
	fallback, has = args["default"]
	return name, fallback, has && fallback != nil, nil
}

func (s *yamlScope) envVar(c *template.Call) (template.Value, error) {
	name, fallback, has, err := arguments(c, "env_var")
	if err != nil {
		return nil, err
	}
	if IsSecretName(name) && !s.secrets {
		return nil, diag.New(diag.MissingEnvVar, c.Place, "the secret %q may not be read here", name).
			WithHint("env_var() gives secrets to the connection only: profiles.yml, or target in elt.yml")
	}
	if v, ok := s.env(name); ok {
		if IsSecretName(name) && s.used != nil {
			s.used(v)
		}
		return v, nil
	}
	if has {
		return fallback, nil
	}
	return nil, diag.New(diag.MissingEnvVar, c.Place, "the environment variable %q is not set", name).
		WithHint("set it, write it into .env, or give a default: env_var('%s', '...')", name)
}

func (s *yamlScope) variable(c *template.Call) (template.Value, error) {
	name, fallback, has, err := arguments(c, "var")
	if err != nil {
		return nil, err
	}
	if v, ok := s.vars(name); ok {
		return v, nil
	}
	if has || len(c.Args)+len(c.Kwargs) > 1 {
		return fallback, nil
	}
	d := diag.New(diag.UnknownVar, c.Place, "the variable %q is not set", name)
	if s.project != nil && s.project.Vars != nil {
		if near := diag.Suggest(name, s.project.Vars.Names()); near != "" {
			return nil, d.WithHint("did you mean %q? Else set it under vars: or with --vars, or give a default: var(%s, ...)", near, template.Repr(name))
		}
	}
	return nil, d.WithHint("set it under vars: or with --vars, or give a default: var(%s, ...)", template.Repr(name))
}

// configValue is value with its place, and the places of a list's elements.
func (c cursor) configValue(r *renderer) ConfigValue {
	v := ConfigValue{Value: c.value(r), Place: c.place()}
	if c.isList() {
		for _, e := range c.items() {
			v.Each = append(v.Each, e.place())
		}
	}
	return v
}

// each returns the places of the elements the value has as a list.
func (v ConfigValue) each() []diag.Place {
	elems, ok := elements(v.Value)
	if !ok && v.Value != nil {
		elems = []template.Value{v.Value}
	}
	out := make([]diag.Place, len(elems))
	for i := range out {
		out[i] = v.Place
		if i < len(v.Each) {
			out[i] = v.Each[i]
		}
	}
	return out
}
