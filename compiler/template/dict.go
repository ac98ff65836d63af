package template

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Item is one entry of a [Dict].
type Item struct{ Key, Value Value }

// Dict is Python's dict: it keeps the order of insertion, and keys that are equal
// (1, 1.0 and True) are one key. It is shared by reference. Reading it concurrently
// is safe as long as nobody changes it.
type Dict struct {
	entries []Item
	index   map[any]int32 // from hash keys to entries; nil while the dict is small
	dead    int           // entries that were deleted
}

// indexFrom is the number of entries from which a dict keeps an index. To look through
// fewer takes no longer than to ask a map, and to fill a map takes ten times as long as to
// fill a list: the node that a template or the manifest is shown has some fifty keys.
const indexFrom = 65

// deleted is the key of an entry that was deleted.
type deleted struct{}

// NewDict returns a dict of the given items. Items whose key cannot be hashed are
// left out; templates cannot make such items.
func NewDict(items ...Item) *Dict {
	d := &Dict{}
	if len(items) > 0 {
		d.entries = make([]Item, 0, len(items))
	}
	for _, it := range items {
		_ = d.Set(it.Key, it.Value)
	}
	return d
}

// NewRecord returns a dict of items whose keys are texts, each another one: nothing is
// compared.
func NewRecord(items ...Item) *Dict {
	d := &Dict{}
	d.AddNew(items...)
	return d
}

// AddNew adds items whose keys are texts that the dict does not have, each another one:
// nothing is compared.
func (d *Dict) AddNew(items ...Item) {
	d.entries = append(d.entries, items...)
	if d.index != nil || len(d.entries) >= indexFrom {
		d.reindex()
	}
}

// Hasher is an Object that can be a dict key by value: objects of the same type
// name with the same key are one key. It should then be an [Equaler] too.
type Hasher interface{ HashKey() string }

type (
	noneKey      struct{}
	undefinedKey struct{}
	bigKey       string
	tupleKey     string
	objectKey    string
)

// hashKey maps a value to a Go map key such that equal Python values have equal
// keys. It fails for values that Python cannot hash.
func hashKey(v Value) (any, error) {
	switch x := v.(type) {
	case string, int64:
		return x, nil
	case nil:
		return noneKey{}, nil
	case bool:
		if x {
			return int64(1), nil
		}
		return int64(0), nil
	case float64:
		if x != math.Trunc(x) || math.IsInf(x, 0) {
			return x, nil
		}
		return hashKey(intFromFloat(x))
	case *big.Int:
		return bigKey(x.String()), nil
	case Tuple:
		return hashTuple(x)
	case *Undefined:
		return undefinedKey{}, nil
	case *List, *Dict, *Set:
		return nil, TypeErrorf("unhashable type: '%s'", TypeName(v))
	case *nativeMark:
		return x.text, nil
	case *dictView:
		if x.kind != "values" {
			return nil, TypeErrorf("unhashable type: '%s'", TypeName(v))
		}
	case Hasher:
		return objectKey(TypeName(v) + "\x00" + x.HashKey()), nil
	}
	if !reflect.TypeOf(v).Comparable() {
		return nil, TypeErrorf("unhashable type: '%s'", TypeName(v))
	}
	return v, nil
}

func hashTuple(t Tuple) (any, error) {
	var b strings.Builder
	for _, e := range t {
		k, err := hashKey(e)
		if err != nil {
			return nil, err
		}
		part := fmt.Sprintf("%T %v", k, k)
		if reflect.TypeOf(k).Kind() == reflect.Pointer {
			part = fmt.Sprintf("%T %p", k, k)
		}
		b.WriteString(strconv.Itoa(len(part)))
		b.WriteByte(' ')
		b.WriteString(part)
	}
	return tupleKey(b.String()), nil
}

// find returns the position of a key, or -1.
func (d *Dict) find(key Value) (int, error) {
	if s, ok := key.(string); ok && d.index == nil {
		for i := range d.entries {
			if have, ok := d.entries[i].Key.(string); ok && have == s {
				return i, nil
			}
		}
		return -1, nil
	}
	k, err := hashKey(key)
	if err != nil {
		return -1, err
	}
	return d.findHashed(k), nil
}

func (d *Dict) findHashed(k any) int {
	if d.index != nil {
		if i, ok := d.index[k]; ok {
			return int(i)
		}
		return -1
	}
	for i := range d.entries {
		if have, err := hashKey(d.entries[i].Key); err == nil && have == k {
			return i
		}
	}
	return -1
}

// lookup is Get that tells an unhashable key from a missing one.
func (d *Dict) lookup(key Value) (Value, bool, error) {
	if d == nil {
		return nil, false, nil
	}
	i, err := d.find(key)
	if err != nil || i < 0 {
		return nil, false, err
	}
	return d.entries[i].Value, true, nil
}

// Get returns the value of a key. A nil dict is empty.
func (d *Dict) Get(key Value) (Value, bool) {
	v, ok, _ := d.lookup(key)
	return v, ok
}

// Set sets a key; a key that is new goes to the end. It fails for a key that
// cannot be hashed, such as a list.
func (d *Dict) Set(key, value Value) error {
	i, err := d.find(key)
	if err != nil {
		return err
	}
	if i >= 0 {
		d.entries[i].Value = value
		return nil
	}
	d.entries = append(d.entries, Item{key, value})
	switch {
	case d.index != nil:
		k, _ := hashKey(key)
		d.index[k] = int32(len(d.entries) - 1)
	case len(d.entries) >= indexFrom:
		d.reindex()
	}
	return nil
}

// reindex drops deleted entries and builds the index anew where one is worth it.
func (d *Dict) reindex() {
	live := d.entries[:0]
	for _, e := range d.entries {
		if _, gone := e.Key.(deleted); !gone {
			live = append(live, e)
		}
	}
	clear(d.entries[len(live):])
	d.entries, d.dead, d.index = live, 0, nil
	if len(live) < indexFrom {
		return
	}
	d.index = make(map[any]int32, len(live)+len(live)/2)
	for i, e := range live {
		k, _ := hashKey(e.Key)
		d.index[k] = int32(i)
	}
}

// Delete removes a key and reports whether it was there.
func (d *Dict) Delete(key Value) bool {
	i, err := d.find(key)
	if err != nil || i < 0 {
		return false
	}
	if d.index != nil {
		k, _ := hashKey(key)
		delete(d.index, k)
	}
	if d.index == nil || i == len(d.entries)-1 {
		d.entries = append(d.entries[:i], d.entries[i+1:]...)
		return true
	}
	d.entries[i] = Item{Key: deleted{}}
	if d.dead++; d.dead > len(d.entries)/2 {
		d.reindex()
	}
	return true
}

// Len returns the number of keys.
func (d *Dict) Len() int {
	if d == nil {
		return 0
	}
	return len(d.entries) - d.dead
}

// Items returns the entries in order, as a copy.
func (d *Dict) Items() []Item {
	if d == nil || len(d.entries) == 0 {
		return nil
	}
	out := make([]Item, 0, d.Len())
	for _, e := range d.entries {
		if _, gone := e.Key.(deleted); !gone {
			out = append(out, e)
		}
	}
	return out
}

// Keys returns the keys in order.
func (d *Dict) Keys() []Value {
	out := make([]Value, 0, d.Len())
	for _, e := range d.Items() {
		out = append(out, e.Key)
	}
	return out
}

// Values returns the values in order.
func (d *Dict) Values() []Value {
	out := make([]Value, 0, d.Len())
	for _, e := range d.Items() {
		out = append(out, e.Value)
	}
	return out
}

// Add sets every item, as [NewDict] does.
func (d *Dict) Add(items ...Item) {
	d.entries = slices.Grow(d.entries, len(items))
	for _, it := range items {
		_ = d.Set(it.Key, it.Value)
	}
}

// Copy returns a dict with the same entries.
func (d *Dict) Copy() *Dict {
	out := &Dict{entries: d.Items()}
	if len(out.entries) >= indexFrom {
		out.reindex()
	}
	return out
}

// Update sets every entry of other.
func (d *Dict) Update(other *Dict) { d.Add(other.Items()...) }

// Clear removes every entry.
func (d *Dict) Clear() { d.entries, d.index, d.dead = nil, nil, 0 }
