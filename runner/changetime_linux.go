package runner

import (
	"os"
	"syscall"
)

// changeTime is when a file was last written, renamed or given another time, in nanoseconds: what nobody can
// set. It is 0 where the file system does not tell.
func changeTime(info os.FileInfo) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ctim.Nano()
	}
	return 0
}
