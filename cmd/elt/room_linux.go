package main

import (
	"os"
	"strings"
	"syscall"
	"unsafe"
)

// hugePage is the size of a huge page in bytes, on the processors that elt is built for.
const hugePage = 2 << 20

// What madvise(2) is told; package syscall has no names for these on all processors.
const (
	madvHugePage   = 14
	madvNoHugePage = 15
)

// room is a range of addresses that the heap grows into and that Linux backs with huge
// pages. A compile of 10,000 models touches 300 MB: with pages of 4 kB that is 75,000
// faults, a tenth of its time.
//
// Go has no way to ask for that, so the room is an object on the heap that is given the
// advice and let go untouched. The runtime then hands out its addresses, the lowest
// first, and Linux keeps the advice with the addresses. If the runtime should take
// others one day, only time is lost.
type room struct {
	tried bool
	start uintptr // of the whole huge pages in it; not a pointer: it keeps nothing alive
	size  uintptr // bytes; 0 where there is no room
}

// reserve takes size bytes, which the next collection sets free. It reports whether there is
// such a room.
func (r *room) reserve(size int) bool {
	r.tried = true
	if addressesAreDear() {
		return false
	}
	object := make([]byte, size)
	first := uintptr(unsafe.Pointer(unsafe.SliceData(object)))
	start := (first + hugePage - 1) &^ (hugePage - 1)
	r.start, r.size = start, (first+uintptr(size)-start)&^(hugePage-1)
	return r.advise(madvHugePage)
}

// leave takes the advice back: DuckDB may need what of a huge page is not used.
func (r *room) leave() {
	if r.size > 0 {
		r.advise(madvNoHugePage)
		r.size = 0
	}
}

func (r *room) advise(advice uintptr) bool {
	_, _, failed := syscall.Syscall(syscall.SYS_MADVISE, r.start, r.size, advice)
	return failed == 0 // a kernel may be built without huge pages
}

// addressesAreDear reports whether a process may run out of addresses that it does not even
// use: with a limit on them (ulimit -v), or where the system never promises more memory
// than it has.
func addressesAreDear() bool {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_AS, &limit); err != nil || limit.Cur != ^uint64(0) {
		return true
	}
	how, err := os.ReadFile("/proc/sys/vm/overcommit_memory")
	return err != nil || strings.TrimSpace(string(how)) == "2"
}
