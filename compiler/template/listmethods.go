package template

import "sort"

// listMethods are the methods of list.
var listMethods = map[string]methodFunc{
	"append":  listAppend,
	"clear":   listClear,
	"copy":    listCopy,
	"count":   seqCount,
	"extend":  listExtend,
	"index":   seqIndex,
	"insert":  listInsert,
	"pop":     listPop,
	"remove":  listRemove,
	"reverse": listReverse,
	"sort":    listSort,
}

// tupleMethods are the methods of tuple and range.
var tupleMethods = map[string]methodFunc{"count": seqCount, "index": seqIndex}

func listAppend(self Value, c *Call) (Value, error) {
	if err := argCount("list.append", c, 1, 1); err != nil {
		return nil, err
	}
	l := self.(*List)
	l.Elems = append(l.Elems, c.Args[0])
	return nil, nil
}

func listClear(self Value, c *Call) (Value, error) {
	self.(*List).Elems = nil
	return nil, noArgs("list.clear", c)
}

func listCopy(self Value, c *Call) (Value, error) {
	return &List{Elems: append([]Value(nil), self.(*List).Elems...)}, noArgs("list.copy", c)
}

func listExtend(self Value, c *Call) (Value, error) {
	if err := argCount("list.extend", c, 1, 1); err != nil {
		return nil, err
	}
	more, err := Iterate(c.Args[0])
	if err != nil {
		return nil, err
	}
	l := self.(*List)
	if len(l.Elems)+len(more) > maxElems {
		return nil, errTooLarge
	}
	l.Elems = append(l.Elems, more...)
	return nil, nil
}

func seqElems(self Value) []Value {
	elems, _ := Iterate(self)
	return elems
}

func seqCount(self Value, c *Call) (Value, error) {
	if err := argCount("count", c, 1, 1); err != nil {
		return nil, err
	}
	n := int64(0)
	for _, e := range seqElems(self) {
		if Equal(e, c.Args[0]) {
			n++
		}
	}
	return n, nil
}

func seqIndex(self Value, c *Call) (Value, error) {
	if err := argCount("index", c, 1, 3); err != nil {
		return nil, err
	}
	elems := seqElems(self)
	from, to := 0, len(elems)
	for i, v := range c.Args[1:] {
		at, err := sliceIndex(v)
		if err != nil {
			return nil, err
		}
		if at < 0 {
			at = max(at+len(elems), 0)
		}
		if i == 0 {
			from = at
		} else {
			to = min(at, to)
		}
	}
	for i := from; i < to; i++ {
		if Equal(elems[i], c.Args[0]) {
			return int64(i), nil
		}
	}
	if _, ok := self.(Tuple); ok {
		return nil, ValueErrorf("tuple.index(x): x not in tuple")
	}
	return nil, ValueErrorf("%s is not in list", Repr(c.Args[0]))
}

func listInsert(self Value, c *Call) (Value, error) {
	if err := argCount("list.insert", c, 2, 2); err != nil {
		return nil, err
	}
	l := self.(*List)
	i, ok := asInt64(c.Args[0])
	if !ok {
		return nil, TypeErrorf("'%s' object cannot be interpreted as an integer", TypeName(c.Args[0]))
	}
	n := int64(len(l.Elems))
	if i < 0 {
		i = max(i+n, 0)
	}
	i = min(i, n)
	l.Elems = append(l.Elems, nil)
	copy(l.Elems[i+1:], l.Elems[i:])
	l.Elems[i] = c.Args[1]
	return nil, nil
}

func listPop(self Value, c *Call) (Value, error) {
	if err := argCount("list.pop", c, 0, 1); err != nil {
		return nil, err
	}
	l := self.(*List)
	if len(l.Elems) == 0 {
		return nil, exceptionf("IndexError", "pop from empty list")
	}
	i := len(l.Elems) - 1
	if len(c.Args) == 1 {
		if !isInt(c.Args[0]) {
			return nil, TypeErrorf("'%s' object cannot be interpreted as an integer", TypeName(c.Args[0]))
		}
		var ok bool
		if i, ok = elemIndex(c.Args[0], len(l.Elems)); !ok {
			return nil, exceptionf("IndexError", "pop index out of range")
		}
	}
	v := l.Elems[i]
	l.Elems = append(l.Elems[:i], l.Elems[i+1:]...)
	return v, nil
}

func listRemove(self Value, c *Call) (Value, error) {
	if err := argCount("list.remove", c, 1, 1); err != nil {
		return nil, err
	}
	l := self.(*List)
	for i, e := range l.Elems {
		if Equal(e, c.Args[0]) {
			l.Elems = append(l.Elems[:i], l.Elems[i+1:]...)
			return nil, nil
		}
	}
	return nil, ValueErrorf("list.remove(x): x not in list")
}

func listReverse(self Value, c *Call) (Value, error) {
	elems := self.(*List).Elems
	for i, j := 0, len(elems)-1; i < j; i, j = i+1, j-1 {
		elems[i], elems[j] = elems[j], elems[i]
	}
	return nil, noArgs("list.reverse", c)
}

func listSort(self Value, c *Call) (Value, error) {
	var key Value
	var reverse intFlag
	if len(c.Args) > 0 {
		return nil, TypeErrorf("sort() takes no positional arguments")
	}
	if err := c.Unpack("sort", "*", nil, "key?", &key, "reverse?", &reverse); err != nil {
		return nil, err
	}
	l := self.(*List)
	sorted, err := sortBy(l.Elems, bool(reverse), func(v Value) (Value, error) {
		if key == nil {
			return v, nil
		}
		fn, ok := key.(Callable)
		if !ok {
			return nil, TypeErrorf("'%s' object is not callable", TypeName(key))
		}
		return fn.Call(&Call{Args: []Value{v}, Place: c.Place, Thread: c.Thread})
	})
	if err != nil {
		return nil, err
	}
	l.Elems = sorted
	return nil, nil
}

// sortBy sorts stably by key, as Python's sorted does, and leaves elems alone.
func sortBy(elems []Value, reverse bool, key func(Value) (Value, error)) ([]Value, error) {
	keyed := make([]Item, len(elems))
	for i, e := range elems {
		k, err := key(e)
		if err != nil {
			return nil, err
		}
		keyed[i] = Item{k, e}
	}
	var failed error
	sort.SliceStable(keyed, func(i, j int) bool {
		if failed != nil {
			return false
		}
		if reverse {
			i, j = j, i
		}
		less, err := compareOp("<", keyed[i].Key, keyed[j].Key)
		if err != nil {
			failed = err
		}
		return less
	})
	if failed != nil {
		return nil, failed
	}
	out := make([]Value, len(keyed))
	for i, k := range keyed {
		out[i] = k.Value
	}
	return out, nil
}
