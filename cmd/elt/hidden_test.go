package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestNoHiddenNamesInOutput reads what the scenarios expect to be printed: the names that
// candidates have inside of a run are nobody's business.
func TestNoHiddenNamesInOutput(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	seen := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range txtar.Parse(text).Files {
			if !strings.HasPrefix(filepath.Base(part.Name), "want") {
				continue
			}
			seen++
			for line := range strings.Lines(string(part.Data)) {
				if strings.Contains(line, "_elt_") {
					t.Errorf("%s: %s shows a hidden name: %s", file, part.Name, line)
				}
			}
		}
	}
	if seen < 50 {
		t.Errorf("only %d expected texts were looked at", seen)
	}
}
