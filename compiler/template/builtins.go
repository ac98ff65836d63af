package template

// builtins are the globals that Jinja itself defines. A scope's names come first.
var builtins = map[string]Value{
	"range":     NewFunc("range", newRange),
	"dict":      NewFunc("dict", newDict),
	"namespace": NewFunc("namespace", newNamespace),
	"cycler":    NewFunc("cycler", newCycler),
	"joiner":    NewFunc("joiner", newJoiner),
}

func newDict(c *Call) (Value, error) {
	d := NewDict()
	return d, updateDict(d, "dict", c)
}

// Namespace is Jinja's namespace(): attributes that {% set ns.x = … %} can assign.
type Namespace struct{ vars *Dict }

func newNamespace(c *Call) (Value, error) {
	d := NewDict()
	return &Namespace{d}, updateDict(d, "dict", c)
}

// TypeName returns "Namespace".
func (n *Namespace) TypeName() string { return "Namespace" }

// Attr returns an attribute.
func (n *Namespace) Attr(name string) (Value, bool) { return n.vars.Get(name) }

// Repr prints the attributes.
func (n *Namespace) Repr() string { return "<Namespace " + Repr(n.vars) + ">" }

// cycler is Jinja's cycler().
type cycler struct {
	items []Value
	at    int
}

func newCycler(c *Call) (Value, error) {
	if len(c.Args) == 0 {
		return nil, exceptionf("RuntimeError", "at least one item has to be provided")
	}
	return &cycler{items: c.Args}, nil
}

// TypeName returns "Cycler".
func (c *cycler) TypeName() string { return "Cycler" }

// Attr returns current, next and reset.
func (c *cycler) Attr(name string) (Value, bool) {
	switch name {
	case "items":
		return Tuple(c.items), true
	case "pos":
		return int64(c.at), true
	case "current":
		return c.items[c.at], true
	case "next":
		return NewFunc("next", func(*Call) (Value, error) {
			v := c.items[c.at]
			c.at = (c.at + 1) % len(c.items)
			return v, nil
		}), true
	case "reset":
		return NewFunc("reset", func(*Call) (Value, error) {
			c.at = 0
			return nil, nil
		}), true
	}
	return nil, false
}

// joiner is Jinja's joiner(): empty at the first call, then the separator.
type joiner struct {
	sep  Value
	used bool
}

func newJoiner(c *Call) (Value, error) {
	j := &joiner{sep: ", "}
	return j, c.Unpack("joiner", "sep?", &j.sep)
}

// TypeName returns "Joiner".
func (j *joiner) TypeName() string { return "Joiner" }

// Attr returns sep and used.
func (j *joiner) Attr(name string) (Value, bool) {
	switch name {
	case "sep":
		return j.sep, true
	case "used":
		return j.used, true
	}
	return nil, false
}

// Name returns "joiner".
func (j *joiner) Name() string { return "joiner" }

// Call returns the separator, the first time nothing.
func (j *joiner) Call(*Call) (Value, error) {
	if !j.used {
		j.used = true
		return "", nil
	}
	return j.sep, nil
}
