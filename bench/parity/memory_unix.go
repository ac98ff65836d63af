//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// residentSize is the largest resident size of a process that has ended, in kilobytes.
func residentSize(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(usage.Maxrss) / 1024 // bytes there
	}
	return int64(usage.Maxrss)
}
