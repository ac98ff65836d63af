package template

import (
	"fmt"
	"math/big"
	"strings"
)

// Unpack stores the arguments of a call in variables. pairs alternates between names
// and pointers: "name", &v for a required parameter, "name?", &v for an optional one,
// "*args", &rest for further positional arguments (a *[]Value) and "**kwargs", &more
// for further keyword arguments (a **Dict or a *[]Kwarg). Parameters behind "*args"
// can only be given by keyword. "*" alone, with nil, only separates.
//
// The pointers may be *Value, *string, *bool, *int64, *int, *float64, **Dict, **List,
// *[]Value (any iterable) or *Callable; a value of another type is an error, None for an optional
// parameter leaves the variable as it is. Errors are worded as Python's TypeError.
func (c *Call) Unpack(fn string, pairs ...any) error {
	u := unpacker{fn: fn, call: c, taken: make([]bool, len(c.Kwargs))}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return fmt.Errorf("Unpack of %s: argument %d is no name", fn, i)
		}
		if err := u.param(name, pairs[i+1]); err != nil {
			return err
		}
	}
	return u.finish()
}

// unpacker is the state of one Unpack.
type unpacker struct {
	fn      string
	call    *Call
	taken   []bool // of the keyword arguments
	next    int    // of the positional arguments
	keyword bool   // behind "*"
	varargs bool
	kwargs  bool
	most    int      // positional parameters
	least   int      // of them required
	missing []string // required parameters without a value
	only    []string // the same, by keyword only
}

func (u *unpacker) param(name string, dst any) error {
	switch {
	case strings.HasPrefix(name, "**"):
		u.kwargs = true
		return u.rest(dst)
	case strings.HasPrefix(name, "*"):
		u.keyword = true
		if rest, ok := dst.(*[]Value); ok {
			u.varargs = true
			if u.next < len(u.call.Args) {
				*rest = u.call.Args[u.next:]
			}
		}
		return nil
	}
	name, optional := strings.CutSuffix(name, "?")
	v, ok, err := u.value(name)
	if err != nil {
		return err
	}
	if !u.keyword {
		u.most++
		if !optional {
			u.least++
		}
	}
	if ok {
		return u.store(name, v, dst, optional)
	}
	switch {
	case optional:
	case u.keyword:
		u.only = append(u.only, name)
	default:
		u.missing = append(u.missing, name)
	}
	return nil
}

// value returns the argument for a parameter.
func (u *unpacker) value(name string) (v Value, ok bool, err error) {
	if !u.keyword && u.next < len(u.call.Args) {
		v, ok = u.call.Args[u.next], true
		u.next++
	}
	for i, k := range u.call.Kwargs {
		if u.taken[i] || k.Name != name {
			continue
		}
		if ok {
			return nil, false, TypeErrorf("%s() got multiple values for argument '%s'", u.fn, name)
		}
		u.taken[i] = true
		return k.Value, true, nil
	}
	return v, ok, nil
}

// rest stores the keyword arguments that no parameter took.
func (u *unpacker) rest(dst any) error {
	var more []Kwarg
	for i, k := range u.call.Kwargs {
		if !u.taken[i] {
			more = append(more, k)
			u.taken[i] = true
		}
	}
	switch d := dst.(type) {
	case *[]Kwarg:
		*d = more
	case **Dict:
		*d = NewDict()
		for _, k := range more {
			_ = (*d).Set(k.Name, k.Value)
		}
	default:
		return fmt.Errorf("Unpack of %s: keyword arguments cannot be stored in a %T", u.fn, dst)
	}
	return nil
}

func (u *unpacker) finish() error {
	given := len(u.call.Args)
	if given > u.most && !u.varargs {
		were, takes := "were", fmt.Sprint(u.most)
		if given == 1 {
			were = "was"
		}
		if u.least < u.most {
			takes = fmt.Sprintf("from %d to %d", u.least, u.most)
		}
		s := "s"
		if takes == "1" {
			s = ""
		}
		return TypeErrorf("%s() takes %s positional argument%s but %d %s given", u.fn, takes, s, given, were)
	}
	for i, k := range u.call.Kwargs {
		if !u.taken[i] && !u.kwargs {
			return TypeErrorf("%s() got an unexpected keyword argument '%s'", u.fn, k.Name)
		}
	}
	if len(u.missing) > 0 {
		return missingError(u.fn, "positional", u.missing)
	}
	if len(u.only) > 0 {
		return missingError(u.fn, "keyword-only", u.only)
	}
	return nil
}

func missingError(fn, kind string, names []string) error {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = "'" + n + "'"
	}
	list, s := quoted[0], ""
	if n := len(quoted); n > 1 {
		s = "s"
		comma := " and "
		if n > 2 {
			comma = ", and "
		}
		list = strings.Join(quoted[:n-1], ", ") + comma + quoted[n-1]
	}
	return TypeErrorf("%s() missing %d required %s argument%s: %s", fn, len(names), kind, s, list)
}

// store converts an argument to the type of its variable.
func (u *unpacker) store(name string, v Value, dst any, optional bool) error {
	if d, ok := dst.(*Value); ok {
		*d = v
		return nil
	}
	if _, strict := dst.(*intFlag); v == nil && optional && !strict {
		return nil
	}
	if un, ok := v.(*Undefined); ok {
		switch dst.(type) {
		case *int, *int64, *float64, *intFlag:
			return TypeErrorf("'Undefined' object cannot be interpreted as an integer")
		}
		if optional {
			return nil
		}
		return un.fail()
	}
	want := convert(v, dst)
	if want == "" {
		return nil
	}
	return TypeErrorf("%s() argument '%s' must be %s, not %s", u.fn, name, want, TypeName(v))
}

// intFlag is a bool that Python reads as an int: texts and None are none.
type intFlag bool

// convert stores v in dst; where it cannot, it returns the type that dst wants.
func convert(v Value, dst any) (want string) {
	ok := false
	switch d := dst.(type) {
	case *string:
		*d, ok = unmarked(v).(string)
		want = "str"
	case *bool:
		*d, ok = Truth(v), true
	case *intFlag:
		var n int64
		n, ok = asInt64(v)
		*d, want = n != 0, "int"
	case *int64:
		*d, ok = asInt64(v)
		want = "int"
	case *int:
		var n int64
		n, ok = asInt64(v)
		*d, want = int(n), "int"
	case *float64:
		if isNumber(v) {
			f, err := toFloat(v)
			*d, ok = f, err == nil
		}
		want = "float"
	case **Dict:
		*d, ok = asDict(v)
		want = "dict"
	case **List:
		*d, ok = v.(*List)
		want = "list"
	case *[]Value:
		elems, err := Iterate(v)
		*d, ok, want = elems, err == nil, "iterable"
	case *Callable:
		*d, ok = v.(Callable)
		want = "callable"
	case **big.Int:
		*d = asBig(v)
		ok, want = *d != nil, "int"
	default:
		return fmt.Sprintf("something Unpack can store in a %T", dst)
	}
	if ok {
		return ""
	}
	return want
}
