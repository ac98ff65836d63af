package template

// setMethods are the methods of set.
var setMethods = map[string]methodFunc{
	"add":                         setAdd,
	"clear":                       setClear,
	"copy":                        func(self Value, c *Call) (Value, error) { return self.(*Set).union(&Set{}), noArgs("set.copy", c) },
	"difference":                  setCombine((*Set).difference),
	"difference_update":           setReplace((*Set).difference),
	"discard":                     setDiscard,
	"intersection":                setCombine((*Set).intersection),
	"intersection_update":         setReplace((*Set).intersection),
	"isdisjoint":                  setAsk(func(a, b *Set) bool { return a.intersection(b).Len() == 0 }),
	"issubset":                    setAsk(func(a, b *Set) bool { return a.subsetOf(b) }),
	"issuperset":                  setAsk(func(a, b *Set) bool { return b.subsetOf(a) }),
	"pop":                         setPop,
	"remove":                      setRemove,
	"symmetric_difference":        setCombine((*Set).symmetricDifference),
	"symmetric_difference_update": setReplace((*Set).symmetricDifference),
	"union":                       setCombine((*Set).union),
	"update":                      setReplace((*Set).union),
}

// setOf returns the set of the elements of an iterable.
func setOf(v Value) (*Set, error) {
	if s, ok := v.(*Set); ok {
		return s, nil
	}
	elems, err := Iterate(v)
	if err != nil {
		return nil, err
	}
	return NewSet(elems...)
}

func setCombine(combine func(a, b *Set) *Set) methodFunc {
	return func(self Value, c *Call) (Value, error) {
		out := self.(*Set).union(&Set{})
		for _, a := range c.Args {
			other, err := setOf(a)
			if err != nil {
				return nil, err
			}
			out = combine(out, other)
		}
		return out, nil
	}
}

func setReplace(combine func(a, b *Set) *Set) methodFunc {
	combined := setCombine(combine)
	return func(self Value, c *Call) (Value, error) {
		v, err := combined(self, c)
		if err == nil {
			self.(*Set).d = v.(*Set).d
		}
		return nil, err
	}
}

func setAsk(ask func(a, b *Set) bool) methodFunc {
	return func(self Value, c *Call) (Value, error) {
		if err := argCount("set.issubset", c, 1, 1); err != nil {
			return nil, err
		}
		other, err := setOf(c.Args[0])
		if err != nil {
			return nil, err
		}
		return ask(self.(*Set), other), nil
	}
}

func setAdd(self Value, c *Call) (Value, error) {
	if err := argCount("set.add", c, 1, 1); err != nil {
		return nil, err
	}
	return nil, self.(*Set).Add(c.Args[0])
}

func setClear(self Value, c *Call) (Value, error) {
	self.(*Set).d.Clear()
	return nil, noArgs("set.clear", c)
}

func setDiscard(self Value, c *Call) (Value, error) {
	if err := argCount("set.discard", c, 1, 1); err != nil {
		return nil, err
	}
	_, err := hashKey(c.Args[0])
	self.(*Set).Delete(c.Args[0])
	return nil, err
}

func setRemove(self Value, c *Call) (Value, error) {
	if err := argCount("set.remove", c, 1, 1); err != nil {
		return nil, err
	}
	if _, err := hashKey(c.Args[0]); err != nil {
		return nil, err
	}
	if !self.(*Set).Delete(c.Args[0]) {
		return nil, keyError(c.Args[0])
	}
	return nil, nil
}

func setPop(self Value, c *Call) (Value, error) {
	s := self.(*Set)
	elems := s.Elems()
	if len(elems) == 0 {
		return nil, keyError("pop from an empty set")
	}
	s.Delete(elems[0])
	return elems[0], noArgs("set.pop", c)
}
