package artifact

import (
	"os"
	"path/filepath"
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
}
