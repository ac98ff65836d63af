package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDocs runs every command the documentation shows and compares what it prints.
//
// A ```console block is a transcript: lines that begin with "$ " are commands, what
// follows is their output, standard error included. The blocks of a page run in order
// in one folder, which starts empty, or as a copy of the example project where the
// page says <!-- project: example -->. <!-- file: PATH --> in front of a block writes
// the block to a file. Durations and run ids may differ; -update writes what is printed
// now into the page.
func TestDocs(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the transcripts are for a POSIX shell")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	reference, err := filepath.Glob(filepath.Join(root, "docs", "*", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	pages = append(append(pages, reference...), filepath.Join(root, "README.md"))
	for _, page := range pages {
		name, err := filepath.Rel(root, page)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			t.Parallel()
			runPage(t, root, page)
		})
	}
}

var (
	fence     = regexp.MustCompile("(?m)^```(\\w*)\n((?s:.*?))^```$")
	projectIs = regexp.MustCompile(`<!-- project: (\w+) -->`)
	fileIs    = regexp.MustCompile(`<!-- file: (\S+) -->\n$`)
)

func runPage(t *testing.T, root, page string) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	if !strings.Contains(text, "```console\n") {
		t.Skip("the page shows no commands")
	}
	dir := t.TempDir()
	if m := projectIs.FindStringSubmatch(text); m != nil && m[1] == "example" {
		copyExample(t, root, dir)
	}
	var out strings.Builder
	last := 0
	for _, m := range fence.FindAllStringSubmatchIndex(text, -1) {
		kind, body := text[m[2]:m[3]], text[m[4]:m[5]]
		if file := fileIs.FindStringSubmatch(text[:m[0]]); file != nil {
			writeFile(t, filepath.Join(dir, file[1]), body)
		}
		if kind != "console" {
			continue
		}
		out.WriteString(text[last:m[4]])
		out.WriteString(transcript(t, dir, body))
		last = m[5]
	}
	out.WriteString(text[last:])
	got := out.String()
	if scrub(got) == scrub(text) {
		return
	}
	if *update {
		writeFile(t, page, got)
		return
	}
	t.Errorf("what the page shows is not what is printed; look at it, then run with -update (-page +now):\n%s",
		cmp.Diff(scrub(text), scrub(got)))
}

// transcript runs the commands of a block and returns the block with their output.
func transcript(t *testing.T, dir, body string) string {
	var out strings.Builder
	for line := range strings.Lines(body) {
		command, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "$ ")
		if !ok {
			continue
		}
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PATH="+binaryFolder(t)+string(os.PathListSeparator)+os.Getenv("PATH"),
			"HOME="+dir, "NO_COLOR=1", "COLUMNS=80")
		printed, _ := cmd.CombinedOutput() // the status is part of what a page explains, not of this test
		out.WriteString(line)
		out.WriteString(strings.ReplaceAll(string(printed), dir, "/home/you/project"))
	}
	return out.String()
}

var scrubs = []struct {
	pattern *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(` *\d+(\.\d+)?(ms|s)\b`), " TIME"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?`), "WHEN"},
	{regexp.MustCompile(`\b\d{8}t\d{6}[a-z0-9]*\b`), "RUN"},
}

// scrub takes out of a page what differs from run to run.
func scrub(text string) string {
	for _, s := range scrubs {
		text = s.pattern.ReplaceAllString(text, s.by)
	}
	return text
}

func copyExample(t *testing.T, root, dir string) {
	t.Helper()
	for _, name := range []string{"elt.yml", "models", "seeds", "tests", "lake"} {
		from := filepath.Join(root, name)
		info, err := os.Stat(from)
		if err != nil {
			t.Fatal(err)
		}
		if !info.IsDir() {
			data, err := os.ReadFile(from)
			if err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(dir, name), string(data))
			continue
		}
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
