package report

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// Machine is what a time depends on beside the programs.
type Machine struct {
	CPU    string  `json:"cpu"`
	Cores  int     `json:"cores"`
	Memory int64   `json:"memory"` // bytes
	System string  `json:"system"` // operating system and its version
	Load   float64 `json:"load"`   // processes that wanted to run in the minute before; -1 if unknown
}

// ThisMachine describes the machine it runs on; what cannot be found out is left empty.
func ThisMachine() Machine {
	m := Machine{Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH, Load: -1}
	if kernel, err := exec.Command("uname", "-sr").Output(); err == nil {
		m.System = strings.TrimSpace(string(kernel)) + ", " + runtime.GOARCH
	}
	m.CPU = labelled("/proc/cpuinfo", "model name")
	if kB, err := strconv.ParseInt(strings.TrimSuffix(labelled("/proc/meminfo", "MemTotal"), " kB"), 10, 64); err == nil {
		m.Memory = kB * 1024
	}
	if runtime.GOOS == "darwin" {
		m.CPU = sysctl("machdep.cpu.brand_string")
		m.Memory, _ = strconv.ParseInt(sysctl("hw.memsize"), 10, 64)
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		if load, err := strconv.ParseFloat(strings.Fields(string(text) + " ")[0], 64); err == nil {
			m.Load = load
		}
	}
	return m
}

// Busy reports whether the machine had been at work before the run.
func (m Machine) Busy() bool { return m.Load > 0.5*float64(m.Cores) }

// tooBusy is the share of a machine's processors that others may take before times mean
// less. The kernel's own work for what is measured is below it.
const tooBusy = 0.1

// busy says what else the machine did while a case was measured, "" if that was little.
// Results that do not tell it are judged by the load before the run.
func (r Result) busy() string {
	others, told := r.Others()
	switch {
	case told && others > tooBusy*float64(r.Machine.Cores):
		return fmt.Sprintf("other work took %.1f of %d processors", others, r.Machine.Cores)
	case !told && r.Machine.Busy():
		return fmt.Sprintf("load %.1f before", r.Machine.Load)
	}
	return ""
}

// labelled is the value of a line "label : value" of a file, "" if there is none.
func labelled(path, label string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == label {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func sysctl(name string) string {
	out, err := exec.Command("sysctl", "-n", name).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
