package template

import (
	"fmt"
	"testing"
)

// A dict finds its keys however many it has, whichever way they came into it.
func TestDictsOfEverySize(t *testing.T) {
	t.Parallel()
	for size := range 2*indexFrom + 3 {
		var items []Item
		for i := range size {
			items = append(items, Item{fmt.Sprint("k", i), int64(i)})
		}
		half := size / 2
		grown := NewRecord(items[:half]...)
		grown.AddNew(items[half:]...)
		set := NewDict(items[:half]...)
		set.Add(items...)
		for name, d := range map[string]*Dict{"of items": NewDict(items...), "of a record": NewRecord(items...), "grown": grown, "set": set, "a copy": grown.Copy()} {
			if d.Len() != size {
				t.Fatalf("%s of %d: %d keys", name, size, d.Len())
			}
			for _, it := range items {
				if v, ok := d.Get(it.Key); !ok || v != it.Value {
					t.Fatalf("%s of %d: %v is %v", name, size, it.Key, v)
				}
			}
			if _, ok := d.Get("other"); ok {
				t.Fatalf("%s of %d has another key", name, size)
			}
			for i := size - 1; i >= 0; i -= 2 {
				if !d.Delete(items[i].Key) || d.Delete(items[i].Key) {
					t.Fatalf("%s of %d: %v was not deleted once", name, size, items[i].Key)
				}
			}
			if text, err := ToJSON(d, false); err != nil || d.Len() != len(d.Items()) || d.Len() > 0 && text[:2] != `{"` {
				t.Fatalf("%s of %d: %s, %v", name, size, text, err)
			}
		}
	}
}
