package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestInterruptIsToldFirst interrupts a run that has nothing to wind down any more: what it says of the
// interrupt stands before what it says of its end all the same, and once.
func TestInterruptIsToldFirst(t *testing.T) {
	t.Parallel()
	{
		dir := t.TempDir()
		write(t, dir, "elt.yml", "name: shop\n")
		write(t, dir, "models/a.sql", "{{ config(materialized='table') }} select 1 as n\n")
		write(t, dir, "models/b.sql", "{{ config(materialized='table') }} select n from {{ ref('a') }}\n")
		ctx, cancel := context.WithCancel(context.Background())
		out := &cancelling{at: "main.a ", cancel: cancel}
		code := run(ctx, []string{"elt", "build", "--project-dir", dir, "--threads", "1"}, strings.NewReader(""), io.Discard, out,
			func(string) (string, bool) { return "", false })
		text := out.String()
		notice, end := strings.Index(text, "interrupted: cancelling"), strings.Index(text, "not done:")
		if code != exitInterrupted || notice < 0 || end < notice || strings.Count(text, "cancelling") != 1 {
			t.Fatalf("exit code %d, it said:\n%s", code, text)
		}
	}
}

// cancelling is a text that cancels a context as soon as a word is written to it.
type cancelling struct {
	at     string
	cancel func()

	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds to the text; whoever tells of the interrupt is held up meanwhile, as on a busy machine.
func (c *cancelling) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("cancelling")) {
		time.Sleep(200 * time.Millisecond)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.text.Write(p)
	if bytes.Contains(p, []byte(c.at)) {
		c.cancel()
	}
	return len(p), nil
}

// String returns what was written.
func (c *cancelling) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

// write writes a file of a project.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}
