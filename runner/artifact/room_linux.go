package artifact

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// largeFile is the size in bytes of a file for which room is taken ahead.
const largeFile = 4 << 20

// takeRoom gives a file the blocks that it is likely to need, an eighth more than the file
// which it is to replace. ext4 finds blocks only when a file is written to the disk, and
// that is at once where a file is renamed over another one: for the 50 MB of a large
// manifest a wait of 30 ms. What cannot be had is no mistake. It reports whether there is room
// that [endHere] has to give back.
func takeRoom(file *os.File, replaced string) bool {
	info, err := os.Stat(replaced)
	if err != nil || info.Size() < largeFile {
		return false
	}
	return unix.Fallocate(int(file.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, info.Size()+info.Size()/8) == nil
}

// endHere gives back the room behind what was written.
func endHere(file *os.File) error {
	end, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	return file.Truncate(end)
}
