package duckdb

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A copy is made in a temporary file, which its maker holds a lock on. The lock goes with the process, so
// that whoever gets it knows that the file is a leftover.

// tempSuffix ends the name of a temporary file.
const tempSuffix = ".tmp"

// staleAfter is the age from which a temporary file is taken for a leftover where there are no
// such locks. A copy that runs keeps changing its file.
const staleAfter = time.Hour

// RemoveAbandoned removes what copies of a file that were not finished, because their process was killed, have
// left beside it, and returns what it removed. Copies that are being made stay.
func RemoveAbandoned(to string) ([]string, error) {
	folder, prefix := filepath.Dir(to), "."+filepath.Base(to)+"."
	entries, err := os.ReadDir(folder) // no glob: the folder's name may look like one
	if err = ignoreMissing(err); err != nil {
		return nil, err
	}
	var removed []string
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), prefix) || !strings.HasSuffix(entry.Name(), tempSuffix) {
			continue
		}
		path := filepath.Join(folder, entry.Name())
		done, failed := removeIfAbandoned(path)
		err = errors.Join(err, failed)
		if done {
			removed = append(removed, path)
		}
	}
	return removed, err
}

// removeIfAbandoned removes a temporary file that nobody makes any more. It holds the lock meanwhile: who has
// created the file a moment ago and waits for the lock finds that it is gone, and creates another.
func removeIfAbandoned(path string) (removed bool, err error) {
	release, state := tryLock(path)
	defer release()
	if state == lockUnknown {
		info, err := os.Stat(path)
		if err == nil && time.Since(info.ModTime()) > staleAfter {
			state = lockTaken
		}
	}
	if state != lockTaken {
		return false, nil
	}
	err = removeCopy(path)
	return err == nil, err
}

// lockState is what trying to lock a temporary file says of it.
type lockState int

const (
	lockUnknown lockState = iota // there are no locks, or the file cannot be opened
	lockTaken                    // nobody else had it
	lockHeld                     // by who makes the file
)

// createCopy creates a temporary file and locks it until release is called or the process dies.
func createCopy(folder, pattern string) (temp *os.File, release func(), err error) {
	for {
		temp, err := os.CreateTemp(folder, pattern)
		if err != nil {
			return nil, nil, err
		}
		release := lockTemp(temp.Name())
		mine, err := temp.Stat()
		if err == nil {
			if now, gone := os.Stat(temp.Name()); gone == nil && os.SameFile(mine, now) {
				return temp, release, nil
			}
		}
		release()
		if err := errors.Join(err, temp.Close()); err != nil {
			return nil, nil, err
		}
	}
}

// removeCopy removes a temporary file. What DuckDB may have left beside it goes first: without the file nobody
// would look for it.
func removeCopy(path string) error {
	var err error
	for _, p := range []string{path + ".journal", path + ".wal.checkpoint", path + ".wal.recovery", path + ".wal", path} {
		err = errors.Join(err, ignoreMissing(os.Remove(p)))
	}
	return err
}
