package template

// iterator yields the elements of a value one by one, as Python's iterators do: a
// list that grows while it is iterated yields what was added.
type iterator interface {
	// next returns the next element; ok is false at the end, for good.
	next() (v Value, ok bool, err error)
}

// Iterate returns all elements of a value: those of a list, a tuple, a set, a view
// or an iterator, the keys of a dict, the characters of a string.
func Iterate(v Value) ([]Value, error) {
	switch x := v.(type) {
	case *List:
		return append([]Value(nil), x.Elems...), nil
	case Tuple:
		return x, nil
	case *Dict:
		return x.Keys(), nil
	case *Set:
		return x.Elems(), nil
	case *dictView:
		return x.elems(), nil
	}
	it, err := iterate(v)
	if err != nil {
		return nil, err
	}
	return drain(it)
}

func drain(it iterator) ([]Value, error) {
	var out []Value
	for {
		v, ok, err := it.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			return out, nil
		}
		out = append(out, v)
		if len(out) > maxElems {
			return nil, errTooLarge
		}
	}
}

// iterate returns an iterator over v, or a TypeError.
func iterate(v Value) (iterator, error) {
	switch x := v.(type) {
	case *List:
		return &listIterator{list: x}, nil
	case Tuple:
		return &sliceIterator{elems: x}, nil
	case string:
		return &stringIterator{s: x}, nil
	case *Dict:
		return newDictIterator(x, "keys"), nil
	case *Set:
		return &sliceIterator{elems: x.Elems()}, nil
	case *dictView:
		return newDictIterator(x.d, x.kind), nil
	case *nativeMark:
		return &stringIterator{s: x.text}, nil
	case *Undefined:
		return &sliceIterator{}, nil
	case *generator:
		return x, nil
	case Iterable:
		elems, err := x.Iterate()
		return &sliceIterator{elems: elems}, err
	}
	return nil, TypeErrorf("'%s' object is not iterable", TypeName(v))
}

type listIterator struct {
	list *List
	i    int
}

func (it *listIterator) next() (Value, bool, error) {
	if it.list == nil || it.i >= len(it.list.Elems) {
		it.list = nil
		return nil, false, nil
	}
	it.i++
	return it.list.Elems[it.i-1], true, nil
}

type sliceIterator struct {
	elems []Value
	i     int
}

func (it *sliceIterator) next() (Value, bool, error) {
	if it.i >= len(it.elems) {
		return nil, false, nil
	}
	it.i++
	return it.elems[it.i-1], true, nil
}

type stringIterator struct{ s string }

func (it *stringIterator) next() (Value, bool, error) {
	if it.s == "" {
		return nil, false, nil
	}
	n := runeLen(it.s)
	c := it.s[:n]
	it.s = it.s[n:]
	return c, true, nil
}

// dictIterator fails, as Python's does, when the dict changes its size meanwhile.
type dictIterator struct {
	d    *Dict
	kind string
	i    int
	size int
}

func newDictIterator(d *Dict, kind string) *dictIterator {
	return &dictIterator{d: d, kind: kind, size: d.Len()}
}

func (it *dictIterator) next() (Value, bool, error) {
	if it.d == nil {
		return nil, false, nil
	}
	if it.d.Len() != it.size {
		return nil, false, exceptionf("RuntimeError", "dictionary changed size during iteration")
	}
	for it.i < len(it.d.entries) {
		e := it.d.entries[it.i]
		it.i++
		if _, gone := e.Key.(deleted); gone {
			continue
		}
		return viewElem(it.kind, e), true, nil
	}
	it.d = nil
	return nil, false, nil
}

func viewElem(kind string, e Item) Value {
	switch kind {
	case "keys":
		return e.Key
	case "values":
		return e.Value
	}
	return Tuple{e.Key, e.Value}
}

// generator is a Python generator: it can be consumed once and has no length.
type generator struct {
	name string // of the function that made it
	typ  string // Python's, where it is not "generator"
	pull func() (Value, bool, error)
	done bool

	strict bool // a source that is false is iterated all the same
}

// NewIterator returns a Python iterator of a type such as "zip" over elements: it can be
// looped over once, is true, and has neither a length nor items.
func NewIterator(typ string, elems []Value) Value {
	return &generator{typ: typ, pull: (&sliceIterator{elems: elems}).next, strict: true}
}

// TypeName returns "generator", or the type of the iterator.
func (g *generator) TypeName() string {
	if g.typ != "" {
		return g.typ
	}
	return "generator"
}

// Attr returns nothing.
func (g *generator) Attr(string) (Value, bool) { return nil, false }

// Repr prints the generator, without the address Python prints.
func (g *generator) Repr() string {
	if g.typ != "" {
		return "<" + g.typ + " object>"
	}
	return "<generator object " + g.name + ">"
}

func (g *generator) next() (Value, bool, error) {
	if g.done {
		return nil, false, nil
	}
	v, ok, err := g.pull()
	if err != nil || !ok {
		g.done = true
	}
	return v, ok, err
}

// Iterate consumes the generator.
func (g *generator) Iterate() ([]Value, error) { return drain(g) }

// newGenerator returns a generator over the elements of an iterator.
func newGenerator(name string, it iterator) *generator {
	return &generator{name: name, pull: it.next}
}

// dictView is what d.keys(), d.values() and d.items() return.
type dictView struct {
	d    *Dict
	kind string
}

// TypeName returns Python's name of the view.
func (v *dictView) TypeName() string { return "dict_" + v.kind }

// Attr returns nothing.
func (v *dictView) Attr(string) (Value, bool) { return nil, false }

// Len returns the number of entries.
func (v *dictView) Len() int { return v.d.Len() }

// Iterate returns the elements.
func (v *dictView) Iterate() ([]Value, error) { return v.elems(), nil }

func (v *dictView) elems() []Value {
	items := v.d.Items()
	out := make([]Value, len(items))
	for i, e := range items {
		out[i] = viewElem(v.kind, e)
	}
	return out
}

// Contains reports whether an element is in the view.
func (v *dictView) Contains(item Value) (bool, error) {
	if v.kind == "keys" {
		_, ok, err := v.d.lookup(item)
		return ok, err
	}
	for _, e := range v.elems() {
		if same(e, item) || Equal(e, item) {
			return true, nil
		}
	}
	return false, nil
}

// Equal compares keys and items views as sets.
func (v *dictView) Equal(other Value) bool {
	if v.kind == "values" {
		return same(v, other)
	}
	a, ok := asSet(v)
	b, ok2 := asSet(other)
	return ok && ok2 && a.Len() == b.Len() && a.subsetOf(b)
}

// asSet returns the elements of a set or of a keys or items view.
func asSet(v Value) (*Set, bool) {
	switch x := v.(type) {
	case *Set:
		return x, true
	case *dictView:
		if x.kind == "values" {
			return nil, false
		}
		s, err := NewSet(x.elems()...)
		return s, err == nil
	}
	return nil, false
}

// length is len(v).
func length(v Value) (int, error) {
	switch x := v.(type) {
	case string:
		return strLen(x), nil
	case *List:
		return len(x.Elems), nil
	case Tuple:
		return len(x), nil
	case *nativeMark:
		return strLen(x.text), nil
	case *Undefined:
		return 0, nil
	case Lener: // *Dict, *Set, views and objects
		return x.Len(), nil
	}
	return 0, TypeErrorf("object of type '%s' has no len()", TypeName(v))
}
