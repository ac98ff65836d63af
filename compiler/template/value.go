package template

import (
	"context"
	"time"

	"elt/compiler/diag"
)

// Value is any value a template can hold. The concrete Go types are:
//
//	nil                 None
//	bool                bool
//	int64, *big.Int     int (always int64 where the number fits)
//	float64             float
//	string              str (UTF-8; indexed by code point)
//	*List, Tuple        list, tuple
//	*Dict, *Set         dict (in insertion order), set
//	*Undefined          Jinja's undefined
//	Callable            function, macro, method
//	Object              anything else: relation, column, datetime, namespace, ...
//
// No other Go type is a Value; [FromGo] converts.
type Value = any

// List is a Python list: mutable, shared by reference.
type List struct{ Elems []Value }

// NewList returns a list of the given elements.
func NewList(elems ...Value) *List { return &List{Elems: elems} }

// Tuple is a Python tuple. It must not be changed once made.
type Tuple []Value

// Callable is a value that can be called.
type Callable interface {
	// Name is what the value is called in messages and tracebacks.
	Name() string
	// Call calls it. An error that is not a *diag.Diagnostic is given the place
	// of the call by the evaluator.
	Call(c *Call) (Value, error)
}

// Object is a value with attributes of its own. Attr is asked for x.name and for
// x['name'] alike, as Jinja does; what it does not have is undefined.
// An Object may also implement Stringer (str()), Reprer, Truther, Iterable, Indexer,
// Lener, Equaler, Comparer, Hasher, Container, Slicer, Mapper, BinaryOperator and
// UnaryOperator to behave as Python's special methods would have it.
type Object interface {
	// TypeName is the Python type name used in messages, such as "Relation".
	TypeName() string
	Attr(name string) (Value, bool)
}

// Optional behaviour of an Object.
type (
	// Stringer is str(x): what {{ x }} prints.
	Stringer interface{ Str() string }
	// Reprer is repr(x): how x prints inside a list.
	Reprer interface{ Repr() string }
	// Truther is bool(x).
	Truther interface{ Truth() bool }
	// Iterable is iter(x): all elements at once.
	Iterable interface{ Iterate() ([]Value, error) }
	// Indexer is x[key] for keys that are not attribute names.
	Indexer interface {
		Index(key Value) (Value, bool, error)
	}
	// Lener is len(x).
	Lener interface{ Len() int }
	// Equaler is x == y.
	Equaler interface{ Equal(other Value) bool }
)

// Kwarg is one keyword argument.
type Kwarg struct {
	Name  string
	Value Value
	Place diag.Place // from its name to the end of its value; zero of what comes from **
}

// Call is one call of a Callable.
type Call struct {
	Args   []Value
	Kwargs []Kwarg    // in the order written
	Place  diag.Place // of the call expression
	Thread *Thread
	// Caller is the body of a {% call %} block around the call, else nil.
	Caller Callable

	written int       // of Kwargs: so many are written out, the others come from **
	text    *callArgs // as they are written; nil for a call that no template writes
}

// Func is a Go function as a template value.
type Func struct {
	FuncName string
	Fn       func(c *Call) (Value, error)
}

// NewFunc returns a callable that runs fn.
func NewFunc(name string, fn func(c *Call) (Value, error)) *Func {
	return &Func{FuncName: name, Fn: fn}
}

// Name returns the function's name.
func (f *Func) Name() string { return f.FuncName }

// Call runs the function.
func (f *Func) Call(c *Call) (Value, error) { return f.Fn(c) }

// Scope looks up global names for a rendering. It must be safe for concurrent
// use when renderings that share it run at the same time. A Scope may also have a
// method Names() []string; it then gets "did you mean" for names it does not have.
type Scope interface {
	Lookup(name string) (Value, bool)
}

// MapScope is a Scope over a map.
type MapScope map[string]Value

// Lookup returns the value of a name.
func (m MapScope) Lookup(name string) (Value, bool) {
	v, ok := m[name]
	return v, ok
}

// Limits bound one rendering, so that a runaway template ends in a message.
// Zero means the default.
type Limits struct {
	Steps  int // evaluated expressions and statements; default 50 million
	Output int // bytes of text made, macros' results included; default 256 MiB
	Depth  int // nested calls; default 1,000
	Memory int // bytes the program's Go values may take while it renders; default 4 GiB
	// Time is how long it may compute, default 5 minutes. What a function waits for, such
	// as a query, counts as a second at most.
	Time time.Duration
}

// Thread is the state of one rendering: its context, its limits and its call
// stack. It belongs to one goroutine.
type Thread struct {
	Ctx    context.Context
	Limits Limits
	// Local holds what the functions of a context want to keep for the length of
	// a rendering; the template engine does not look at it.
	Local any
	// LaxUndefined makes undefined values of the templates rendered (not those of the
	// macros they call) answer attribute access and calls with themselves, as dbt does
	// while it parses.
	LaxUndefined bool

	threadState
}
