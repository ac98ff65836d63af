//go:build unix

package duckdb

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	osexec "os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"elt/runner/engine"
)

// childEnv makes the test binary a second process: an action and its argument.
const childEnv = "ELT_DUCKDB_TEST_CHILD"

func TestMain(m *testing.M) {
	action, argument, ok := strings.Cut(os.Getenv(childEnv), " ")
	if !ok {
		os.Exit(m.Run())
	}
	if err := childAction(action, argument); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// childAction is what a second process does. Its last line of output is a word that
// says how it went.
func childAction(action, path string) error {
	options := Options{Path: path}
	switch action {
	case "hold":
		db, err := Open(context.Background(), options)
		if err != nil {
			return err
		}
		fmt.Println("ready")
		if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
			return err
		}
		return db.Close()
	case "try":
	case "try-as-nobody":
		if err := syscall.Setuid(nobody); err != nil {
			return err
		}
	case "fill":
		return childFill(path)
	case "die":
		return childDie(path)
	case "checkpoint":
		return childCheckpoint(path)
	}
	db, err := Open(context.Background(), options)
	var failure *OpenError
	switch {
	case errors.As(err, &failure):
		fmt.Println(failure.Kind)
		return nil
	case err != nil:
		return err
	}
	fmt.Println("opened")
	return db.Close()
}

const nobody = 65534

// childFill writes more than a file may hold and says what kind of error that is.
func childFill(path string) error {
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 4 << 20, Max: 4 << 20}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	db, err := Open(context.Background(), Options{Path: path})
	if err != nil {
		return err
	}
	defer db.Close()
	s, err := db.Session(context.Background())
	if err != nil {
		return err
	}
	_, err = s.Exec(context.Background(), "CREATE TABLE big AS SELECT range a, random() b FROM range(10000000)")
	var failure *engine.Error
	if !errors.As(err, &failure) {
		return fmt.Errorf("got %v", err)
	}
	fmt.Println(failure.Kind, failure.Message)
	return nil
}

// childDie is killed while a table with an index is in the write-ahead log only.
func childDie(path string) error {
	db, err := Open(context.Background(), Options{Path: path})
	if err != nil {
		return err
	}
	s, err := db.Session(context.Background())
	if err != nil {
		return err
	}
	for _, sql := range []string{"CREATE TABLE keyed (a INT PRIMARY KEY, b INT)", "INSERT INTO keyed VALUES (1, 2)", "CREATE INDEX keyed_b ON keyed (b)"} {
		if _, err := s.Exec(context.Background(), sql); err != nil {
			return err
		}
	}
	fmt.Println("dying")
	return syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

// childCheckpoint replaces tables, all with the same number in one transaction, and
// checkpoints, until it is killed.
func childCheckpoint(path string) error {
	ctx := context.Background()
	db, err := Open(ctx, Options{Path: path})
	if err != nil {
		return err
	}
	s, err := db.Session(ctx)
	if err != nil {
		return err
	}
	for batch := 0; ; batch++ {
		statements := []string{"BEGIN"}
		for i := range checkpointTables {
			statements = append(statements, fmt.Sprintf("CREATE OR REPLACE TABLE t%d AS SELECT %d AS batch, range AS i FROM range(2000)", i, batch))
		}
		for _, sql := range append(statements, "COMMIT") {
			if _, err := s.Exec(ctx, sql); err != nil {
				return err
			}
		}
		if err := db.Checkpoint(ctx, db.Database()); err != nil {
			return err
		}
		fmt.Println(batch)
	}
}

// checkpointTables is how many tables childCheckpoint writes.
const checkpointTables = 10

// startChild starts a second process and returns it with its output.
func startChild(t *testing.T, action, path string) (*osexec.Cmd, io.WriteCloser, *bufio.Scanner) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := osexec.Command(program)
	cmd.Env = append(os.Environ(), childEnv+"="+action+" "+path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, in, bufio.NewScanner(out)
}

// childSays runs a second process to its end and returns its first line.
func childSays(t *testing.T, action, path string) string {
	t.Helper()
	cmd, in, lines := startChild(t, action, path)
	in.Close()
	line := ""
	for lines.Scan() {
		if line == "" {
			line = lines.Text()
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return line
}

// holdElsewhere starts a process that holds a database until the returned function is called.
func holdElsewhere(t *testing.T, path string) (pid int, release func()) {
	t.Helper()
	cmd, in, lines := startChild(t, "hold", path)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Fatalf("the other process says %q", lines.Text())
	}
	done := false
	release = func() {
		if done {
			return
		}
		done = true
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(release)
	return cmd.Process.Pid, release
}
