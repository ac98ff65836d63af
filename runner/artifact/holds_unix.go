//go:build unix

package artifact

import (
	"errors"
	"syscall"
)

// holds reports whether a file has a text and nothing else. Tens of thousands of files are
// looked at in a compile, and this takes half as many system calls as os.ReadFile.
func holds(path, text string) bool {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer syscall.Close(fd)
	have := make([]byte, 0, len(text)+1) // one more, to see that the file ends
	for len(have) < cap(have) {
		n, err := syscall.Read(fd, have[len(have):cap(have)])
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return false
		}
		if n == 0 {
			break
		}
		have = have[:len(have)+n]
	}
	return string(have) == text
}
