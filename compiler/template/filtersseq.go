package template

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

func filterLength(_ *frame, v Value, c *Call) (Value, error) {
	if err := noArgs("len", c); err != nil {
		return nil, err
	}
	n, err := length(v)
	return int64(n), err
}

func filterList(_ *frame, v Value, c *Call) (Value, error) {
	if err := c.Unpack("sync_do_list"); err != nil {
		return nil, err
	}
	elems, err := Iterate(v)
	if err != nil {
		return nil, err
	}
	return &List{Elems: slices.Clone(elems)}, nil
}

func (f *frame) undefinedHint(hint string) *Undefined { return &Undefined{Hint: hint, lax: f.lax} }

func filterFirst(f *frame, v Value, c *Call) (Value, error) {
	if err := c.Unpack("sync_do_first"); err != nil {
		return nil, err
	}
	it, err := iterate(v)
	if err != nil {
		return nil, err
	}
	e, ok, err := it.next()
	if err != nil || ok {
		return e, err
	}
	return f.undefinedHint("No first item, sequence was empty."), nil
}

func filterLast(f *frame, v Value, c *Call) (Value, error) {
	if err := c.Unpack("do_last"); err != nil {
		return nil, err
	}
	elems, err := reversible(v)
	if err != nil {
		return nil, err
	}
	if len(elems) == 0 {
		return f.undefinedHint("No last item, sequence was empty."), nil
	}
	return elems[len(elems)-1], nil
}

// reversible returns the elements of what Python's reversed accepts.
func reversible(v Value) ([]Value, error) {
	switch v.(type) {
	case *Set, *generator:
		return nil, TypeErrorf("'%s' object is not reversible", TypeName(v))
	case *Undefined, string, *List, Tuple, *Dict, *dictView, *rangeValue, Iterable:
		return Iterate(v)
	}
	return nil, TypeErrorf("'%s' object is not reversible", TypeName(v))
}

func filterReverse(_ *frame, v Value, c *Call) (Value, error) {
	if err := c.Unpack("do_reverse"); err != nil {
		return nil, err
	}
	if s, ok := v.(string); ok {
		runes := []rune(s)
		slices.Reverse(runes)
		return string(runes), nil
	}
	elems, err := Iterate(v)
	if err != nil {
		return nil, exceptionf("FilterArgumentError", "argument must be iterable")
	}
	elems = slices.Clone(elems)
	slices.Reverse(elems)
	switch v.(type) {
	case *Set, *generator:
		return &List{Elems: elems}, nil
	case *List:
		return newGenerator("list_reverseiterator", &sliceIterator{elems: elems}), nil
	}
	return newGenerator("reversed", &sliceIterator{elems: elems}), nil
}

func filterRandom(f *frame, v Value, c *Call) (Value, error) {
	if err := c.Unpack("do_random"); err != nil {
		return nil, err
	}
	n, err := length(v)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return f.undefinedHint("No random item, sequence was empty."), nil
	}
	return f.item(v, int64(rand.IntN(n)))
}

func filterJoin(f *frame, v Value, c *Call) (Value, error) {
	var sep, attribute Value = "", nil
	if err := c.Unpack("sync_do_join", "d?", &sep, "attribute?", &attribute); err != nil {
		return nil, err
	}
	it, err := iterate(v)
	if err != nil {
		return nil, err
	}
	get := f.attrGetter(attribute, false, nil)
	d, err := toText(sep)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for first := true; ; first = false {
		e, ok, err := it.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			return b.String(), nil
		}
		if !first {
			b.WriteString(d)
		}
		if e, err = get(e); err != nil {
			return nil, err
		}
		s, err := toText(e)
		if err != nil {
			return nil, err
		}
		if b.WriteString(s); b.Len() > maxRepeat {
			return nil, errTooLarge
		}
	}
}

// attrGetter returns a function that looks up an attribute by Jinja's dotted paths.
// With fold, text is put into lower case; def, if not nil, stands for what is
// undefined.
func (f *frame) attrGetter(attribute Value, fold bool, def Value) func(Value) (Value, error) {
	parts := attrParts(attribute)
	return func(v Value) (Value, error) {
		for _, part := range parts {
			var err error
			if v, err = f.item(v, part); err != nil {
				return nil, err
			}
			if _, ok := v.(*Undefined); ok && def != nil {
				v = def
			}
		}
		if s, ok := v.(string); ok && fold {
			return lower(s), nil
		}
		return v, nil
	}
}

func attrParts(attribute Value) []Value {
	s, ok := attribute.(string)
	if !ok {
		if attribute == nil {
			return nil
		}
		return []Value{attribute}
	}
	var parts []Value
	for _, part := range strings.Split(s, ".") {
		if n, err := strconv.ParseInt(part, 10, 64); err == nil && part[0] != '-' && part[0] != '+' {
			parts = append(parts, n)
			continue
		}
		parts = append(parts, part)
	}
	return parts
}

func filterSort(f *frame, v Value, c *Call) (Value, error) {
	var reverse intFlag
	var caseSensitive bool
	var attribute Value
	err := c.Unpack("do_sort", "reverse?", &reverse, "case_sensitive?", &caseSensitive, "attribute?", &attribute)
	if err != nil {
		return nil, err
	}
	elems, err := Iterate(v)
	if err != nil {
		return nil, err
	}
	attributes := []Value{attribute}
	if s, ok := attribute.(string); ok {
		attributes = nil
		for _, part := range strings.Split(s, ",") {
			attributes = append(attributes, part)
		}
	}
	getters := make([]func(Value) (Value, error), len(attributes))
	for i, a := range attributes {
		getters[i] = f.attrGetter(a, !caseSensitive, nil)
	}
	sorted, err := sortBy(elems, bool(reverse), func(e Value) (Value, error) {
		keys := make(Tuple, len(getters))
		for i, get := range getters {
			if keys[i], err = get(e); err != nil {
				return nil, err
			}
		}
		return keys, nil
	})
	if err != nil {
		return nil, err
	}
	return &List{Elems: sorted}, nil
}

func filterDictSort(f *frame, v Value, c *Call) (Value, error) {
	var caseSensitive bool
	var reverse intFlag
	by := "key"
	err := c.Unpack("do_dictsort", "case_sensitive?", &caseSensitive, "by?", &by, "reverse?", &reverse)
	if err != nil {
		return nil, err
	}
	if by != "key" && by != "value" {
		return nil, exceptionf("FilterArgumentError", `You can only sort by either "key" or "value"`)
	}
	d, ok := asDict(v)
	if !ok {
		if u, ok := v.(*Undefined); ok {
			_, err := u.attr("items")
			return NewList(), err
		}
		return nil, exceptionf("AttributeError", "'%s' object has no attribute 'items'", TypeName(v))
	}
	elems := (&dictView{d, "items"}).elems()
	at := int64(boolInt(by == "value"))
	sorted, err := sortBy(elems, bool(reverse), f.attrGetter(at, !caseSensitive, nil))
	if err != nil {
		return nil, err
	}
	return &List{Elems: sorted}, nil
}

func filterUnique(f *frame, v Value, c *Call) (Value, error) {
	caseSensitive := false
	var attribute Value
	if err := c.Unpack("sync_do_unique", "case_sensitive?", &caseSensitive, "attribute?", &attribute); err != nil {
		return nil, err
	}
	get := f.attrGetter(attribute, !caseSensitive, nil)
	seen := &Set{}
	out := func(e Value) (Value, bool, error) {
		key, err := get(e)
		if err != nil {
			return nil, false, err
		}
		if _, err := hashKey(key); err != nil || seen.Has(key) {
			return nil, false, err
		}
		return e, true, seen.Add(key)
	}
	g := lazy("sync_do_unique", v, func() (eachFunc, error) { return out, nil })
	g.strict = true
	return g, nil
}

// eachFunc makes an element of a generator from one of its source, or none.
type eachFunc func(e Value) (out Value, keep bool, err error)

// lazy returns a generator over what a function makes of the elements of v. The
// function is made, and with it arguments are checked, when the first element is
// asked for, and not at all where v is false.
func lazy(name string, v Value, start func() (eachFunc, error)) *generator {
	var it iterator
	var each eachFunc
	g := &generator{name: name}
	begin := func() (err error) {
		if !g.strict && !Truth(v) {
			it = &sliceIterator{}
			return nil
		}
		if each, err = start(); err != nil {
			return err
		}
		it, err = iterate(v)
		return err
	}
	g.pull = func() (Value, bool, error) {
		if it == nil {
			if err := begin(); err != nil {
				return nil, false, err
			}
		}
		for {
			e, ok, err := it.next()
			if err != nil || !ok {
				return nil, false, err
			}
			if out, keep, err := each(e); err != nil || keep {
				return out, keep, err
			}
		}
	}
	return g
}

func filterExtreme(name, op string) filterFunc {
	return func(f *frame, v Value, c *Call) (Value, error) {
		caseSensitive := false
		var attribute Value
		if err := c.Unpack(name, "case_sensitive?", &caseSensitive, "attribute?", &attribute); err != nil {
			return nil, err
		}
		elems, err := Iterate(v)
		if err != nil {
			return nil, err
		}
		if len(elems) == 0 {
			return f.undefinedHint("No aggregated item, sequence was empty."), nil
		}
		get := f.attrGetter(attribute, !caseSensitive, nil)
		var best, bestKey Value
		for i, e := range elems {
			key, err := get(e)
			if err != nil {
				return nil, err
			}
			better := i == 0
			if !better {
				if better, err = compareOp(op, key, bestKey); err != nil {
					return nil, err
				}
			}
			if better {
				best, bestKey = e, key
			}
		}
		return best, nil
	}
}

func filterSum(f *frame, v Value, c *Call) (Value, error) {
	var attribute, total Value = nil, int64(0)
	if err := c.Unpack("sync_do_sum", "attribute?", &attribute, "start?", &total); err != nil {
		return nil, err
	}
	if _, ok := total.(string); ok {
		return nil, TypeErrorf("sum() can't sum strings [use ''.join(seq) instead]")
	}
	elems, err := Iterate(v)
	if err != nil {
		return nil, err
	}
	get := f.attrGetter(attribute, false, nil)
	for _, e := range elems {
		if e, err = get(e); err != nil {
			return nil, err
		}
		if total, err = binary("+", total, e); err != nil {
			return nil, err
		}
	}
	return total, nil
}

func filterItems(_ *frame, v Value, c *Call) (Value, error) {
	if err := c.Unpack("do_items"); err != nil {
		return nil, err
	}
	if _, ok := v.(*Undefined); ok {
		return newGenerator("do_items", &sliceIterator{}), nil
	}
	if d, ok := asDict(v); ok {
		return newGenerator("do_items", newDictIterator(d, "items")), nil
	}
	return &generator{name: "do_items", pull: func() (Value, bool, error) {
		return nil, false, TypeErrorf("Can only get item pairs from a mapping.")
	}}, nil
}

func filterBatch(_ *frame, v Value, c *Call) (Value, error) {
	var linecount, fill Value
	if err := c.Unpack("do_batch", "linecount", &linecount, "fill_with?", &fill); err != nil {
		return nil, err
	}
	return lateRows("do_batch", func() ([]Value, error) { return batches(v, linecount, fill) }), nil
}

// lateRows is a generator that makes its elements, and with it fails, when the first one
// is asked for.
func lateRows(name string, rows func() ([]Value, error)) *generator {
	var it iterator
	return &generator{name: name, pull: func() (Value, bool, error) {
		if it == nil {
			elems, err := rows()
			if err != nil {
				return nil, false, err
			}
			it = &sliceIterator{elems: elems}
		}
		return it.next()
	}}
}

func batches(v, linecount, fill Value) ([]Value, error) {
	elems, err := Iterate(v)
	if err != nil || len(elems) == 0 {
		return nil, err
	}
	count := int64(-1) // never the length of a row
	if n, ok := asInt64(linecount); ok {
		count = n
	} else if fill != nil {
		return nil, TypeErrorf("'<' not supported between instances of 'int' and '%s'", TypeName(linecount))
	}
	var out, row []Value
	for _, e := range elems {
		if len(row) == int(count) {
			out = append(out, &List{Elems: row})
			row = nil
		}
		row = append(row, e)
	}
	if len(row) > 0 {
		for fill != nil && len(row) < int(min(count, maxRange)) {
			row = append(row, fill)
		}
		out = append(out, &List{Elems: row})
	}
	return out, nil
}

func filterSlice(_ *frame, v Value, c *Call) (Value, error) {
	var count, fill Value
	if err := c.Unpack("sync_do_slice", "slices", &count, "fill_with?", &fill); err != nil {
		return nil, err
	}
	return lateRows("sync_do_slice", func() ([]Value, error) { return columns(v, count, fill) }), nil
}

func columns(v, count, fill Value) ([]Value, error) {
	elems, err := Iterate(v)
	if err != nil {
		return nil, err
	}
	slices64, ok := asInt64(count)
	if !ok {
		return nil, unsupported("//", int64(len(elems)), count)
	}
	n := int(min(slices64, maxRange))
	if n == 0 {
		return nil, divisionError("integer division or modulo by zero")
	}
	var out []Value
	if n > 0 {
		each, extra := len(elems)/n, len(elems)%n
		at := 0
		for i := range n {
			size := each + int(boolInt(i < extra))
			part := slices.Clone(elems[at : at+size])
			at += size
			if fill != nil && i >= extra {
				part = append(part, fill)
			}
			out = append(out, &List{Elems: part})
		}
	}
	return out, nil
}
