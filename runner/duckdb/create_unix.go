//go:build unix

package duckdb

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

const (
	createPatience = 2 * time.Second // for another process that is making a file in the same folder
	createPoll     = 5 * time.Millisecond
	leftBehind     = time.Second // an empty file this old is nobody's any more
)

// aloneToCreate makes sure that no other elt makes a database in the same folder at the
// same time, until release is called. DuckDB makes a file, locks it and writes its first bytes one
// after the other: whoever comes in between finds a file that is no database, or takes the lock
// from its maker. A file of no bytes, which a kill in between has left, is taken away. It is
// only for a file that is not there or empty; where the folder cannot be locked, nothing is done.
func aloneToCreate(ctx context.Context, path string) (release func()) {
	if !isLocal(path) || !isUnmade(path) {
		return func() {}
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return func() {} // DuckDB will say what is the matter
	}
	until := time.Now().Add(createPatience)
	for unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		if !time.Now().Before(until) || !pause(ctx) {
			break
		}
	}
	// The time of the file may lie ahead, where a clock was set back; so it is also watched.
	for watched := time.Now().Add(leftBehind); ; {
		info, err := os.Stat(path)
		if err != nil || info.Size() > 0 || !info.Mode().IsRegular() {
			break
		}
		if time.Since(info.ModTime()) > leftBehind || !time.Now().Before(watched) {
			_ = os.Remove(path) // if it cannot be, DuckDB says that it is no database
			break
		}
		if !pause(ctx) {
			break
		}
	}
	return func() { _ = folder.Close() }
}

func pause(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(createPoll):
		return true
	}
}

// isUnmade reports whether there is no file, or one of no bytes.
func isUnmade(path string) bool {
	info, err := os.Stat(path)
	return os.IsNotExist(err) || err == nil && info.Mode().IsRegular() && info.Size() == 0
}
