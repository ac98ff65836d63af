package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
)

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, size := range map[string]int{"empty": 0, "one": 1, "below/small": 8<<10 - 1, "below/just": 8 << 10, "below/large": 40_000} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.Repeat([]byte("x\n"), size)[:size], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := fstest.TestFS(newFolder(dir), "empty", "one", "below/small", "below/just", "below/large"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"no such file", "below", "../" + filepath.Base(dir) + "/one", "/one", ""} {
		_, err := fs.ReadFile(newFolder(dir), name)
		_, want := fs.ReadFile(os.DirFS(dir), name)
		if err == nil || want == nil || err.Error() != want.Error() {
			t.Errorf("%q: %v, not %v", name, err, want)
		}
	}
}
