//go:build unix

package process

import (
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
