package process_test

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"elt/bench/internal/process"
)

// The test binary is its own launcher, and the command that the tests run: with
// BENCH_CHILD it holds that many megabytes, waits, or fails.
func TestMain(m *testing.M) {
	process.Launch()
	switch os.Getenv("BENCH_CHILD") {
	case "64MB":
		held := make([]byte, 64<<20)
		for i := 0; i < len(held); i += 4096 {
			held[i] = 1
		}
		runtime.KeepAlive(held)
		os.Exit(0)
	case "fails":
		os.Stderr.WriteString("first line\nlast line\n")
		os.Exit(3)
	case "waits":
		interrupted := make(chan os.Signal, 1)
		signal.Notify(interrupted, os.Interrupt)
		<-interrupted
	case "speaks":
		os.Stdout.WriteString("to stdout\n")
		os.Stderr.WriteString("to stderr\n")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(t *testing.T, does string) process.Command {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the benchmarks are for Unix")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	return process.Command{Args: []string{self, "-test.run=^$"}, Dir: dir, Env: []string{"BENCH_CHILD=" + does}, Log: filepath.Join(dir, "log")}
}

func TestPeakIsThatOfTheCommandAndNotOfItsParent(t *testing.T) {
	t.Parallel()
	held := make([]byte, 256<<20) // this process is far larger than its children
	for i := 0; i < len(held); i += 4096 {
		held[i] = 1
	}
	large, err := process.Run(t.Context(), child(t, "64MB"))
	if err != nil {
		t.Fatal(err)
	}
	small, err := process.Run(t.Context(), child(t, "speaks"))
	if err != nil {
		t.Fatal(err)
	}
	runtime.KeepAlive(held)
	if large.Peak < 64<<20 || large.Peak > 200<<20 {
		t.Errorf("a command that holds 64 MB has a peak of %d bytes", large.Peak)
	}
	if small.Peak <= 0 || small.Peak >= 64<<20 {
		t.Errorf("a small command has a peak of %d bytes", small.Peak)
	}
	if small.Wall <= 0 {
		t.Errorf("it took %v", small.Wall)
	}
}

func TestFailureCarriesTheLastLines(t *testing.T) {
	t.Parallel()
	_, err := process.Run(t.Context(), child(t, "fails"))
	var failed *process.FailedError
	if !errors.As(err, &failed) || failed.Code != 3 || !strings.HasSuffix(failed.Tail, "last line") {
		t.Errorf("got %v", err)
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	c := child(t, "waits")
	c.Limit = 100 * time.Millisecond
	if _, err := process.Run(t.Context(), c); !errors.Is(err, process.ErrLimit) {
		t.Errorf("got %v, want ErrLimit", err)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := process.Run(ctx, child(t, "waits")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
}

func TestOutputs(t *testing.T) {
	t.Parallel()
	c := child(t, "speaks")
	c.Stdout = filepath.Join(c.Dir, "out")
	if _, err := process.Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	out, _ := os.ReadFile(c.Stdout)
	log, _ := os.ReadFile(c.Log)
	if string(out) != "to stdout\n" || string(log) != "to stderr\n" {
		t.Errorf("stdout %q, log %q", out, log)
	}
}

func TestMissingProgram(t *testing.T) {
	t.Parallel()
	c := child(t, "speaks")
	c.Args = []string{"no-such-program-anywhere"}
	if _, err := process.Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), "no-such-program-anywhere") {
		t.Errorf("got %v", err)
	}
}

func TestLock(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the benchmarks are for Unix")
	}
	path := filepath.Join(t.TempDir(), "lock")
	for _, want := range []bool{true, false} {
		if got, err := process.Lock(path); got != want || err != nil {
			t.Fatalf("got %v, %v, want %v", got, err, want)
		}
	}
}
