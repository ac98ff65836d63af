//go:build unix

package artifact

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// marked reports whether a file has a length and was given a mark as the nanoseconds of its
// time. Where a file system keeps no such times, it has not.
func marked(path string, length int, mark int64) bool {
	var info unix.Stat_t
	return unix.Lstat(path, &info) == nil && info.Size == int64(length) && int64(info.Mtim.Nsec) == mark &&
		info.Mode&unix.S_IFMT == unix.S_IFREG
}

// holds reports whether a file has a text and nothing else. Tens of thousands of files are
// looked at in a compile, and this takes less than half of the system calls of os.ReadFile.
func holds(path, text string) bool {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer syscall.Close(fd)
	var room [4 << 10]byte // most are smaller
	buffer := room[:]
	if len(text) >= len(buffer) {
		buffer = make([]byte, len(text)+1) // one more, to see that the file ends
	}
	have := 0
	for have <= len(text) {
		n, err := syscall.Read(fd, buffer[have:len(text)+1])
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil || have+n > len(text) {
			return false
		}
		have += n
		if n == 0 || have == len(text) { // a read ends early only where the file does
			break
		}
	}
	return string(buffer[:have]) == text
}
