package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// hangTime is how long elt may take to end after a signal on a machine with much else to
// do: only what hangs takes longer.
const hangTime = time.Minute

// signals are the actions of during that are no shell script.
var signals = map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "KILL": syscall.SIGKILL}

// scriptDuring is "during CODE PATTERN ACTION [PATTERN ACTION]... -- command args...":
// runs a command that must exit with CODE ("killed" after KILL). As soon as it has
// written a line that matches the first pattern, the first action is done, and so on.
// An action is a signal, INT, TERM or KILL, the first of which is sent as soon as the command
// computes, and after the last one it must end by itself (a minute tells that it hangs); or else a shell script
// that must succeed while the command runs.
func scriptDuring(ts *testscript.TestScript, neg bool, args []string) {
	at := indexOf(args, "--")
	if neg || at < 3 || at%2 == 0 || at+1 >= len(args) {
		ts.Fatalf("usage: during CODE PATTERN ACTION [PATTERN ACTION]... -- command args...")
	}
	d := &during{ts: ts}
	for i := 1; i < at; i += 2 {
		d.steps = append(d.steps, step{regexp.MustCompile(args[i]), args[i+1]})
	}
	got := d.run(args[at+1], args[at+2:])
	stdout, stderr := d.stdout.String(), d.stderr.String()
	io.WriteString(ts.Stdout(), stdout)
	io.WriteString(ts.Stderr(), stderr)
	if got != args[0] || d.err != nil || len(d.steps) > 0 {
		ts.Fatalf("exit code %s, want %s; %v; steps left %v\nstdout: %s\nstderr: %s", got, args[0], d.err, d.steps, stdout, stderr)
	}
	if took := time.Since(d.signalled); !d.signalled.IsZero() && took > hangTime {
		ts.Fatalf("it ended %v after the signal", took)
	}
}

// step is something to do when a line is read.
type step struct {
	pattern *regexp.Regexp
	action  string
}

// during is a command that runs and what is to be done meanwhile.
type during struct {
	ts             *testscript.TestScript
	cmd            *exec.Cmd
	stdout, stderr strings.Builder

	mu        sync.Mutex
	steps     []step // that are left
	signalled time.Time
	err       error
}

// run runs the command and returns its exit code, or "killed".
func (d *during) run(name string, args []string) string {
	d.cmd = command(d.ts, name, args)
	stdout, err := d.cmd.StdoutPipe()
	d.ts.Check(err)
	stderr, err := d.cmd.StderrPipe()
	d.ts.Check(err)
	d.ts.Check(d.cmd.Start())
	var wg sync.WaitGroup
	wg.Go(func() { d.follow(stdout, &d.stdout) })
	wg.Go(func() { d.follow(stderr, &d.stderr) })
	defer time.AfterFunc(patience, func() { d.cmd.Process.Kill() }).Stop()
	wg.Wait()
	err = d.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		d.ts.Fatalf("%v", err)
	}
	if code := d.cmd.ProcessState.ExitCode(); code >= 0 {
		return strconv.Itoa(code)
	}
	return "killed"
}

// follow reads one of the command's outputs to its end.
func (d *during) follow(from io.Reader, to *strings.Builder) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		to.WriteString(line)
		if err != nil {
			return
		}
		d.line(line)
	}
}

// line does the next step if a line is what it waits for.
func (d *during) line(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil || len(d.steps) == 0 || !d.steps[0].pattern.MatchString(line) {
		return
	}
	action := d.steps[0].action
	d.steps = d.steps[1:]
	if signal, ok := signals[action]; ok {
		again := !d.signalled.IsZero()
		if !again {
			d.err = busy(d.cmd.Process.Pid)
		}
		d.signalled = time.Now()
		err := d.cmd.Process.Signal(signal)
		if again && errors.Is(err, os.ErrProcessDone) {
			err = nil // the first one has been enough by now
		}
		d.err = errors.Join(d.err, err)
		time.AfterFunc(2*hangTime, func() { d.cmd.Process.Kill() }) // it will not come
		return
	}
	output, err := command(d.ts, "sh", []string{"-ec", action}).CombinedOutput()
	if err != nil {
		d.err = fmt.Errorf("%s: %w: %s", action, err, output)
	}
	if d.cmd.Process.Signal(syscall.Signal(0)) != nil && d.err == nil {
		d.err = fmt.Errorf("%s: the command ended before", action)
	}
}

// busyTicks is how much processor time, in hundredths of a second, says that a process
// is in a query by now: a line of output is written before the next node begins.
const busyTicks = 25

// pollTime is how often the system is asked.
const pollTime = 5 * time.Millisecond

// idleTime is how long a process may be without computing: its query sleeps.
const idleTime = 3 * time.Second

// busy returns when a process has computed for a while, where the system tells, or has not
// for long.
func busy(pid int) error {
	started := time.Now()
	begun, err := ticks(pid)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // not Linux
	}
	for now := begun; err == nil && now < begun+busyTicks && time.Since(started) < idleTime; now, err = ticks(pid) {
		time.Sleep(pollTime)
	}
	return err
}

// ticks is the processor time of a process, in hundredths of a second.
func ticks(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if fields[0] == "Z" {
		return 0, fmt.Errorf("process %d has ended before it was to be signalled", pid)
	}
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return user + system, err
}

// command is a program in the environment and the folder of a script.
func command(ts *testscript.TestScript, name string, args []string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = ts.MkAbs(".")
	for _, key := range []string{"PATH", "HOME", "TERM", "TMPDIR", "WORK", "ELT_THREADS", "GOCOVERDIR"} {
		if value := ts.Getenv(key); value != "" {
			cmd.Env = append(cmd.Env, key+"="+value)
		}
	}
	return cmd
}

// scriptDenied is "denied N command args...": as code, but the command keeps to the
// permissions of files even where root runs the tests.
func scriptDenied(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: denied N command args...")
	}
	if os.Geteuid() == 0 {
		args = append([]string{args[0], "setpriv", "--bounding-set=-all"}, args[1:]...)
	}
	scriptCode(ts, false, args)
}

// canMount reports whether a script may mount a small file system where nobody else
// sees it: unshare -m sh -c 'mount ...'.
var canMount = sync.OnceValue(func() bool {
	return exec.Command("unshare", "-m", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt").Run() == nil
})

func indexOf(words []string, word string) int {
	for i, w := range words {
		if w == word {
			return i
		}
	}
	return -1
}
