package main

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"elt/compiler/diag"

	"github.com/google/go-cmp/cmp"
)

// TestDocs runs every command the documentation shows and compares what it prints.
//
// A ```console block is a transcript: lines that begin with "$ " are commands, what
// follows is their output, standard error included. The blocks of a page run in order
// in one folder. <!-- project: empty --> begins a new, empty folder, and
// <!-- project: example --> one with a copy of the example project. <!-- file: PATH -->
// in front of a block writes the block to a file. Durations and run ids may differ;
// -update writes what is printed now into the page.
func TestDocs(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the transcripts are for a POSIX shell")
	}
	if testing.Short() {
		t.Skip("many commands: left to a run without -short")
	}
	for _, page := range docPages(t) {
		name, err := filepath.Rel(repository, page)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			t.Parallel()
			checkPage(t, page)
		})
	}
}

// docPages are the README and all pages under docs.
func docPages(t *testing.T) []string {
	t.Helper()
	pages := []string{filepath.Join(repository, "README.md")}
	for _, pattern := range []string{"docs/*.md", "docs/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(repository, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	return pages
}

func checkPage(t *testing.T, page string) {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	shown := string(data)
	printed := playPage(t, shown)
	diff := pageDiff(shown, printed)
	switch {
	case diff == "":
	case *update:
		writeFile(t, page, onlyChanged(shown, printed))
	default:
		t.Errorf("what the page shows is not what is printed; look at it, then run with -update (-page +now):\n%s", diff)
	}
}

// pageDiff compares two versions of a page, leaving aside what differs from run to run.
func pageDiff(shown, printed string) string {
	return cmp.Diff(strings.Split(scrubPage(shown), "\n"), strings.Split(scrubPage(printed), "\n"))
}

// onlyChanged is the new page with the blocks of the old one that say the same but for what
// differs from run to run.
func onlyChanged(shown, printed string) string {
	old := pagePart.FindAllString(shown, -1)
	return pagePart.ReplaceAllStringFunc(printed, func(block string) string {
		before := old[0]
		old = old[1:]
		if pageDiff(before, block) == "" {
			return before
		}
		return block
	})
}

var (
	pagePart  = regexp.MustCompile("(?m)^<!-- project: (\\w+) -->$|^```(\\w*)\n((?s:.*?))^```$")
	fileNamed = regexp.MustCompile(`<!-- file: (.+) -->\n$`)
)

// playPage runs the transcripts of a page and returns the page with what was printed.
func playPage(t *testing.T, page string) string {
	dir := newProject(t)
	var out strings.Builder
	last := 0
	for _, m := range pagePart.FindAllStringSubmatchIndex(page, -1) {
		if m[2] >= 0 {
			dir = newProject(t)
			if page[m[2]:m[3]] == "example" {
				copyExample(t, repository, dir)
			}
			continue
		}
		language, body := page[m[4]:m[5]], page[m[6]:m[7]]
		if file := fileNamed.FindStringSubmatch(page[:m[0]]); file != nil {
			writeFile(t, filepath.Join(dir, file[1]), body)
		}
		if language != "console" {
			continue
		}
		out.WriteString(page[last:m[6]])
		out.WriteString(transcript(t, dir, body))
		last = m[7]
	}
	return out.String() + page[last:]
}

// newProject is an empty folder; its name, "shop", is that of a project without one.
func newProject(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
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
		cmd.Env = append(os.Environ(),
			"PATH="+binaryFolder(t)+string(os.PathListSeparator)+os.Getenv("PATH"),
			"HOME="+dir, "NO_COLOR=1", "COLUMNS=80", "ELT_THREADS=1") // one node at a time: the order is the plan's
		printed, err := cmd.CombinedOutput()
		if _, exited := err.(*exec.ExitError); err != nil && !exited {
			t.Fatalf("%s: %v", command, err)
		}
		out.WriteString(line)
		text := strings.ReplaceAll(string(printed), dir, "/home/you/shop")
		out.WriteString(text)
		if text != "" && !strings.HasSuffix(text, "\n") {
			out.WriteByte('\n')
		}
	}
	return out.String()
}

var pageScrubs = []struct {
	pattern *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(` +\d+(\.\d+)?(ms|s)\b`), " TIME"},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?Z?)?`), "MOMENT"},
	{regexp.MustCompile(`(?m)^[a-z2-7]{8}(  +)`), "RUN$1"},            // a line of elt history
	{regexp.MustCompile(`(?m)(MOMENT  .*  )[a-z2-7]{8}$`), "${1}RUN"}, // a line of elt source files
	{regexp.MustCompile(`\b(build|run|seed|snapshot|test|retry) [a-z2-7]{8}\b`), "$1 RUN"},
	{regexp.MustCompile(`"(run_id|invocation_id)":"[^"]*"`), `"$1":"RUN"`},
	{regexp.MustCompile(`"(\w+_ms)":[0-9.e+-]+`), `"$1":0`},
	{regexp.MustCompile(`\b[Pp]rocess \d+`), "process PID"},
	{regexp.MustCompile(`\d+(\.\d+)? [KMG]i?B\b`), "SIZE"},
	{regexp.MustCompile(`(?m)^(nodes at a time|duckdb threads) +\d+$`), "$1 N"},
	{regexp.MustCompile(`linux/\w+|darwin/\w+`), "PLATFORM"},
	{regexp.MustCompile(`─+`), "─"}, // rules are as wide as what they underline
}

// scrubPage takes out of a page what differs from run to run and machine to machine.
func scrubPage(text string) string {
	for _, s := range pageScrubs {
		text = s.pattern.ReplaceAllString(text, s.by)
	}
	return text
}

// TestDocsAreCompared shows that TestDocs can fail: a page that shows something else
// than what is printed is noticed, one that differs only in a duration is not.
func TestDocsAreCompared(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, shown, printed string
		same                 bool
	}{
		{"a true page", "```console\n$ cat a.sql\nselect 1\n```\n", "```console\n$ cat a.sql\nselect 1\n```\n", true},
		{"another output", "```console\n$ cat a.sql\nselect 2\n```\n", "```console\n$ cat a.sql\nselect 1\n```\n", false},
		{"a missing output", "```console\n$ cat a.sql\n```\n", "```console\n$ cat a.sql\nselect 1\n```\n", false},
		{"another duration", "```console\n$ echo ok in 0.5s\nok in 3.2s\n```\n", "```console\n$ echo ok in 0.5s\nok in 0.5s\n```\n", true},
		{"a failing command", "```console\n$ false\n```\n", "```console\n$ false\n```\n", true},
		{"not a transcript", "```sh\n$ cat a.sql\n```\n", "```sh\n$ cat a.sql\n```\n", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			const file = "<!-- file: a.sql -->\n```sql\nselect 1\n```\n"
			printed := playPage(t, file+test.shown)
			if printed != file+test.printed {
				t.Errorf("printed %q, want %q", printed, file+test.printed)
			}
			if kept := onlyChanged(file+test.shown, printed); test.same != (kept == file+test.shown) {
				t.Errorf("-update writes %q", kept)
			}
			if same := pageDiff(file+test.shown, printed) == ""; same != test.same {
				t.Errorf("the page is the same: %v, want %v", same, test.same)
			}
		})
	}
}

var pageLink = regexp.MustCompile(`\]\(([^)]+)\)`)

// TestDocsLinks checks that links between pages lead somewhere.
func TestDocsLinks(t *testing.T) {
	t.Parallel()
	for _, page := range docPages(t) {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		text := pagePart.ReplaceAllString(string(data), "")
		for _, m := range pageLink.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			to := filepath.Join(filepath.Dir(page), filepath.FromSlash(file))
			if file == "" {
				to = page
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
			} else if anchor != "" && !slices.Contains(anchorsOf(t, to), anchor) {
				t.Errorf("%s links to %s, but there is no such heading", page, m[1])
			}
		}
	}
}

var heading = regexp.MustCompile(`(?m)^#+ (.+)$`)

// anchorsOf are the anchors of a page's headings, as code hosts make them.
func anchorsOf(t *testing.T, page string) []string {
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range heading.FindAllStringSubmatch(pagePart.ReplaceAllString(string(data), ""), -1) {
		keep := func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
				return r
			case r == ' ':
				return '-'
			}
			return -1
		}
		out = append(out, strings.Map(keep, strings.ToLower(m[1])))
	}
	return out
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

// TestDocsNameEverything checks that the reference has a word on every key, flag,
// command, diagnostic, filter and built-in test there is.
func TestDocsNameEverything(t *testing.T) {
	t.Parallel()
	code := func(word string) string { return "`" + word + "`" }
	entry := func(word string) string { return "\n## " + word + "\n" }
	tests := []struct {
		page  string
		words []string
		as    func(string) string
	}{
		{"config.md", wordsOfCode(t, "compiler/project/configkeys.go"), code},
		{"config.md", wordsOfCode(t, "compiler/project/propertykeys.go"), code},
		{"config.md", wordsOfCode(t, "compiler/project/projectfile.go"), code},
		{"config.md", wordsOfCode(t, "compiler/project/connection.go"), code},
		{"templates.md", wordsOfCode(t, "compiler/template/filters.go"), code},
		{"templates.md", namesOfTests(t), code},
		{"diagnostics.md", constantsOf(t, "compiler/diag/code.go"), entry},
		{"cli.md", flagWords(), code},
	}
	for _, test := range tests {
		data, err := os.ReadFile(filepath.Join(repository, "docs", "reference", test.page))
		if err != nil {
			t.Fatal(err)
		}
		if len(test.words) < 5 {
			t.Errorf("only %d words were found for %s: %q", len(test.words), test.page, test.words)
		}
		for _, word := range test.words {
			if !strings.Contains(string(data), test.as(word)) {
				t.Errorf("docs/reference/%s has no word on %q", test.page, word)
			}
		}
	}
}

// wordsOfCode are the strings in calls of keySet and with, and the keys of map
// literals, of a file: where elt says which words it knows.
func wordsOfCode(t *testing.T, path string) []string {
	t.Helper()
	var words []string
	ast.Inspect(parsedCode(t, path), func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			name := ""
			switch fun := n.Fun.(type) {
			case *ast.Ident:
				name = fun.Name
			case *ast.SelectorExpr:
				name = fun.Sel.Name
			}
			if name == "keySet" || name == "with" {
				words = append(words, textsOf(n.Args)...)
			}
		case *ast.KeyValueExpr:
			words = append(words, textsOf([]ast.Expr{n.Key})...)
		}
		return true
	})
	return words
}

// constantsOf are the texts of the constants of a file.
func constantsOf(t *testing.T, path string) []string {
	t.Helper()
	var words []string
	ast.Inspect(parsedCode(t, path), func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			words = append(words, textsOf(spec.Values)...)
		}
		return true
	})
	return words
}

func parsedCode(t *testing.T, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(repository, filepath.FromSlash(path)), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func textsOf(exprs []ast.Expr) []string {
	var out []string
	for _, e := range exprs {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, _ := strconv.Unquote(lit.Value)
			out = append(out, text)
		}
	}
	return out
}

var testBlock = regexp.MustCompile(`{%-? test (\w+)\(`)

// namesOfTests are the names of the built-in generic tests.
func namesOfTests(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository, "compiler", "dbtcontext", "builtin", "*", "*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testBlock.FindAllStringSubmatch(string(data), -1) {
			out = append(out, m[1])
		}
	}
	return out
}

// flagWords are the commands, and the flags as one writes them.
func flagWords() []string {
	app := newApp(newInvocation(context.Background(), nil, io.Discard, io.Discard, os.LookupEnv))
	var out []string
	for _, c := range app.Commands {
		out = append(out, "elt "+c.Name)
		for _, f := range c.Flags {
			out = append(out, "--"+f.Names()[0])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestEveryCodeIsListed compares diag.Codes with what is declared.
func TestEveryCodeIsListed(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, code := range diag.Codes() {
		listed = append(listed, string(code))
	}
	slices.Sort(listed)
	declared := constantsOf(t, "compiler/diag/code.go")
	slices.Sort(declared)
	if diff := cmp.Diff(declared, listed); diff != "" {
		t.Errorf("Codes (-declared +listed):\n%s", diff)
	}
}
