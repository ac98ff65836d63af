//go:build unix

package duckdb

import (
	"errors"
	"os"
	"syscall"
)

// lockTemp locks a temporary file until release is called or the process dies. It does not wait for long: who
// else may have the lock is about to remove the file. A file system without such locks tells others nothing.
func lockTemp(path string) (release func()) {
	f, err := os.Open(path)
	if err != nil {
		return func() {}
	}
	for errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_EX), syscall.EINTR) {
		continue
	}
	return func() { _ = f.Close() }
}

// tryLock locks a temporary file if nobody else has it.
func tryLock(path string) (release func(), state lockState) {
	f, err := os.Open(path)
	if err != nil {
		return func() {}, lockUnknown
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case err == nil:
		state = lockTaken
	case errors.Is(err, syscall.EWOULDBLOCK):
		state = lockHeld
	}
	return func() { _ = f.Close() }, state
}
