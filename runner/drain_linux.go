package runner

import (
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// How often, and from how many bytes on, a file that is being written is looked at.
const (
	drainEvery = 10 * time.Millisecond
	drainPiece = 8 << 20
)

// drain has the disk take a file while it is being written, from its beginning on, so that
// there is little to wait for when it must be there as a whole. The file need not be there
// yet. Nothing is promised: where it does not work, that wait is longer. stop ends it and
// returns when nothing touches the file any more.
func drain(path string) (stop func()) {
	done := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		ticker := time.NewTicker(drainEvery)
		defer ticker.Stop()
		var file *os.File
		defer func() { _ = file.Close() }() // of nil, too, that is no more than an error
		for taken := int64(0); ; {
			select {
			case <-done:
				return
			case <-ticker.C:
			}
			if file == nil {
				file, _ = os.Open(path)
				continue
			}
			info, err := file.Stat()
			if err != nil {
				return
			}
			whole := info.Size() &^ (drainPiece - 1)
			if whole == taken {
				continue
			}
			if unix.SyncFileRange(int(file.Fd()), taken, whole-taken, unix.SYNC_FILE_RANGE_WRITE) != nil {
				return // a file system without it
			}
			taken = whole
		}
	})
	return func() {
		close(done)
		ended.Wait()
	}
}
