package duckdb

import (
	"time"

	"golang.org/x/sys/unix"
)

// nap waits a moment. A sleep of the Go runtime lasts a millisecond or more, which is
// long for a statement that takes less.
func nap(d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	_ = unix.Nanosleep(&t, nil) // a signal only wakes it early
}
