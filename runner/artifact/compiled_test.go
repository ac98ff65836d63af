package artifact

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestTextsAreWrittenOnlyWhereTheyDiffer(t *testing.T) {
	t.Parallel()
	long := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		name, have, text string
		written          bool
	}{
		{"the same", "select 1", "select 1", false},
		{"nothing in both", "", "", false},
		{"another of the same length", "select 1", "select 2", true},
		{"a longer one", "select 1", "select 10", true},
		{"a shorter one", "select 10", "select 1", true},
		{"nothing where there was something", "select 1", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "a.sql")
			if err := os.WriteFile(path, []byte(tt.have), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, long, long); err != nil {
				t.Fatal(err)
			}
			if err := writeText(path, tt.text); err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(path)
			if err != nil || string(data) != tt.text {
				t.Errorf("the file holds %q, %v", data, err)
			}
			if info, err := os.Stat(path); err != nil || info.ModTime().Equal(long) == tt.written {
				t.Errorf("written at %v, %v", info.ModTime(), err)
			}
		})
	}
	t.Run("a file in a folder that is not there", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "below", "a.sql")
		if err := writeText(path, "select 1"); err != nil {
			t.Fatal(err)
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != "select 1" {
			t.Errorf("%q, %v", data, err)
		}
	})
	t.Run("a file that somebody changed since, to as many bytes", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "a.sql")
		for _, have := range []string{"", "select 2"} {
			if have != "" {
				if err := os.WriteFile(path, []byte(have), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := writeText(path, "select 1"); err != nil {
				t.Fatal(err)
			}
			if data, err := os.ReadFile(path); err != nil || string(data) != "select 1" {
				t.Errorf("%q, %v", data, err)
			}
			if !marked(path, len("select 1"), markOf("select 1")) && runtime.GOOS == "linux" {
				t.Error("the file has no mark of its text")
			}
		}
		if marked(path, len("select 2"), markOf("select 2")) {
			t.Error("the mark stands for another text too")
		}
		if info, err := os.Stat(path); err != nil || info.ModTime().After(time.Now()) {
			t.Errorf("written in the future: %v, %v", info.ModTime(), err)
		}
	})
}
