//go:build unix

package process

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// ownGroup puts the command into a process group of its own, and has the whole group
// killed when its context ends: a tool may have started children.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// peak is the largest resident size in bytes, as wait4 tells it.
func peak(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(usage.Maxrss) // bytes
	}
	return int64(usage.Maxrss) * 1024
}

// Lock takes a lock on a file, which it makes, until the process ends; false is for one
// that another process holds.
func Lock(path string) (bool, error) {
	// Not an os.File: that would be closed, and the lock gone, once nobody holds it.
	file, err := syscall.Open(path, syscall.O_RDWR|syscall.O_CREAT|syscall.O_CLOEXEC, 0o644)
	if err != nil {
		return false, &os.PathError{Op: "open", Path: path, Err: err}
	}
	err = syscall.Flock(file, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, syscall.Close(file)
	}
	return err == nil, err
}
