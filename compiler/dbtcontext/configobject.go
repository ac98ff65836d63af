package dbtcontext

import (
	"fmt"

	"elt/compiler/project"
	"elt/compiler/template"
)

// configObject is config: a function that sets, with methods that read.
type configObject struct{ s *Scope }

// Name is the function's name.
func (*configObject) Name() string { return "config" }

// TypeName is the Python type name.
func (o *configObject) TypeName() string {
	if o.s.host.Execute() {
		return "RuntimeConfigObject"
	}
	return "ParseConfigObject"
}

// Call is config(key=value, ...) or config({...}).
func (o *configObject) Call(c *template.Call) (template.Value, error) {
	values := template.NewDict()
	var at []project.KeyPlace
	switch {
	case len(c.Args) == 1 && len(c.Kwargs) == 0:
		d, ok := c.Args[0].(*template.Dict)
		if !ok {
			return nil, fmt.Errorf("config() takes a dict or key=value, not %s", template.TypeName(c.Args[0]))
		}
		values = d.Copy()
		if places := c.PairPlaces(); len(places) == values.Len() {
			at = make([]project.KeyPlace, len(places))
			for i, place := range places {
				at[i] = project.KeyPlace{Place: place, Each: c.PairElements(i)}
			}
		}
	case len(c.Args) == 0:
		for i, kw := range c.Kwargs {
			if err := values.Set(kw.Name, kw.Value); err != nil {
				return nil, err
			}
			if at == nil {
				at = make([]project.KeyPlace, 0, len(c.Kwargs))
			}
			at = append(at, project.KeyPlace{Place: kw.Place, Each: c.KwargElements(i)})
		}
	default:
		return nil, fmt.Errorf("config() takes either one dict or key=value, not both")
	}
	return "", o.s.host.Config(values, c.Place, at)
}

// Attr returns a method.
func (o *configObject) Attr(name string) (template.Value, bool) {
	switch name {
	case "get":
		return bind("config.get", func(c *template.Call) (template.Value, error) { return o.get(c, o.s.host.ConfigGet, false) })
	case "require":
		return bind("config.require", func(c *template.Call) (template.Value, error) { return o.get(c, o.s.host.ConfigGet, true) })
	case "meta_get":
		return bind("config.meta_get", func(c *template.Call) (template.Value, error) { return o.get(c, o.meta, false) })
	case "meta_require":
		return bind("config.meta_require", func(c *template.Call) (template.Value, error) { return o.get(c, o.meta, true) })
	case "set":
		return bind("config.set", o.set)
	case "persist_relation_docs":
		return bind("config.persist_relation_docs", answers(func() template.Value { return o.persist("relation") }))
	case "persist_column_docs":
		return bind("config.persist_column_docs", answers(func() template.Value { return o.persist("columns") }))
	}
	return nil, false
}

func (o *configObject) get(c *template.Call, lookup func(string) (template.Value, bool), required bool) (template.Value, error) {
	var name string
	var def, validator template.Value
	var err error
	if required {
		err = c.Unpack("require", "name", &name, "validator?", &validator)
	} else {
		err = c.Unpack("get", "name", &name, "default?", &def, "validator?", &validator)
	}
	if err != nil {
		return nil, err
	}
	if !o.s.host.Execute() {
		return "", nil // dbt does not know the config while it parses, nor takes the default
	}
	v, ok := lookup(name)
	switch {
	case !ok && required:
		return nil, o.missing(name)
	case !ok:
		v = def
	}
	if check, ok := validator.(template.Callable); ok && (required || def != nil) {
		_, err = check.Call(&template.Call{Args: []template.Value{v}, Place: c.Place, Thread: c.Thread})
	}
	return v, err
}

func (o *configObject) missing(name string) error {
	if n := o.s.host.Node(); n != nil {
		return fmt.Errorf("%q does not define the required config %q", n.UniqueID, name)
	}
	return fmt.Errorf("the required config %q is not defined", name)
}

func (o *configObject) meta(name string) (template.Value, bool) {
	v, _ := o.s.host.ConfigGet("meta")
	d, ok := v.(*template.Dict)
	if !ok {
		return nil, false
	}
	return d.Get(name)
}

func (o *configObject) set(c *template.Call) (template.Value, error) {
	var name string
	var value template.Value
	if err := c.Unpack("set", "name", &name, "value", &value); err != nil {
		return nil, err
	}
	return "", o.s.host.Config(template.NewDict(template.Item{Key: name, Value: value}), c.Place, nil)
}

func (o *configObject) persist(what string) template.Value {
	if !o.s.host.Execute() {
		return false
	}
	v, _ := o.s.host.ConfigGet("persist_docs")
	d, _ := v.(*template.Dict)
	on, _ := d.Get(what)
	return template.Truth(on)
}
