package template

import (
	"fmt"
	"strings"
)

// attr is x.name: an attribute, else an item, else undefined.
func (f *frame) attr(x Value, name string) (Value, error) {
	if u, ok := x.(*Undefined); ok {
		if strings.HasPrefix(name, "_") && !(strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__")) && u.lax {
			return unsafeAttr(x, name, f.lax), nil
		}
		return u.attr(name)
	}
	if v, ok := f.getAttr(x, name); ok {
		return v, nil
	}
	if v, ok, err := getItem(x, name); ok || err != nil {
		return v, err
	}
	return undefinedIn(x, name, f.lax), nil
}

// item is x[key]: an item, else an attribute, else undefined.
func (f *frame) item(x, key Value) (Value, error) {
	if u, ok := x.(*Undefined); ok {
		if u.lax {
			return u, nil
		}
		return nil, u.fail()
	}
	if v, ok, err := getItem(x, key); ok || err != nil {
		return v, err
	}
	if name, ok := key.(string); ok {
		if v, ok := f.getAttr(x, name); ok {
			return v, nil
		}
	}
	return undefinedIn(x, key, f.lax), nil
}

// getAttr is Python's getattr, without the attributes the sandbox hides.
func (f *frame) getAttr(x Value, name string) (Value, bool) {
	if strings.HasPrefix(name, "_") {
		if strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__") && commonDunders[name] {
			return unsafeAttr(x, name, f.lax), true
		}
		if o, ok := x.(Object); ok {
			if _, has := o.Attr(name); has {
				return unsafeAttr(x, name, f.lax), true
			}
		}
		return nil, false
	}
	if m := methodOf(x, name); m != nil {
		return m, true
	}
	if o, ok := x.(Object); ok {
		return o.Attr(name)
	}
	return numberAttr(x, name)
}

// commonDunders are attributes that every Python object has.
var commonDunders = map[string]bool{"__class__": true, "__doc__": true, "__dict__": true, "__init__": true,
	"__eq__": true, "__hash__": true, "__str__": true, "__repr__": true, "__dir__": true, "__new__": true,
	"__module__": true, "__subclasshook__": true, "__reduce__": true, "__sizeof__": true, "__ne__": true}

func unsafeAttr(x Value, name string, lax bool) *Undefined {
	return &Undefined{Name: name, lax: lax,
		Hint: fmt.Sprintf("access to attribute %s of %s object is unsafe.", Repr(name), Repr(TypeName(x)))}
}

// getItem is Python's x[key]; ok is false where it would raise TypeError or LookupError.
func getItem(x, key Value) (Value, bool, error) {
	switch s := unmarked(x).(type) {
	case *Dict:
		v, ok := s.Get(unmarked(key))
		return v, ok, nil
	case *List:
		if i, ok := elemIndex(key, len(s.Elems)); ok {
			return s.Elems[i], true, nil
		}
	case Tuple:
		if i, ok := elemIndex(key, len(s)); ok {
			return s[i], true, nil
		}
	case string:
		if !isInt(key) {
			return nil, false, nil
		}
		if i, ok := elemIndex(key, strLen(s)); ok {
			return substring(s, i, i+1), true, nil
		}
	case Indexer:
		return s.Index(key)
	}
	return nil, false, nil
}

// elemIndex converts a key to an index of a sequence of n elements.
func elemIndex(key Value, n int) (int, bool) {
	i, ok := asInt64(key)
	if !ok {
		return 0, false
	}
	if i < 0 {
		i += int64(n)
	}
	return int(i), i >= 0 && i < int64(n)
}

// method is a method bound to its value.
type method struct {
	self Value
	name string
	fn   methodFunc
}

type methodFunc func(self Value, c *Call) (Value, error)

// Name returns the method's name.
func (m *method) Name() string { return m.name }

// Call calls the method.
func (m *method) Call(c *Call) (Value, error) { return m.fn(m.self, c) }

// Repr prints the method, without the address Python prints.
func (m *method) Repr() string {
	return fmt.Sprintf("<built-in method %s of %s object>", m.name, TypeName(m.self))
}

// methodOf returns a method of a built-in type, or nil.
func methodOf(x Value, name string) Value {
	var fn methodFunc
	switch x.(type) {
	case string:
		fn = strMethods[name]
	case *List:
		fn = listMethods[name]
	case *Dict:
		fn = dictMethods[name]
	case *Set:
		fn = setMethods[name]
	case Tuple, *rangeValue:
		fn = tupleMethods[name]
	case *dictView:
		return nil
	}
	if fn == nil {
		return nil
	}
	return &method{x, name, fn}
}
