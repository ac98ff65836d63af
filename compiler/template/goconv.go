package template

import (
	"fmt"
	"math/big"
	"reflect"
	"sort"
)

// FromGo converts a Go value: nil, bools, numbers, strings, slices, maps with string
// keys (in sorted order), *big.Int, and values that are template values already. It
// panics for other types, which is a mistake of the program.
func FromGo(v any) Value {
	switch x := v.(type) {
	case nil, bool, int64, float64, string, *List, Tuple, *Dict, *Set, *Undefined, Callable, Object:
		return v
	case *big.Int:
		return normInt(x)
	case int:
		return int64(x)
	case []string:
		return stringList(x)
	case []any:
		l := &List{Elems: make([]Value, len(x))}
		for i, e := range x {
			l.Elems[i] = FromGo(e)
		}
		return l
	}
	return fromReflect(reflect.ValueOf(v))
}

func fromReflect(r reflect.Value) Value {
	switch r.Kind() {
	case reflect.Bool:
		return r.Bool()
	case reflect.String:
		return r.String()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return normInt(new(big.Int).SetUint64(r.Uint()))
	case reflect.Float32, reflect.Float64:
		return r.Float()
	case reflect.Slice, reflect.Array:
		l := &List{Elems: make([]Value, r.Len())}
		for i := range l.Elems {
			l.Elems[i] = FromGo(r.Index(i).Interface())
		}
		return l
	case reflect.Map:
		keys := r.MapKeys()
		sort.Slice(keys, func(i, j int) bool { return fmt.Sprint(keys[i]) < fmt.Sprint(keys[j]) })
		d := NewDict()
		for _, k := range keys {
			_ = d.Set(FromGo(k.Interface()), FromGo(r.MapIndex(k).Interface()))
		}
		return d
	case reflect.Pointer, reflect.Interface:
		if r.IsNil() {
			return nil
		}
		return FromGo(r.Elem().Interface())
	}
	panic(fmt.Sprintf("template.FromGo: a %s is no template value", r.Type()))
}

// ToGo converts a value to plain Go: nil, bool, int64, *big.Int, float64, string,
// []any, map[string]any (other keys by their str). Objects become their str, undefined
// values nil.
func ToGo(v Value) any {
	switch x := v.(type) {
	case nil, bool, int64, *big.Int, float64, string:
		return v
	case *List:
		return toGoSlice(x.Elems)
	case Tuple:
		return toGoSlice(x)
	case *Set:
		return toGoSlice(x.Elems())
	case *Undefined:
		return nil
	}
	d, ok := asDict(v)
	if !ok {
		return Str(v)
	}
	m := make(map[string]any, d.Len())
	for _, e := range d.Items() {
		m[Str(e.Key)] = ToGo(e.Value)
	}
	return m
}

func toGoSlice(elems []Value) []any {
	out := make([]any, len(elems))
	for i, e := range elems {
		out[i] = ToGo(e)
	}
	return out
}
