// Package process runs a command to its end and says what it cost: time on the clock,
// processor time and peak memory, of the command and all its children.
//
// The kernel counts the peak of a process from its fork, so a child of a large parent
// would begin with the parent's memory. Every command is therefore started by a small
// launcher: this program again, with LaunchArgument as its first argument. A main that
// uses Run calls Launch first. What costs a millisecond here (a fork, a JSON value of
// one line) is outside the time that is taken.
package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// LaunchArgument is the first argument that makes this program a launcher.
const LaunchArgument = "__launch"

// Command is what to run.
type Command struct {
	Args  []string      // program and arguments
	Dir   string        // folder to run in
	Env   []string      // NAME=value pairs on top of this process's environment
	Stdin string        // file to read standard input from; none if empty
	Limit time.Duration // the command and its children are killed after this time; 0 is no limit
	Log   string        // file for both outputs; standard output alone goes to Stdout if that is set
	// Stdout is a file for standard output.
	Stdout string
}

// Cost is what a command needed.
type Cost struct {
	Wall   time.Duration `json:"wall"`
	User   time.Duration `json:"user"`
	System time.Duration `json:"system"`
	// Peak is the largest resident size in bytes of any one process among the command
	// and its children.
	Peak int64 `json:"peak"`
	// Others is the processor time that the machine spent on anything else meanwhile:
	// other programs, and what the kernel does behind this one's back. It is in ticks of a
	// hundredth of a second; -1 where the system does not tell.
	Others time.Duration `json:"others"`
}

// FailedError is a command that ran and did not succeed.
type FailedError struct {
	Command string
	Code    int    // exit code; -1 for a signal
	Tail    string // what it wrote last, from the first line that tells an error
}

// Error says which command failed, and how.
func (e *FailedError) Error() string {
	return fmt.Sprintf("%s: exit code %d: %s", e.Command, e.Code, e.Tail)
}

// ErrLimit is returned for a command that was killed at its time limit.
var ErrLimit = errors.New("the command did not end within its time limit")

// report is what a launcher tells through its file descriptor 3.
type report struct {
	Cost
	Code  int    `json:"code"`
	Error string `json:"error,omitempty"`
}

// Run runs a command and returns its cost. The error is a *FailedError for an exit code
// other than 0, ErrLimit at the time limit, and the context's when that ends.
func Run(ctx context.Context, c Command) (Cost, error) {
	self, err := os.Executable()
	if err != nil {
		return Cost{}, err
	}
	run := ctx
	if c.Limit > 0 {
		var cancel context.CancelFunc
		run, cancel = context.WithTimeout(ctx, c.Limit)
		defer cancel()
	}
	cmd := exec.CommandContext(run, self, append([]string{LaunchArgument}, c.Args...)...)
	cmd.Dir, cmd.Env = c.Dir, append(os.Environ(), c.Env...)
	ownGroup(cmd)
	files, err := redirect(cmd, c)
	defer closeAll(files)
	if err != nil {
		return Cost{}, err
	}
	told, err := launched(cmd)
	switch {
	case ctx.Err() != nil:
		return Cost{}, ctx.Err()
	case run.Err() != nil:
		return Cost{}, ErrLimit
	case err != nil:
		return Cost{}, err
	case told.Error != "":
		return Cost{}, errors.New(told.Error)
	case told.Code != 0:
		return told.Cost, &FailedError{Command: filepath.Base(c.Args[0]) + " " + strings.Join(c.Args[1:], " "), Code: told.Code, Tail: tail(c.Log, 16)}
	}
	return told.Cost, nil
}

// launched runs the launcher and reads its report.
func launched(cmd *exec.Cmd) (report, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return report{}, err
	}
	defer reader.Close()
	cmd.ExtraFiles = []*os.File{writer}
	err = cmd.Start()
	writer.Close()
	if err != nil {
		return report{}, err
	}
	var told report
	decodeErr := json.NewDecoder(reader).Decode(&told)
	if err := cmd.Wait(); err != nil {
		return report{}, fmt.Errorf("the launcher failed: %w", err)
	}
	return told, decodeErr
}

func redirect(cmd *exec.Cmd, c Command) ([]*os.File, error) {
	var files []*os.File
	open := func(path string, flags int) (*os.File, error) {
		if path == "" {
			path = os.DevNull
		}
		f, err := os.OpenFile(path, flags, 0o644)
		if err == nil {
			files = append(files, f)
		}
		return f, err
	}
	in, err := open(c.Stdin, os.O_RDONLY)
	if err != nil {
		return files, err
	}
	log, err := open(c.Log, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return files, err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, log, log
	if c.Stdout != "" {
		out, err := open(c.Stdout, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
		if err != nil {
			return files, err
		}
		cmd.Stdout = out
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// tail is what a log says last: the last lines, or all from the first that tells an error
// if that is among them.
func tail(path string, lines int) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	all := strings.Split(strings.TrimSpace(string(data)), "\n")
	all = all[max(len(all)-lines, 0):]
	tells := func(line string) bool { return strings.Contains(strings.ToLower(line), "error") }
	return strings.Join(all[max(slices.IndexFunc(all, tells), 0):], "\n")
}

// Launch makes this process a launcher if its arguments say so, and then does not
// return: it runs the command, reports its cost to file descriptor 3, and exits. Call it
// first in main, before anything is allocated.
func Launch() {
	if len(os.Args) < 3 || os.Args[1] != LaunchArgument {
		return
	}
	out := os.NewFile(3, "report")
	if err := json.NewEncoder(out).Encode(measure(os.Args[2:])); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

func measure(args []string) report {
	path, err := exec.LookPath(args[0])
	if err != nil {
		return report{Error: err.Error()}
	}
	cmd := &exec.Cmd{Path: path, Args: args, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	before, told := machineTime()
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return report{Error: err.Error()}
	}
	err = cmd.Wait()
	wall := time.Since(start)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return report{Error: err.Error()}
	}
	state := cmd.ProcessState
	cost := Cost{Wall: wall, User: state.UserTime(), System: state.SystemTime(), Peak: peak(state), Others: -1}
	if after, ok := machineTime(); ok && told {
		cost.Others = max(0, after-before-cost.User-cost.System)
	}
	return report{Cost: cost, Code: state.ExitCode()}
}
