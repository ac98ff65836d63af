//go:build unix

package duckdb

import (
	"os"
	"syscall"
)

// holdCopy says of a temporary file that a process is making it, until release is called or
// the process dies. A file system without such locks tells others nothing.
func holdCopy(path string) (release func()) {
	f, err := os.Open(path)
	if err != nil {
		return func() {}
	}
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
	return func() { _ = f.Close() }
}

// isAbandoned reports whether nobody makes a temporary file any more. An empty one may have been
// created a moment ago.
func isAbandoned(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := f.Stat()
	return err == nil && info.Size() > 0 && syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
