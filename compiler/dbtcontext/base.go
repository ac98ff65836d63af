package dbtcontext

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// staticNames are the names that are the same for every rendering of a project.
func (p *Project) staticNames() map[string]template.Value {
	p.staticOnce.Do(p.makeStatic)
	return p.static
}

func (p *Project) makeStatic() {
	p.static = map[string]template.Value{
		"dbt_version":          p.set.DbtVersion,
		"invocation_id":        p.set.InvocationID,
		"project_name":         p.set.Name,
		"thread_id":            "MainThread",
		"run_started_at":       DateTime(p.set.Now),
		"target":               dictOrEmpty(p.set.Target),
		"env":                  dictOrEmpty(p.set.Target),
		"flags":                newFlags(p.set),
		"invocation_args_dict": dictOrEmpty(p.set.Args),
		"dbt_metadata_envs":    dictOrEmpty(p.set.MetadataEnvs),
		"exceptions":           exceptions{p: p},
		"modules":              p.modules(),
		"validation":           validation{},
		"api": attributes{"api", map[string]template.Value{
			"Relation": relationClass{p}, "Column": columnClass{},
		}},
		"column": columnClass{},
	}
	for name, fn := range p.functions() {
		p.static[name] = template.NewFunc(name, fn)
	}
}

func dictOrEmpty(d *template.Dict) *template.Dict {
	if d == nil {
		return template.NewDict()
	}
	return d
}

// functions are the functions that need nothing but the project.
func (p *Project) functions() map[string]method {
	return map[string]method{
		"return":            func(c *template.Call) (template.Value, error) { return callReturn(c) },
		"fromjson":          fromJSON,
		"tojson":            toJSON,
		"fromyaml":          fromYAML,
		"toyaml":            toYAML,
		"set":               func(c *template.Call) (template.Value, error) { return makeSet(c, false) },
		"set_strict":        func(c *template.Call) (template.Value, error) { return makeSet(c, true) },
		"zip":               func(c *template.Call) (template.Value, error) { return zip(c, false) },
		"zip_strict":        func(c *template.Call) (template.Value, error) { return zip(c, true) },
		"log":               p.log,
		"print":             p.print,
		"env_var":           func(c *template.Call) (template.Value, error) { return p.envVar(c, false) },
		"local_md5":         localMD5,
		"diff_of_two_dicts": diffOfTwoDicts,
		"adapter_macro": func(c *template.Call) (template.Value, error) {
			return nil, diag.New(diag.Unsupported, c.Place, "adapter_macro() is no longer part of dbt").
				WithHint("use adapter.dispatch(\"name\")(...)")
		},
		"submit_python_job": func(c *template.Call) (template.Value, error) {
			return nil, diag.New(diag.Unsupported, c.Place, "python models cannot be run")
		},
	}
}

func (p *Project) modules() template.Value {
	now := p.set.Now
	return attributes{"dict", map[string]template.Value{
		"datetime":  datetimeModule{now},
		"pytz":      pytzModule{},
		"re":        &reModule{},
		"itertools": itertoolsModule{},
	}}
}

// attributes is an object that has a fixed set of attributes, such as api.
type attributes struct {
	typeName string
	names    map[string]template.Value
}

// TypeName is the Python type name.
func (a attributes) TypeName() string { return a.typeName }

// Attr returns an attribute.
func (a attributes) Attr(name string) (template.Value, bool) {
	v, ok := a.names[name]
	return v, ok
}

// Iterate returns the names, sorted.
func (a attributes) Iterate() ([]template.Value, error) {
	var names []string
	for name := range a.names {
		names = append(names, name)
	}
	slices.Sort(names)
	return listOf(names).Elems, nil
}

func callReturn(c *template.Call) (template.Value, error) {
	var v template.Value
	if err := c.Unpack("return", "data", &v); err != nil {
		return nil, err
	}
	return nil, template.Return(v)
}

func makeSet(c *template.Call, strict bool) (template.Value, error) {
	var v, def template.Value
	if err := c.Unpack("set", "value", &v, "default?", &def); err != nil {
		return nil, err
	}
	elems, err := template.Iterate(v)
	if err == nil {
		var set *template.Set
		if set, err = template.NewSet(elems...); err == nil {
			return set, nil
		}
	}
	if strict {
		return nil, fmt.Errorf("set_strict(): %w", err)
	}
	return def, nil
}

func zip(c *template.Call, strict bool) (template.Value, error) {
	var def template.Value
	for _, kw := range c.Kwargs {
		if kw.Name != "default" || strict {
			return nil, template.TypeErrorf("zip() got an unexpected keyword argument '%s'", kw.Name)
		}
		def = kw.Value
	}
	lists, err := iterables(c.Args)
	if err != nil {
		if strict {
			return nil, fmt.Errorf("zip_strict(): %w", err)
		}
		return def, nil
	}
	var out []template.Value
	for i := 0; len(lists) > 0; i++ {
		row := make(template.Tuple, len(lists))
		for n, l := range lists {
			if i >= len(l) {
				return template.NewIterator("zip", out), nil
			}
			row[n] = l[i]
		}
		out = append(out, row)
	}
	return template.NewIterator("zip", out), nil
}

func (p *Project) log(c *template.Call) (template.Value, error) {
	var msg, info template.Value
	if err := c.Unpack("log", "msg", &msg, "info?", &info); err != nil {
		return nil, err
	}
	if p.set.Log != nil {
		p.set.Log(template.Str(msg), template.Truth(info))
	}
	return "", nil
}

func (p *Project) print(c *template.Call) (template.Value, error) {
	var msg template.Value
	if err := c.Unpack("print", "msg", &msg); err != nil {
		return nil, err
	}
	if p.set.Print != nil {
		p.set.Print(template.Str(msg))
	}
	return "", nil
}

func localMD5(c *template.Call) (template.Value, error) {
	var v string
	if err := c.Unpack("local_md5", "value", &v); err != nil {
		return nil, err
	}
	sum := md5.Sum([]byte(v))
	return hex.EncodeToString(sum[:]), nil
}

// diffOfTwoDicts is dbt's: what dict_a has beyond dict_b, letter case aside.
func diffOfTwoDicts(c *template.Call) (template.Value, error) {
	var a, b *template.Dict
	if err := c.Unpack("diff_of_two_dicts", "dict_a", &a, "dict_b", &b); err != nil {
		return nil, err
	}
	lowered := map[string][]string{}
	for _, it := range b.Items() {
		elems, err := template.Iterate(it.Value)
		if err != nil {
			return nil, err
		}
		key := strings.ToLower(template.Str(it.Key))
		lowered[key] = nil
		for _, e := range elems {
			lowered[key] = append(lowered[key], strings.ToLower(template.Str(e)))
		}
	}
	out := template.NewDict()
	for _, it := range a.Items() {
		have, ok := lowered[strings.ToLower(template.Str(it.Key))]
		if !ok {
			_ = out.Set(it.Key, it.Value)
			continue
		}
		elems, err := template.Iterate(it.Value)
		if err != nil {
			return nil, err
		}
		rest := template.NewList()
		for _, e := range elems {
			if !slices.Contains(have, strings.ToLower(template.Str(e))) {
				rest.Elems = append(rest.Elems, e)
			}
		}
		if len(rest.Elems) > 0 {
			_ = out.Set(it.Key, rest)
		}
	}
	return out, nil
}

// validation is dbt's validation namespace: validation.any[...] checks a config
// value.
type validation struct{}

// TypeName is the Python type name.
func (validation) TypeName() string { return "dict" }

// Attr returns validation.any, which can be called and indexed alike.
func (validation) Attr(name string) (template.Value, bool) {
	if name != "any" {
		return nil, false
	}
	return template.NewFunc("validation.any", func(c *template.Call) (template.Value, error) {
		allowed := c.Args
		return template.NewFunc("validation.any", func(c *template.Call) (template.Value, error) {
			var v template.Value
			if err := c.Unpack("validation.any", "value", &v); err != nil {
				return nil, err
			}
			return nil, validateAny(v, allowed)
		}), nil
	}), true
}

func validateAny(v template.Value, allowed []template.Value) error {
	var texts []string
	for _, want := range allowed {
		if f, ok := want.(template.Callable); ok && f.Name() == template.TypeName(v) || template.Equal(v, want) {
			return nil
		}
		texts = append(texts, template.Str(want))
	}
	return fmt.Errorf("expected value %q to be one of %s", template.Str(v), strings.Join(texts, ","))
}
