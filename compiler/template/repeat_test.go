package template

import "testing"

// TestRepeatNothing holds that nothing, however often, is nothing at once.
func TestRepeatNothing(t *testing.T) {
	t.Parallel()
	for _, empty := range []Value{"", Tuple{}, &List{}} {
		for _, n := range []int64{9223372036854775807, 3, 0, -1} {
			got, err := repeat(empty, n)
			if err != nil {
				t.Fatal(err)
			}
			if size, err := length(got); err != nil || size != 0 {
				t.Errorf("%s * %d has the length %d (%v)", Repr(empty), n, size, err)
			}
		}
	}
}
