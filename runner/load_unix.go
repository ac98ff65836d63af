//go:build unix

package runner

import (
	"time"

	"golang.org/x/sys/unix"
)

// processTime is the time that this process has spent on the cores.
func processTime() (time.Duration, bool) {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return 0, false
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), true
}
