package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestPercentFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		live uint64
		heap uint64
		want int
	}{
		{"nothing is known yet", 0, roomyHeap, 400},
		{"the beginning of a large project", 4 << 20, roomyHeap, 9500},
		{"a large project is held at the roomy heap", 128 << 20, roomyHeap, 200},
		{"as much lives as there is room for", 384 << 20, roomyHeap, 100},
		{"a huge project is collected as usual", 800 << 20, roomyHeap, 100},
		{"a small project is not collected while it is built", 1 << 20, calmHeap, 700},
		{"one of which 8 MB live is held at the calm heap", 8 << 20, calmHeap, 300},
		{"a large one is collected as usual while it is built", 128 << 20, calmHeap, 100},
	} {
		if got := percentFor(c.live, c.heap); got != c.want {
			t.Errorf("%s: %d %%, not %d %%", c.name, got, c.want)
		}
	}
}

// The room is garbage at once, and what the process does with its memory afterwards is what
// it would do without.
func TestRoomIsGivenBack(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(usualPercent))
	before := heapSize()
	var c collector
	c.makeRoom()
	if !c.room.tried {
		t.Error("no room was made")
	}
	c.makeRoom() // a second one is not
	runtime.GC()
	if after := heapSize(); after > before+roomyHeap/2 {
		t.Errorf("the heap holds %d bytes, %d before", after, before)
	}
	c.tighten()
	var late collector
	late.tighten()
	if late.makeRoom(); late.room.tried {
		t.Error("a room was made once nodes are built")
	}
}
