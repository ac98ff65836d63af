package template

import (
	"fmt"
	"slices"

	"github.com/flosch/pongo2/v6"
)

// loop runs a for loop.
func (f *frame) loop(s *forStmt, n *forNode) *pongo2.Error {
	over, err := s.iter.eval(f)
	if err != nil {
		return f.stop(err)
	}
	if s.recursive && f.native != nil { // Jinja makes a function of it, which returns text
		text, ok := f.captured(func() *pongo2.Error { return f.loopOver(s, n, over, 0) })
		if !ok {
			return stopped
		}
		f.native.value(text)
		return nil
	}
	return f.loopOver(s, n, over, 0)
}

// loopOver runs a loop over a value; depth counts the loops that called it.
func (f *frame) loopOver(s *forStmt, n *forNode, over Value, depth int64) *pongo2.Error {
	it, err := iterate(over)
	if err != nil {
		return f.stop(f.fail(s.iter.span(), err))
	}
	if s.test != nil {
		it = &testedIterator{f, s, it}
		over = nil
	}
	var ctx *loopContext
	if s.loopSlot >= 0 {
		ctx = &loopContext{over: over, it: it, index0: -1, lax: f.lax, depth0: depth}
		if s.recursive {
			ctx.again = func(c *Call) (Value, error) { return f.loopAgain(s, n, c, depth+1) }
		}
		it = ctx
	}
	ran := false
	for {
		v, ok, err := it.next()
		if err == nil && ok {
			err = f.th.step()
		}
		if err != nil {
			return f.stop(f.fail(s.iter.span(), err))
		}
		if !ok {
			break
		}
		stop := f.iteration(s, n, ctx, v)
		if stop == nil {
			ran = true // as in Jinja: an iteration left by break or continue does not count
			continue
		}
		signal := f.signal
		if signal == sigError || s.with { // a with block is left with the loop around it
			return stop
		}
		f.signal = sigNone
		if signal == sigBreak {
			break
		}
	}
	if ran || n.empty == nil {
		return nil
	}
	f.enter(s.elseEntry)
	return n.empty.Execute(nil, f)
}

// loopAgain is loop(x) in a recursive loop: it returns what the loop prints for x. The
// variables of the loop are as before when it is done.
func (f *frame) loopAgain(s *forStmt, n *forNode, c *Call, depth int64) (Value, error) {
	var over Value
	if err := c.Unpack("loop", "iterable", &over); err != nil {
		return nil, err
	}
	slots := slices.Clone(f.slots)
	text, ok := f.captured(func() *pongo2.Error { return f.loopOver(s, n, over, depth) })
	copy(f.slots, slots)
	if !ok {
		err := f.err
		f.signal, f.err = sigNone, nil
		return nil, err
	}
	return text, nil
}

// iteration runs the body once.
func (f *frame) iteration(s *forStmt, n *forNode, ctx *loopContext, v Value) *pongo2.Error {
	if err := f.assign(&s.target, v); err != nil {
		return f.stop(err)
	}
	if ctx != nil {
		f.slots[s.loopSlot-1] = ctx
	}
	f.enter(s.entry)
	return n.body.Execute(nil, f)
}

// testedIterator yields the elements that pass the test of {% for x in y if test %}.
type testedIterator struct {
	f  *frame
	s  *forStmt
	it iterator
}

func (t *testedIterator) next() (Value, bool, error) {
	for {
		v, ok, err := t.it.next()
		if err != nil || !ok {
			return nil, false, err
		}
		t.f.enter(t.s.testEntry)
		if err := t.f.assign(&t.s.testTo, v); err != nil {
			return nil, false, err
		}
		pass, err := t.s.test.eval(t.f)
		if err != nil {
			return nil, false, err
		}
		if Truth(pass) {
			return v, true, nil
		}
		if err := t.f.th.step(); err != nil {
			return nil, false, err
		}
	}
}

// loopContext is the loop variable.
type loopContext struct {
	over            Value // what is looped over, where it was not filtered
	it              iterator
	index0          int64
	previous, value Value
	after           Value // the element that follows, where it was read ahead
	hasAfter        bool
	count           int64 // 0: not known yet
	changed         Tuple
	hasChanged      bool
	lax             bool
	failed          error
	depth0          int64
	again           func(*Call) (Value, error) // nil where the loop is not recursive
}

// Name is what the loop variable is called in messages.
func (l *loopContext) Name() string { return "loop" }

// Call is loop(x).
func (l *loopContext) Call(c *Call) (Value, error) {
	if l.again == nil {
		return nil, TypeErrorf("The loop must have the 'recursive' marker to be called recursively.")
	}
	return l.again(c)
}

func (l *loopContext) next() (Value, bool, error) {
	v, ok := l.after, l.hasAfter
	l.after, l.hasAfter = nil, false
	if !ok {
		if l.failed != nil {
			return nil, false, l.failed
		}
		var err error
		if v, ok, err = l.it.next(); err != nil || !ok {
			return nil, false, err
		}
	}
	l.index0++
	l.previous, l.value = l.value, v
	return v, true, nil
}

// peek reports whether an element follows. An error while reading it is kept for
// when it is asked for.
func (l *loopContext) peek() bool {
	if l.hasAfter {
		return true
	}
	v, ok, err := l.it.next()
	l.failed = err
	l.after, l.hasAfter = v, ok && err == nil
	return l.hasAfter
}

// length returns the number of elements, reading all of them where it must.
func (l *loopContext) length() int64 {
	if l.count > 0 {
		return l.count
	}
	if l.over != nil {
		if _, isGenerator := l.over.(*generator); !isGenerator {
			if n, err := length(l.over); err == nil {
				l.count = int64(n)
				return l.count
			}
		}
	}
	rest, err := drain(l.it)
	l.failed = err
	l.it = &sliceIterator{elems: rest}
	l.count = int64(len(rest)) + l.index0 + 1 + boolInt(l.hasAfter)
	return l.count
}

// TypeName returns "LoopContext".
func (l *loopContext) TypeName() string { return "LoopContext" }

// Repr prints the position.
func (l *loopContext) Repr() string {
	return fmt.Sprintf("<LoopContext %d/%d>", l.index0+1, l.length())
}

// Len returns the length of the loop.
func (l *loopContext) Len() int { return int(l.length()) }

// Attr returns the attributes of the loop variable.
func (l *loopContext) Attr(name string) (Value, bool) {
	switch name {
	case "index":
		return l.index0 + 1, true
	case "index0":
		return l.index0, true
	case "revindex":
		return l.length() - l.index0, true
	case "revindex0":
		return l.length() - l.index0 - 1, true
	case "first":
		return l.index0 == 0, true
	case "last":
		return !l.peek(), true
	case "length":
		return l.length(), true
	case "depth":
		return l.depth0 + 1, true
	case "depth0":
		return l.depth0, true
	case "previtem":
		if l.index0 == 0 {
			return &Undefined{Hint: "there is no previous item", lax: l.lax}, true
		}
		return l.previous, true
	case "nextitem":
		if !l.peek() {
			return &Undefined{Hint: "there is no next item", lax: l.lax}, true
		}
		return l.after, true
	case "cycle":
		return NewFunc("cycle", l.cycle), true
	case "changed":
		return NewFunc("changed", l.hasNew), true
	}
	return nil, false
}

func (l *loopContext) cycle(c *Call) (Value, error) {
	if len(c.Args) == 0 {
		return nil, TypeErrorf("no items for cycling given")
	}
	return c.Args[l.index0%int64(len(c.Args))], nil
}

func (l *loopContext) hasNew(c *Call) (Value, error) {
	now := Tuple(c.Args)
	if l.hasChanged && Equal(l.changed, now) {
		return false, nil
	}
	l.changed, l.hasChanged = now, true
	return true, nil
}
