package template

// dictMethods are the methods of dict.
var dictMethods = map[string]methodFunc{
	"clear":      dictClear,
	"copy":       func(self Value, c *Call) (Value, error) { return self.(*Dict).Copy(), noArgs("dict.copy", c) },
	"fromkeys":   dictFromKeys,
	"get":        dictGet,
	"items":      dictViewMethod("items"),
	"keys":       dictViewMethod("keys"),
	"pop":        dictPop,
	"popitem":    dictPopItem,
	"setdefault": dictSetDefault,
	"update":     dictUpdate,
	"values":     dictViewMethod("values"),
}

// Method returns a method of the dict.
func (d *Dict) Method(name string) (Value, bool) {
	method, ok := dictMethods[name]
	if !ok {
		return nil, false
	}
	return NewFunc(name, func(c *Call) (Value, error) { return method(d, c) }), true
}

func dictViewMethod(kind string) methodFunc {
	return func(self Value, c *Call) (Value, error) {
		return &dictView{self.(*Dict), kind}, noArgs("dict."+kind, c)
	}
}

func dictClear(self Value, c *Call) (Value, error) {
	self.(*Dict).Clear()
	return nil, noArgs("dict.clear", c)
}

func dictGet(self Value, c *Call) (Value, error) {
	if err := argCount("dict.get", c, 1, 2); err != nil {
		return nil, err
	}
	v, ok, err := self.(*Dict).lookup(c.Args[0])
	if ok || err != nil || len(c.Args) == 1 {
		return v, err
	}
	return c.Args[1], nil
}

// keyError is Python's KeyError, whose text is the repr of the key.
func keyError(key Value) error { return exceptionf("KeyError", "%s", Repr(key)) }

func dictPop(self Value, c *Call) (Value, error) {
	if err := argCount("dict.pop", c, 1, 2); err != nil {
		return nil, err
	}
	d := self.(*Dict)
	if d.Len() == 0 && len(c.Args) == 2 {
		return c.Args[1], nil // whatever the key
	}
	v, ok, err := d.lookup(c.Args[0])
	switch {
	case err != nil:
		return nil, err
	case ok:
		d.Delete(c.Args[0])
		return v, nil
	case len(c.Args) == 2:
		return c.Args[1], nil
	}
	return nil, keyError(c.Args[0])
}

func dictPopItem(self Value, c *Call) (Value, error) {
	d := self.(*Dict)
	items := d.Items()
	if len(items) == 0 {
		return nil, keyError("popitem(): dictionary is empty")
	}
	last := items[len(items)-1]
	d.Delete(last.Key)
	return Tuple{last.Key, last.Value}, noArgs("dict.popitem", c)
}

func dictSetDefault(self Value, c *Call) (Value, error) {
	if err := argCount("dict.setdefault", c, 1, 2); err != nil {
		return nil, err
	}
	d := self.(*Dict)
	v, ok, err := d.lookup(c.Args[0])
	if ok || err != nil {
		return v, err
	}
	if len(c.Args) == 2 {
		v = c.Args[1]
	}
	return v, d.Set(c.Args[0], v)
}

func dictUpdate(self Value, c *Call) (Value, error) {
	return nil, updateDict(self.(*Dict), "update", c)
}

// updateDict is what dict() and dict.update() do with their arguments.
func updateDict(d *Dict, name string, c *Call) error {
	if len(c.Args) > 1 {
		return TypeErrorf("%s expected at most 1 argument, got %d", name, len(c.Args))
	}
	if len(c.Args) == 1 {
		if err := updateFrom(d, c.Args[0]); err != nil {
			return err
		}
	}
	for _, k := range c.Kwargs {
		_ = d.Set(k.Name, k.Value)
	}
	return nil
}

func updateFrom(d *Dict, from Value) error {
	if other, ok := asDict(from); ok {
		d.Update(other)
		return nil
	}
	if u, ok := from.(*Undefined); ok && !u.lax {
		return u.fail()
	}
	elems, err := Iterate(from)
	if err != nil {
		return err
	}
	for i, e := range elems {
		pair, err := Iterate(e)
		if err != nil {
			return TypeErrorf("cannot convert dictionary update sequence element #%d to a sequence", i)
		}
		if len(pair) != 2 {
			return ValueErrorf("dictionary update sequence element #%d has length %d; 2 is required", i, len(pair))
		}
		if err := d.Set(pair[0], pair[1]); err != nil {
			return err
		}
	}
	return nil
}

func dictFromKeys(_ Value, c *Call) (Value, error) {
	if err := argCount("fromkeys", c, 1, 2); err != nil {
		return nil, err
	}
	keys, err := Iterate(c.Args[0])
	if err != nil {
		return nil, err
	}
	var v Value
	if len(c.Args) == 2 {
		v = c.Args[1]
	}
	d := NewDict()
	for _, k := range keys {
		if err := d.Set(k, v); err != nil {
			return nil, err
		}
	}
	return d, nil
}
