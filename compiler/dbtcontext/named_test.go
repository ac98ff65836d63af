package dbtcontext

import (
	"fmt"
	"slices"
	"testing"
)

// However many names there are, each has the value that was set last.
func TestNamedValues(t *testing.T) {
	t.Parallel()
	var n named
	for i := range 3 * fewNames {
		name := fmt.Sprint("n", i)
		if _, ok := n.get(name); ok {
			t.Errorf("%s is there before it is set", name)
		}
		n.set(name, int64(-1))
		n.set(name, int64(i))
		for before := range i + 1 {
			if v, ok := n.get(fmt.Sprint("n", before)); !ok || v != int64(before) {
				t.Errorf("after %d names n%d is %v", i+1, before, v)
			}
		}
		if names := n.names(); len(names) != i+1 || !slices.Contains(names, name) {
			t.Errorf("%d names are %q", i+1, names)
		}
	}
}
