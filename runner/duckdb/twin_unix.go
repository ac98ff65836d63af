//go:build unix

package duckdb

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// twin reads a file that DuckDB has open, through DuckDB's own descriptor: closing
// another descriptor of the file would drop DuckDB's lock on it, for POSIX locks belong
// to a process and go with the first descriptor that is closed.
type twin int

// openTwin finds the descriptor of a file that this process has open.
func openTwin(path string) (twin, error) {
	fd, err := descriptor(path)
	if err == nil && fd < 0 {
		err = &fs.PathError{Op: "read", Path: path, Err: errors.New("it is not open")}
	}
	return twin(fd), err
}

// isOpenHere reports whether this process has a file open.
func isOpenHere(path string) bool {
	fd, err := descriptor(path)
	return err == nil && fd >= 0
}

// descriptor returns a descriptor of a file, or -1 where this process has none.
func descriptor(path string) (int, error) {
	info, err := os.Stat(path)
	if err != nil {
		return -1, err
	}
	limit := unix.Rlimit{Cur: 1 << 10}
	_ = unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) // else the default
	missing := 0
	for fd := 3; fd < int(min(limit.Cur, 1<<20)) && missing < maxGap; fd++ {
		var stat unix.Stat_t
		if unix.Fstat(fd, &stat) != nil {
			missing++
			continue
		}
		missing = 0
		if sameFile(info, &stat) {
			return fd, nil
		}
	}
	return -1, nil
}

// maxGap is how many unused descriptors in a row end the search. A new descriptor is
// always the lowest that is free, so gaps are small.
const maxGap = 4096

// Close leaves the descriptor to DuckDB.
func (twin) Close() error { return nil }

// ReadAt reads from the file as an [io.ReaderAt].
func (t twin) ReadAt(p []byte, at int64) (int, error) {
	done := 0
	for done < len(p) {
		n, err := unix.Pread(int(t), p[done:], at+int64(done))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return done, err
		}
		if n == 0 {
			return done, io.EOF
		}
		done += n
	}
	return done, nil
}

// lock takes the lock that DuckDB takes, until the file is closed, or reports that
// another process holds it.
func lock(file *os.File) (held bool, err error) {
	whole := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	err = unix.FcntlFlock(file.Fd(), unix.F_SETLK, &whole)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return true, nil
	}
	return false, err
}

func sameFile(info os.FileInfo, stat *unix.Stat_t) bool {
	own, ok := info.Sys().(*syscall.Stat_t)
	return ok && own.Dev == stat.Dev && own.Ino == stat.Ino
}

// isFull reports whether a file could not be written for want of room.
func isFull(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EFBIG)
}
