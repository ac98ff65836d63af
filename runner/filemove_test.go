package runner

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFileMoveIsDoneOnce interrupts moves at each of their steps and does them again.
func TestFileMoveIsDoneOnce(t *testing.T) {
	t.Parallel()
	file := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		make func(m fileMove)
		want string // relative to To
	}{
		{"a file to a new name", func(m fileMove) { file(m.From, "new") }, ""},
		{"a file over a file", func(m fileMove) { file(m.From, "new"); file(m.To, "old") }, ""},
		{"a file that was moved already", func(m fileMove) { file(m.To, "new") }, ""},
		{"a folder to a new name", func(m fileMove) { file(m.From+"/a", "new") }, "a"},
		{"a folder over a folder", func(m fileMove) { file(m.From+"/a", "new"); file(m.To+"/a", "old"); file(m.To+"/b", "old") }, "a"},
		{"a folder over a file", func(m fileMove) { file(m.From+"/a", "new"); file(m.To, "old") }, "a"},
		{"a file over a folder", func(m fileMove) { file(m.From, "new"); file(m.To+"/a", "old") }, ""},
		{"marked, and not exchanged", func(m fileMove) { file(m.From+"/a", "new"); file(m.mark(m.From), ""); file(m.To+"/a", "old") }, "a"},
		{"exchanged, and not tidied up", func(m fileMove) { file(m.To+"/a", "new"); file(m.mark(m.To), ""); file(m.From+"/a", "old") }, "a"},
		{"tidied up but for the mark", func(m fileMove) { file(m.To+"/a", "new"); file(m.mark(m.To), "") }, "a"},
		{"the old one is aside", func(m fileMove) { file(m.From+"/a", "new"); file(m.old()+"/a", "old") }, "a"},
		{"the old one is still there", func(m fileMove) { file(m.To+"/a", "new"); file(m.old()+"/a", "old") }, "a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			m := fileMove{From: filepath.Join(dir, ".elt-x"), To: filepath.Join(dir, "out")}
			test.make(m)
			for range 2 { // the second time there is nothing to do
				if err := m.do(); err != nil {
					t.Fatal(err)
				}
				text, err := os.ReadFile(filepath.Join(m.To, test.want))
				if err != nil || string(text) != "new" {
					t.Errorf("it holds %q, %v", text, err)
				}
				left, err := os.ReadDir(dir)
				if err != nil || len(left) != 1 {
					t.Errorf("left are %v, %v", left, err)
				}
			}
			inside, _ := os.ReadDir(m.To)
			if test.want != "" && len(inside) != 1 {
				t.Errorf("the folder holds %v", inside)
			}
		})
	}
}
