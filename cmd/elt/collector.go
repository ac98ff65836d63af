package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"

	"elt/runner"
)

// The garbage collector's usual aim, a heap of twice what lives, costs a command that
// reads a project a fourth of its time, for memory that is there: nothing else runs yet.
// A project whose heap has come to 16 MB is a large one: from then on, until nodes are
// built, the heap may grow to roomyHeap before anything is collected.
//
// While nodes are built memory belongs to DuckDB, and the heap grows to twice what lives, as
// usual; but up to calmHeap it is left alone: two collections of the one megabyte that lives in a
// small project took a tenth of its build.
const (
	roomyHeap    = 384 << 20 // bytes
	calmHeap     = 32 << 20  // bytes
	roomyPercent = 400       // until something is known: of the 4 MB that Go's runtime begins with
	usualPercent = 100
	muchHeap     = 16 << 20 // bytes, which are worth a collection of their own before DuckDB needs the memory
)

// collector sets how often garbage is collected in this process.
type collector struct {
	mu     sync.Mutex
	strict bool
	room   room // is made once the project is known to be large
}

// relax gives the heap room, until [collector.tighten].
func (c *collector) relax() {
	c.set(roomyPercent)
	c.watch()
}

func (c *collector) set(percent int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.strict {
		debug.SetGCPercent(percent)
	}
}

// tighten goes back to the usual: from now on memory belongs to DuckDB.
func (c *collector) tighten() {
	c.mu.Lock()
	c.strict = true
	debug.SetGCPercent(percentFor(heapSize(), calmHeap)) // what lives is less
	c.room.leave()
	c.mu.Unlock()
	c.giveBack()
}

// adapt sets how much the heap may grow over what lives, in bytes.
func (c *collector) adapt(live uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.strict {
		debug.SetGCPercent(percentFor(live, calmHeap))
	} else {
		debug.SetGCPercent(percentFor(live, roomyHeap))
	}
}

// giveBack gives the system what was garbage.
func (c *collector) giveBack() {
	if heapSize() > muchHeap {
		debug.FreeOSMemory()
	}
}

// watch adapts to what lives after each collection: a finalizer runs once in each.
func (c *collector) watch() {
	sentinel := new([16]byte)
	runtime.SetFinalizer(sentinel, func(*[16]byte) {
		c.makeRoom()
		c.adapt(liveHeap())
		c.watch()
	})
}

// makeRoom makes the room that the heap will grow into, once. It ends with a collection: so
// early little lives, and that is some 4 ms.
func (c *collector) makeRoom() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.strict || c.room.tried {
		return
	}
	debug.SetGCPercent(-1) // or the room itself would be cause to collect
	if c.room.reserve(roomyHeap) {
		runtime.GC()
	}
	debug.SetGCPercent(roomyPercent)
}

// percentFor is how much a heap may grow over what lives, in percent of it, so that it need not
// be collected before it has come to heap bytes. What lives at least is what Go's runtime begins
// with.
func percentFor(live, heap uint64) int {
	if live == 0 {
		return roomyPercent
	}
	return max(usualPercent, int(100*heap/max(live, 4<<20))-100)
}

// liveHeap is what the last collection has found to live, in bytes.
func liveHeap() uint64 { return metric("/gc/heap/live:bytes") }

// heapSize is what is on the heap, in bytes.
func heapSize() uint64 { return metric("/memory/classes/heap/objects:bytes") }

func metric(name string) uint64 {
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// tightening tells the collector when nodes begin to be built, and when all is published: the
// checkpoint that follows takes more memory than anything before it.
type tightening struct {
	runner.Observer
	collector *collector
}

// Observe passes an event on.
func (t tightening) Observe(e runner.Event) {
	switch e.(type) {
	case runner.RunStarted:
		t.collector.tighten()
	case runner.Published:
		t.collector.giveBack()
	}
	t.Observer.Observe(e)
}
