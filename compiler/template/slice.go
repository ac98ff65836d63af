package template

import "math/big"

// sliceValue is x[start:stop:step]; nil bounds are left out.
func sliceValue(x, start, stop, step Value) (Value, error) {
	var n int
	x = unmarked(x)
	switch s := x.(type) {
	case string:
		n = strLen(s)
	case *List:
		n = len(s.Elems)
	case Tuple:
		n = len(s)
	case *rangeValue:
		n = s.Len()
	case *Undefined:
		if s.lax {
			return s, nil
		}
		return nil, s.fail()
	case *Dict:
		return nil, TypeErrorf("unhashable type: 'slice'")
	case Slicer:
		return s.Slice(start, stop, step)
	default:
		return nil, TypeErrorf("'%s' object is not subscriptable", TypeName(x))
	}
	at, to, by, err := sliceBounds(n, start, stop, step)
	if err != nil {
		return nil, err
	}
	count := sliceCount(at, to, by)
	switch s := x.(type) {
	case string:
		return sliceString(s, at, count, by), nil
	case *List:
		return &List{Elems: sliceElems(s.Elems, at, count, by)}, nil
	case *rangeValue:
		return s.slice(at, to, by), nil
	}
	return Tuple(sliceElems(x.(Tuple), at, count, by)), nil
}

// Slicer is an Object that supports x[a:b:c]; bounds left out are nil.
type Slicer interface {
	Slice(start, stop, step Value) (Value, error)
}

// sliceBounds returns the first index, the end and the step of a slice.
func sliceBounds(n int, start, stop, step Value) (from, to, by int, err error) {
	by = 1
	if step != nil {
		if by, err = sliceIndex(step); err != nil {
			return 0, 0, 0, err
		}
		if by == 0 {
			return 0, 0, 0, ValueErrorf("slice step cannot be zero")
		}
	}
	low, high := 0, n
	from, to = 0, n
	if by < 0 {
		low, high = -1, n-1
		from, to = n-1, -1
	}
	if from, err = sliceBound(start, from, n, low, high); err != nil {
		return 0, 0, 0, err
	}
	if to, err = sliceBound(stop, to, n, low, high); err != nil {
		return 0, 0, 0, err
	}
	return from, to, by, nil
}

// sliceCount returns the number of elements of a slice.
func sliceCount(from, to, by int) int {
	switch {
	case by > 0 && to > from:
		return (to-from-1)/by + 1
	case by < 0 && to < from:
		return (from-to-1)/(-by) + 1
	}
	return 0
}

func sliceBound(v Value, missing, n, low, high int) (int, error) {
	if v == nil {
		return missing, nil
	}
	i, err := sliceIndex(v)
	if err != nil {
		return 0, err
	}
	if i < 0 {
		i += n
	}
	return min(max(i, low), high), nil
}

// sliceIndex converts a bound; bounds beyond any length are cut.
func sliceIndex(v Value) (int, error) {
	const limit = 1 << 40
	switch x := v.(type) {
	case int64, bool:
		i, _ := asInt64(v)
		return int(min(max(i, -limit), limit)), nil
	case *big.Int:
		return x.Sign() * limit, nil
	}
	return 0, TypeErrorf("slice indices must be integers or None or have an __index__ method")
}

func sliceElems(elems []Value, at, count, by int) []Value {
	out := make([]Value, 0, count)
	for ; count > 0; count-- {
		out = append(out, elems[at])
		at += by
	}
	return out
}

func sliceString(s string, at, count, by int) string {
	if by == 1 {
		return substring(s, at, at+count)
	}
	runes := []rune(s)
	out := make([]rune, 0, count)
	for ; count > 0; count-- {
		out = append(out, runes[at])
		at += by
	}
	return string(out)
}
