//go:build unix

package duckdb

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"elt/runner/engine"
)

func TestOpenWithoutPermission(t *testing.T) {
	t.Parallel()
	action := "try"
	if os.Getuid() == 0 {
		action = "try-as-nobody" // who is root may write everything
	}
	for _, c := range []struct {
		name         string
		file, folder os.FileMode // 0 for no file
		want         OpenKind
	}{
		{"the file is read only", 0o444, 0o777, ReadOnly},
		{"the folder is read only", 0, 0o555, ReadOnly},
		{"the file may not be read", 0o000, 0o777, Permission},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := newFile(t)
			chmod(t, filepath.Dir(filepath.Dir(path)), 0o755)
			if c.file == 0 && c.want == ReadOnly {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			} else {
				chmod(t, path, c.file)
			}
			chmod(t, filepath.Dir(path), c.folder)
			if got := childSays(t, action, path); got != string(c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			chmod(t, filepath.Dir(path), 0o755)
		})
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestLockedByAnotherProcess(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	pid, release := holdElsewhere(t, path)
	for _, readOnly := range []bool{false, true} {
		_, err := Open(context.Background(), Options{Path: path, ReadOnly: readOnly})
		var e *OpenError
		if !errors.As(err, &e) || e.Kind != Locked {
			t.Fatalf("read only %v: got %v, want a locked database", readOnly, err)
		}
		if e.PID != pid || !strings.Contains(e.Command, ".test") || !strings.Contains(e.Error(), "holds it") {
			t.Errorf("got process %d (%s), want %d", e.PID, e.Command, pid)
		}
	}
	begin := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), 150*time.Millisecond)
	defer cancel()
	_, err := Open(ctx, Options{Path: path, Wait: time.Hour})
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 5*time.Second {
		t.Errorf("after %v: got %v, want the context's error", time.Since(begin), err)
	}
	opened := make(chan error, 1)
	go func() {
		db, err := Open(context.Background(), Options{Path: path, Wait: time.Minute})
		if err == nil {
			err = db.Close()
		}
		opened <- err
	}()
	release()
	if err := <-opened; err != nil {
		t.Errorf("waiting for the lock: %v", err)
	}
}

// TestNoOtherProcessWrites guards the lock against a second descriptor within this
// process: DuckDB's lock is gone when any one of a file's descriptors is closed.
func TestNoOtherProcessWrites(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	db := open(t, Options{Path: path})
	s := session(t, db)
	check := func(when string) {
		t.Helper()
		if got := childSays(t, "try", path); got != string(Locked) {
			t.Errorf("%s: another process says %q, want %q", when, got, Locked)
		}
	}
	check("after the opening")
	exec(t, s, "INSERT INTO t VALUES (1)")
	exec(t, s, "CHECKPOINT")
	query(t, s, "FROM pragma_database_size()")
	check("after a checkpoint")
	for range 2 { // which reads the file itself, for its journal
		exec(t, s, "INSERT INTO t VALUES (1)")
		if err := db.Checkpoint(context.Background(), db.Database()); err != nil {
			t.Fatal(err)
		}
	}
	check("after a checkpoint of elt's")
	second := open(t, Options{Path: path})
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	check("after a second opening in this process was closed")
	if _, err := Open(context.Background(), Options{Path: path, ReadOnly: true}); err == nil {
		t.Error("the file was opened in two ways at a time")
	}
	check("after a second opening in this process failed")
	s.Close()
	db.Close()
	if got := childSays(t, "try", path); got != "opened" {
		t.Errorf("after closing: another process says %q", got)
	}
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "w.duckdb")
	got := childSays(t, "fill", path)
	kind, _, _ := strings.Cut(got, " ")
	if kind != string(engine.IO) && kind != string(engine.Fatal) {
		t.Errorf("got %q, want an I/O error", got)
	}
	t.Log(got)
}

func TestKilledProcess(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	cmd, in, lines := startChild(t, "die", path)
	in.Close()
	if !lines.Scan() || lines.Text() != "dying" {
		t.Fatalf("the other process says %q", lines.Text())
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the other process was not killed")
	}
	_, err := Open(context.Background(), Options{Path: path, ReadOnly: true})
	var e *OpenError
	if !errors.As(err, &e) || e.Kind != Recovery {
		t.Fatalf("for reading: got %v", err)
	}
	for _, readOnly := range []bool{false, true} {
		db := open(t, Options{Path: path, ReadOnly: readOnly})
		if got := query(t, session(t, db), "SELECT b FROM keyed WHERE a = 1").Rows[0][0]; got != int64(2) {
			t.Errorf("got %v", got)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
