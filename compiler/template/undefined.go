package template

import (
	"strings"

	"elt/compiler/diag"
)

// Undefined is what a name or an attribute that does not exist evaluates to. It
// prints as nothing, is false and has no elements; every other use of it is an
// error that says what was missing. A lax one (see [Thread.LaxUndefined]) also
// answers attribute access and calls with itself.
type Undefined struct {
	Name  string     // the name or attribute that was asked for
	Hint  string     // a message of its own, or ""
	Place diag.Place // where it was looked up, if known

	object Value // what the attribute was looked up in, where attribute is set
	key    Value // the key, where it is not a string
	kind   undefinedKind
	lax    bool
	free   bool // a bare name: similar names are worth suggesting
}

type undefinedKind uint8

const (
	undefinedName undefinedKind = iota
	undefinedAttribute
	undefinedElement
)

// NewUndefined returns an undefined value. hint replaces the usual message.
func NewUndefined(name, hint string, place diag.Place) *Undefined {
	return &Undefined{Name: name, Hint: hint, Place: place}
}

// undefinedIn is the result of looking up a key that obj does not have.
func undefinedIn(obj, key Value, lax bool) *Undefined {
	if s, ok := key.(string); ok {
		return &Undefined{Name: s, object: obj, kind: undefinedAttribute, lax: lax}
	}
	return &Undefined{object: obj, key: key, kind: undefinedElement, lax: lax}
}

// Message says what is undefined, in Jinja's words.
func (u *Undefined) Message() string {
	switch {
	case u.Hint != "":
		return u.Hint
	case u.lax || u.kind == undefinedName:
		return Repr(u.Name) + " is undefined"
	case u.kind == undefinedElement:
		return objectTypeRepr(u.object) + " has no element " + Repr(u.key)
	}
	return Repr(objectTypeRepr(u.object)) + " has no attribute " + Repr(u.Name)
}

// Problem is the error of using u, for callers that take no undefined value. It has the place
// where a name was looked up.
func (u *Undefined) Problem() *diag.Diagnostic {
	return reworded(diag.New(diag.UndefinedName, u.Place, "%s", u.Message()))
}

// fail is the error of using u.
func (u *Undefined) fail() error { return &undefinedError{u} }

// attr is u.name: an error, unless u is lax.
func (u *Undefined) attr(name string) (Value, error) {
	if !u.lax {
		return nil, u.fail()
	}
	switch name {
	case "name":
		return u.Name, nil
	case "hint", "node":
		return nil, nil
	}
	u.Name = name
	return &Undefined{Name: name, lax: true}, nil
}

// undefinedError is the error of using an undefined value.
type undefinedError struct{ u *Undefined }

func (e *undefinedError) Error() string { return e.u.Message() }

// suggestion proposes a name of the scope that may have been meant.
func (e *undefinedError) suggestion(scope Scope) string {
	named, ok := scope.(interface{ Names() []string })
	if !ok || !e.u.free || e.u.Hint != "" {
		return ""
	}
	names := named.Names()
	if near := diag.Suggest(e.u.Name, names); near != "" {
		return near
	}
	return lengthened(e.u.Name, names)
}

// lengthened is the shortest name that begins or ends with a name of three letters or more, and
// has at most as many letters again: config for conf, is_incremental for incremental.
func lengthened(name string, names []string) string {
	best, lower := "", strings.ToLower(name)
	for _, candidate := range names {
		c := strings.ToLower(candidate)
		affix := strings.HasPrefix(c, lower) || strings.HasSuffix(c, lower)
		if affix && len(name) >= 3 && len(c) <= 2*len(name) && (best == "" || len(c) < len(best)) {
			best = candidate
		}
	}
	return best
}

// objectTypeRepr names a value's type in Jinja's messages.
func objectTypeRepr(v Value) string {
	if v == nil {
		return "None"
	}
	name := TypeName(v)
	switch v.(type) {
	case *loopContext:
		name = "jinja2.runtime." + name
	case *Namespace, *cycler, *joiner:
		name = "jinja2.utils." + name
	case *macroValue:
		name = "jinja2.runtime." + name
	}
	return strings.TrimPrefix(name, "builtins.") + " object"
}
