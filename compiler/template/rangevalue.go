package template

import "fmt"

// maxRange is the longest range a template may make, as in Jinja's sandbox.
const maxRange = 100000

// rangeValue is Python's range.
type rangeValue struct{ start, stop, step int64 }

func newRange(c *Call) (Value, error) {
	if len(c.Kwargs) > 0 {
		return nil, TypeErrorf("range() takes no keyword arguments")
	}
	if len(c.Args) == 0 || len(c.Args) > 3 {
		if len(c.Args) == 0 {
			return nil, TypeErrorf("range expected at least 1 argument, got 0")
		}
		return nil, TypeErrorf("range expected at most 3 arguments, got %d", len(c.Args))
	}
	var n [3]int64
	for i, a := range c.Args {
		v, ok := asInt64(a)
		if !ok {
			if err := anyUndefined(a); err != nil {
				return nil, err
			}
			return nil, TypeErrorf("'%s' object cannot be interpreted as an integer", TypeName(a))
		}
		n[i] = v
	}
	r := &rangeValue{n[0], n[1], n[2]}
	if len(c.Args) == 1 {
		r.start, r.stop = 0, n[0]
	}
	if len(c.Args) < 3 {
		r.step = 1
	}
	if r.step == 0 {
		return nil, ValueErrorf("range() arg 3 must not be zero")
	}
	const far = 1 << 62
	if r.start > far || r.start < -far || r.stop > far || r.stop < -far || r.Len() > maxRange {
		return nil, exceptionf("OverflowError", "Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d).", maxRange)
	}
	return r, nil
}

// TypeName returns "range".
func (r *rangeValue) TypeName() string { return "range" }

// Attr returns the bounds.
func (r *rangeValue) Attr(name string) (Value, bool) {
	switch name {
	case "start":
		return r.start, true
	case "stop":
		return r.stop, true
	case "step":
		return r.step, true
	}
	return nil, false
}

// Len returns the number of elements.
func (r *rangeValue) Len() int {
	switch {
	case r.step > 0 && r.stop > r.start:
		return int((r.stop-r.start-1)/r.step + 1)
	case r.step < 0 && r.stop < r.start:
		return int((r.start-r.stop-1)/(-r.step) + 1)
	}
	return 0
}

// Iterate returns the elements.
func (r *rangeValue) Iterate() ([]Value, error) {
	out := make([]Value, r.Len())
	for i := range out {
		out[i] = r.start + int64(i)*r.step
	}
	return out, nil
}

// Repr prints range(a, b[, step]).
func (r *rangeValue) Repr() string {
	if r.step == 1 {
		return fmt.Sprintf("range(%d, %d)", r.start, r.stop)
	}
	return fmt.Sprintf("range(%d, %d, %d)", r.start, r.stop, r.step)
}

// Index returns the element at an index.
func (r *rangeValue) Index(key Value) (Value, bool, error) {
	i, ok := asInt64(key)
	n := int64(r.Len())
	if i < 0 {
		i += n
	}
	if !ok || i < 0 || i >= n {
		return nil, false, nil
	}
	return r.start + i*r.step, true, nil
}

// Contains reports whether a number is in the range.
func (r *rangeValue) Contains(v Value) (bool, error) {
	elems, _ := r.Iterate()
	for _, e := range elems {
		if Equal(e, v) {
			return true, nil
		}
	}
	return false, nil
}

// Equal compares ranges as sequences.
func (r *rangeValue) Equal(other Value) bool {
	o, ok := other.(*rangeValue)
	if !ok {
		return false
	}
	a, _ := r.Iterate()
	b, _ := o.Iterate()
	return equalSlices(a, b, 0)
}

func (r *rangeValue) slice(from, to, by int) *rangeValue {
	return &rangeValue{r.start + int64(from)*r.step, r.start + int64(to)*r.step, r.step * int64(by)}
}
