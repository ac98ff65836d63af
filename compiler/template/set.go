package template

// Set is Python's set. It is shared by reference and keeps the order of insertion
// (Python's own order is arbitrary).
type Set struct{ d Dict }

// NewSet returns a set of the given elements. It fails for an element that cannot
// be hashed.
func NewSet(elems ...Value) (*Set, error) {
	s := &Set{}
	for _, e := range elems {
		if err := s.d.Set(e, nil); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Add adds an element.
func (s *Set) Add(v Value) error { return s.d.Set(v, nil) }

// Has reports whether v is an element.
func (s *Set) Has(v Value) bool {
	_, ok := s.d.Get(v)
	return ok
}

// Delete removes an element and reports whether it was there.
func (s *Set) Delete(v Value) bool { return s.d.Delete(v) }

// Len returns the number of elements.
func (s *Set) Len() int { return s.d.Len() }

// Elems returns the elements in order, as a copy.
func (s *Set) Elems() []Value { return s.d.Keys() }

// subsetOf reports whether every element of s is in other.
func (s *Set) subsetOf(other *Set) bool {
	for _, e := range s.d.entries {
		if _, gone := e.Key.(deleted); !gone && !other.Has(e.Key) {
			return false
		}
	}
	return true
}

// combine is the result of a set operator: the elements of s for which keep, given
// whether other has them, is true; with others, also the elements of other alone.
func (s *Set) combine(other *Set, keep func(inOther bool) bool, others bool) *Set {
	out := &Set{}
	for _, e := range s.Elems() {
		if keep(other.Has(e)) {
			_ = out.Add(e)
		}
	}
	if !others {
		return out
	}
	for _, e := range other.Elems() {
		if !s.Has(e) {
			_ = out.Add(e)
		}
	}
	return out
}

func (s *Set) union(o *Set) *Set {
	return s.combine(o, func(bool) bool { return true }, true)
}

func (s *Set) intersection(o *Set) *Set {
	return s.combine(o, func(in bool) bool { return in }, false)
}

func (s *Set) difference(o *Set) *Set {
	return s.combine(o, func(in bool) bool { return !in }, false)
}

func (s *Set) symmetricDifference(o *Set) *Set {
	return s.combine(o, func(in bool) bool { return !in }, true)
}
