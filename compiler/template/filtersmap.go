package template

// filterMap is |map('filter', …) and |map(attribute='…', default=…).
func filterMap(f *frame, v Value, c *Call) (Value, error) {
	return lazy("sync_do_map", v, func() (eachFunc, error) {
		each, err := mapper(f, c)
		return func(e Value) (Value, bool, error) {
			out, err := each(e)
			return out, err == nil, err
		}, err
	}), nil
}

func mapper(f *frame, c *Call) (func(Value) (Value, error), error) {
	if len(c.Args) == 0 && hasKwarg(c, "attribute") {
		var attribute, def Value
		var more []Kwarg
		if err := c.Unpack("map", "*", nil, "attribute", &attribute, "default?", &def, "**kwargs", &more); err != nil {
			return nil, err
		}
		if len(more) > 0 {
			return nil, exceptionf("FilterArgumentError", "Unexpected keyword argument %s", Repr(more[0].Name))
		}
		return f.attrGetter(attribute, false, def), nil
	}
	if len(c.Args) == 0 {
		return nil, exceptionf("FilterArgumentError", "map requires a filter argument")
	}
	name, args := c.Args[0], rest(c, 1)
	return func(e Value) (Value, error) {
		fn, err := named(name, "filter", filters)
		if err != nil {
			return nil, err
		}
		return fn(f, e, args)
	}, nil
}

func hasKwarg(c *Call, name string) bool {
	for _, k := range c.Kwargs {
		if k.Name == name {
			return true
		}
	}
	return false
}

// rest is a call without its first n positional arguments.
func rest(c *Call, n int) *Call {
	return &Call{Args: c.Args[n:], Kwargs: c.Kwargs, Place: c.Place, Thread: c.Thread}
}

// named looks up a filter or a test that is given by name at run time.
func named[F any](name Value, what string, known map[string]F) (F, error) {
	s, isText := name.(string)
	fn, ok := known[s]
	if isText && ok {
		return fn, nil
	}
	if u, undefined := name.(*Undefined); undefined {
		return fn, exceptionf("TemplateRuntimeError", "No %s named Undefined. (%s; did you forget to quote the callable name?)", what, u.Message())
	}
	return fn, exceptionf("TemplateRuntimeError", "No %s named %s.", what, Repr(name))
}

// filterSelect is select, reject, selectattr and rejectattr.
func filterSelect(name string, want, byAttr bool) filterFunc {
	return func(f *frame, v Value, c *Call) (Value, error) {
		return lazy(name, v, func() (eachFunc, error) { return selector(f, c, want, byAttr) }), nil
	}
}

// selector reads the arguments of select and its like.
func selector(f *frame, c *Call, want, byAttr bool) (eachFunc, error) {
	get := func(e Value) (Value, error) { return e, nil }
	if byAttr {
		if len(c.Args) == 0 {
			return nil, exceptionf("FilterArgumentError", "Missing parameter for attribute name")
		}
		get = f.attrGetter(c.Args[0], false, nil)
		c = rest(c, 1)
	}
	pass := func(e Value) (bool, error) { return Truth(e), nil }
	if len(c.Args) > 0 {
		name, args := c.Args[0], rest(c, 1)
		pass = func(e Value) (bool, error) {
			fn, err := named(name, "test", tests)
			if err != nil {
				return false, err
			}
			return fn(f, e, args)
		}
	}
	return func(e Value) (Value, bool, error) {
		x, err := get(e)
		if err != nil {
			return nil, false, err
		}
		ok, err := pass(x)
		return e, ok == want, err
	}, nil
}

// filterGroupBy sorts by an attribute and groups what is equal.
func filterGroupBy(f *frame, v Value, c *Call) (Value, error) {
	var attribute, def Value
	caseSensitive := false
	err := c.Unpack("sync_do_groupby", "attribute", &attribute, "default?", &def, "case_sensitive?", &caseSensitive)
	if err != nil {
		return nil, err
	}
	elems, err := Iterate(v)
	if err != nil {
		return nil, err
	}
	key := f.attrGetter(attribute, !caseSensitive, def)
	sorted, err := sortBy(elems, false, key)
	if err != nil {
		return nil, err
	}
	real := f.attrGetter(attribute, false, def)
	var out []Value
	var last Value
	var group *List
	for i, e := range sorted {
		k, err := key(e)
		if err != nil {
			return nil, err
		}
		if i == 0 || !Equal(k, last) {
			shown, err := real(e)
			if err != nil {
				return nil, err
			}
			group = &List{}
			out = append(out, &groupTuple{shown, group})
		}
		last = k
		group.Elems = append(group.Elems, e)
	}
	return &List{Elems: out}, nil
}

// groupTuple is what |groupby makes: a pair whose parts have names.
type groupTuple struct {
	grouper Value
	list    *List
}

func (g *groupTuple) tuple() Tuple { return Tuple{g.grouper, g.list} }

// TypeName returns Jinja's name of the pair.
func (g *groupTuple) TypeName() string { return "_GroupTuple" }

// Attr returns grouper and list.
func (g *groupTuple) Attr(name string) (Value, bool) {
	switch name {
	case "grouper":
		return g.grouper, true
	case "list":
		return g.list, true
	}
	return nil, false
}

// Iterate returns the two parts.
func (g *groupTuple) Iterate() ([]Value, error) { return g.tuple(), nil }

// Len returns 2.
func (g *groupTuple) Len() int { return 2 }

// Repr prints the pair.
func (g *groupTuple) Repr() string { return Repr(g.tuple()) }

// Index returns a part.
func (g *groupTuple) Index(key Value) (Value, bool, error) { return getItem(g.tuple(), key) }

// Equal compares as tuples.
func (g *groupTuple) Equal(other Value) bool {
	if o, ok := other.(*groupTuple); ok {
		return Equal(g.tuple(), o.tuple())
	}
	return Equal(g.tuple(), other)
}
