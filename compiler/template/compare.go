package template

import (
	"math"
	"math/big"
	"reflect"
	"strings"
)

// maxCompareDepth bounds the comparison of nested containers.
const maxCompareDepth = 500

// Equal returns a == b.
func Equal(a, b Value) bool { return equal(a, b, 0) }

func equal(a, b Value, depth int) bool {
	if depth > maxCompareDepth {
		return false
	}
	switch x := a.(type) {
	case string:
		y, ok := b.(string)
		if ok {
			return x == y
		}
	case nil:
		if b == nil {
			return true
		}
	case bool, int64, float64, *big.Int:
		if isNumber(b) {
			c, ordered := compareNumbers(a, b)
			return ordered && c == 0
		}
	case *List:
		if y, ok := b.(*List); ok {
			return x == y || equalSlices(x.Elems, y.Elems, depth)
		}
	case Tuple:
		if y, ok := b.(Tuple); ok {
			return equalSlices(x, y, depth)
		}
	case *Dict:
		if y, ok := b.(*Dict); ok {
			return x == y || equalDicts(x, y, depth)
		}
	case *Set:
		if y, ok := b.(*Set); ok {
			return x.Len() == y.Len() && x.subsetOf(y)
		}
	case *Undefined:
		_, ok := b.(*Undefined)
		return ok
	}
	return equalObjects(a, b)
}

func equalObjects(a, b Value) bool {
	if x, ok := a.(Equaler); ok {
		return x.Equal(b)
	}
	if y, ok := b.(Equaler); ok {
		return y.Equal(a)
	}
	return same(a, b)
}

// same is Python's a is b, for values that have an identity.
func same(a, b Value) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	t := reflect.TypeOf(a)
	return t == reflect.TypeOf(b) && t.Comparable() && a == b
}

func equalSlices(a, b []Value, depth int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !equal(a[i], b[i], depth+1) {
			return false
		}
	}
	return true
}

func equalDicts(a, b *Dict, depth int) bool {
	if a.Len() != b.Len() {
		return false
	}
	for _, e := range a.Items() {
		if v, ok := b.Get(e.Key); !ok || !equal(e.Value, v, depth+1) {
			return false
		}
	}
	return true
}

// compareNumbers compares exactly, also an int with a float; ordered is false where
// one of them is NaN.
func compareNumbers(a, b Value) (c int, ordered bool) {
	x, xint := asInt64(a)
	y, yint := asInt64(b)
	if xint && yint {
		return cmpInt(x, y), true
	}
	fa, aFloat := a.(float64)
	fb, bFloat := b.(float64)
	switch {
	case aFloat && bFloat:
		return cmpFloat(fa, fb)
	case aFloat:
		c, ordered = compareFloatInt(fa, asBig(b))
		return c, ordered
	case bFloat:
		c, ordered = compareFloatInt(fb, asBig(a))
		return -c, ordered
	}
	return asBig(a).Cmp(asBig(b)), true
}

func cmpInt(x, y int64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func cmpFloat(x, y float64) (int, bool) {
	switch {
	case x < y:
		return -1, true
	case x > y:
		return 1, true
	}
	return 0, x == y
}

func compareFloatInt(f float64, n *big.Int) (int, bool) {
	switch {
	case math.IsNaN(f):
		return 0, false
	case math.IsInf(f, 0):
		c, _ := cmpFloat(f, 0)
		return c, true
	}
	exact := new(big.Rat).SetFloat64(f)
	return exact.Cmp(new(big.Rat).SetInt(n)), true
}

// Comparer is an Object that has an order; ok is false where it has none with other.
type Comparer interface {
	Compare(other Value) (c int, ok bool)
}

// Compare returns -1, 0 or 1 as a is less than, equal to or greater than b. It fails
// where Python's < fails.
func Compare(a, b Value) (int, error) {
	less, err := compareOp("<", a, b)
	if err != nil || less {
		return -1, err
	}
	greater, err := compareOp("<", b, a)
	if err != nil || greater {
		return 1, err
	}
	return 0, nil
}

// compareOp evaluates an ordering operator.
func compareOp(op string, a, b Value) (bool, error) {
	a, b = unmarked(a), unmarked(b)
	if err := anyUndefined(a, b); err != nil {
		return false, err
	}
	if isNumber(a) && isNumber(b) {
		c, ordered := compareNumbers(a, b)
		return ordered && holds(op, c), nil
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return holds(op, strings.Compare(x, y)), nil
		}
	case *List:
		if y, ok := b.(*List); ok {
			return compareSlices(op, x.Elems, y.Elems)
		}
	case Tuple:
		if y, ok := b.(Tuple); ok {
			return compareSlices(op, x, y)
		}
	case *Set:
		if y, ok := b.(*Set); ok {
			return compareSets(op, x, y), nil
		}
	case Comparer:
		if c, ok := x.Compare(b); ok {
			return holds(op, c), nil
		}
	}
	if y, ok := b.(Comparer); ok {
		if c, ok := y.Compare(a); ok {
			return holds(op, -c), nil
		}
	}
	return false, TypeErrorf("'%s' not supported between instances of '%s' and '%s'", op, TypeName(a), TypeName(b))
}

func holds(op string, c int) bool {
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

// compareSlices decides by the first elements that differ, else by length.
func compareSlices(op string, a, b []Value) (bool, error) {
	for i := 0; i < len(a) && i < len(b); i++ {
		if !Equal(a[i], b[i]) {
			return compareOp(op, a[i], b[i])
		}
	}
	return holds(op, cmpInt(int64(len(a)), int64(len(b)))), nil
}

func compareSets(op string, a, b *Set) bool {
	switch op {
	case "<":
		return a.Len() < b.Len() && a.subsetOf(b)
	case "<=":
		return a.subsetOf(b)
	case ">":
		return b.Len() < a.Len() && b.subsetOf(a)
	}
	return b.subsetOf(a)
}

func anyUndefined(vs ...Value) error {
	for _, v := range vs {
		if u, ok := v.(*Undefined); ok {
			return u.fail()
		}
	}
	return nil
}

// Container is an Object that answers x in y itself.
type Container interface {
	Contains(v Value) (bool, error)
}

// contains evaluates item in box.
func contains(box, item Value) (bool, error) {
	box, item = unmarked(box), unmarked(item)
	switch x := box.(type) {
	case string:
		s, ok := item.(string)
		if !ok {
			if u, undefined := item.(*Undefined); undefined && !u.lax {
				return false, TypeErrorf("'in <string>' requires string as left operand, not Undefined")
			}
			return false, TypeErrorf("'in <string>' requires string as left operand, not %s", TypeName(item))
		}
		return strings.Contains(x, s), nil
	case *Dict:
		_, ok, err := x.lookup(item)
		return ok, err
	case *Set:
		if _, err := hashKey(item); err != nil {
			return false, err
		}
		return x.Has(item), nil
	case Container:
		return x.Contains(item)
	}
	it, err := iterate(box)
	if err != nil {
		if isKind(err, "TypeError") {
			err = TypeErrorf("argument of type '%s' is not iterable", TypeName(box))
		}
		return false, err
	}
	for {
		v, ok, err := it.next()
		if err != nil || !ok {
			return false, err
		}
		if same(v, item) || Equal(v, item) {
			return true, nil
		}
	}
}
