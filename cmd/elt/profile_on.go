//go:build profile

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
)

// profiled runs elt and writes cpu.prof and heap.prof into the folder that ELT_PPROF
// names. The heap's is taken at the end; what was allocated on the way is in it too.
func profiled(elt func() int) int {
	dir := os.Getenv("ELT_PPROF")
	if dir == "" {
		return elt()
	}
	code, err := withProfiles(dir, elt)
	if err != nil {
		fmt.Fprintln(os.Stderr, "elt: profile:", err)
		return 2
	}
	return code
}

func withProfiles(dir string, elt func() int) (code int, err error) {
	runtime.MemProfileRate = 64 << 10 // a command is short: one sample in 64 kB
	cpu, err := os.Create(filepath.Join(dir, "cpu.prof"))
	if err != nil {
		return 0, err
	}
	defer cpu.Close()
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return 0, err
	}
	code = elt()
	pprof.StopCPUProfile()
	heap, err := os.Create(filepath.Join(dir, "heap.prof"))
	if err != nil {
		return 0, err
	}
	defer heap.Close()
	runtime.GC() // a profile shows what was allocated up to the last collection
	return code, pprof.Lookup("heap").WriteTo(heap, 0)
}
