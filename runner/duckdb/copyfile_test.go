package duckdb

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestCopyFile(t *testing.T) {
	t.Parallel()
	from := newFile(t)
	folder := filepath.Join(t.TempDir(), "[looks] like a glob")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(folder, "read.duckdb")
	held, left := filepath.Join(folder, ".read.duckdb.1.tmp"), filepath.Join(folder, ".read.duckdb.2.tmp")
	for path, text := range map[string]string{to + ".wal": "old", held: "half", left: "", left + ".wal": "old"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	release := lockTemp(held) // somebody else makes this copy
	if runtime.GOOS == "windows" {
		long := time.Now().Add(-2 * staleAfter)
		if err := os.Chtimes(left, long, long); err != nil {
			t.Fatal(err)
		}
	}
	if err := CopyFile(context.Background(), from, to, nil); err != nil {
		t.Fatal(err)
	}
	sameContent(t, from, to)
	info, err := os.Stat(to)
	if err != nil || info.Mode().Perm() != replicaMode {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 2 { // the copy, and the temporary file of the one that is being made
		t.Errorf("the folder holds %v, %v", entries, err)
	}
	release() // as its death does

	old, err := os.Open(to)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	db := open(t, Options{Path: from})
	exec(t, session(t, db), "CREATE TABLE more AS SELECT range a FROM range(100000)")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	if err := CopyFile(context.Background(), from, to, nil); err != nil {
		t.Fatal(err)
	}
	sameContent(t, from, to)
	if entries, err := os.ReadDir(folder); runtime.GOOS != "windows" && (err != nil || len(entries) != 1) {
		t.Errorf("after the other copy was given up the folder holds %v, %v", entries, err)
	}
	kept := make([]byte, len(before))
	if _, err := old.ReadAt(kept, 0); err != nil || !bytes.Equal(kept, before) {
		t.Errorf("who had the old copy open sees another one: %v", err)
	}
	replica := open(t, Options{Path: to, ReadOnly: true})
	if got := query(t, session(t, replica), "SELECT count(*) FROM more").Rows[0][0]; got != int64(100000) {
		t.Errorf("the copy has %v rows", got)
	}
}

func TestCopyFileWithoutClone(t *testing.T) {
	t.Parallel()
	from, err := os.Open(newFile(t))
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := os.Create(filepath.Join(t.TempDir(), "copy"))
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	if _, err := (&contextReader{context.Background(), from}).WriteTo(to); err != nil {
		t.Fatal(err)
	}
	sameContent(t, from.Name(), to.Name())
}

func TestCopyFileFails(t *testing.T) {
	t.Parallel()
	from, folder := newFile(t), t.TempDir()
	to := filepath.Join(folder, "read.duckdb")
	if err := CopyFile(context.Background(), from, filepath.Join(folder, "no", "read.duckdb"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
	if err := CopyFile(context.Background(), filepath.Join(folder, "no"), to, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := CopyFile(ended, from, to, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func sameContent(t *testing.T, a, b string) {
	t.Helper()
	first, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Errorf("%q and %q differ", a, b)
	}
}
