package duckdb

import (
	"errors"
	"os"
	"syscall"
)

// openTwin opens a file once more: Windows keeps a lock with the handle it was taken by.
func openTwin(path string) (*os.File, error) { return os.Open(path) }

// isOpenHere is left to the lock: a file that DuckDB has open cannot be opened for
// writing again.
func isOpenHere(string) bool { return false }

// lock has nothing to take: DuckDB opens a file for itself alone.
func lock(*os.File) (held bool, err error) { return false, nil }

// isFull reports whether a file could not be written for want of room.
func isFull(err error) bool {
	const diskFull, handleDiskFull = syscall.Errno(112), syscall.Errno(39)
	return errors.Is(err, diskFull) || errors.Is(err, handleDiskFull)
}
