package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"elt/runner/duckdb"
	"elt/runner/engine"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write the golden texts of scenarios anew")

// repository is the root of elt's repository.
var repository, _ = filepath.Abs("../..")

// TestMain makes `exec elt` in a script run this test binary as elt, and as some programs beside it.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"elt": main, "dbt": main, "reader": readerMain, "killable": killableMain, "unhurried": unhurriedMain})
}

// TestScripts runs the scenarios in testdata/script. testdata/script/README.md says
// how they are written.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Files:               scenarios(t),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir+"/home")
			env.Setenv("TERM", "dumb")
			env.Setenv("ELT_THREADS", "1") // nodes end in plan order
			env.Setenv(testExtension, os.Getenv(testExtension))
			env.Setenv(testHTTPFS, os.Getenv(testHTTPFS))
			env.Values["s3"] = &objects{}
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Geteuid() == 0, nil
			}
			if name == "extension" {
				return os.Getenv(testExtension) != "", nil
			}
			if name == "httpfs" {
				return os.Getenv(testHTTPFS) != "", nil
			}
			if name == "mounts" {
				return canMount(), nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"hub":     scriptHub,
			"s3":      scriptS3,
			"code":    scriptCode,
			"query":   scriptQuery,
			"scrub":   scriptScrub,
			"lines":   scriptLines,
			"crlf":    scriptCRLF,
			"utf16":   scriptUTF16,
			"hold":    scriptHold,
			"sql":     scriptSQL,
			"newer":   scriptNewer,
			"example": scriptExample,
			"during":  scriptDuring,
			"denied":  scriptDenied,
		},
	})
}

// concurrent begin the names of scenarios that more than one goroutine or process has a part in. With
// -short, as under the race detector, only they are told: it takes five times as long, and in the others one node
// is done at a time.
var concurrent = regexp.MustCompile(`^(wap|publish|db|lake|external|microbatch|keep|run|changed|retry|clone)[_.]`)

// scenarios are the scripts to run.
func scenarios(t *testing.T) []string {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	if !testing.Short() {
		return files
	}
	return slices.DeleteFunc(files, func(file string) bool { return !concurrent.MatchString(filepath.Base(file)) })
}

// testExtension is the environment variable that names an extension which DuckDB does not
// hold, tpch.duckdb_extension; .ci/run gets one.
const testExtension = "ELT_TEST_EXTENSION"

// scriptCode is "code N command args...": runs a command that must exit with N.
func scriptCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d\nstdout: %s\nstderr: %s", got, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// scriptQuery is "query FILE SQL": prints the rows of a query on a database file as
// CSV, as another program that opens the file sees them. With "!" it must fail.
func scriptQuery(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: query FILE SQL")
	}
	table, err := readOnlyQuery(ts.MkAbs(args[0]), args[1])
	switch {
	case neg && err != nil:
		io.WriteString(ts.Stderr(), err.Error()+"\n")
	case neg:
		ts.Fatalf("the query succeeded")
	case err != nil:
		ts.Fatalf("query: %v", err)
	default:
		ts.Check(writeCSV(ts.Stdout(), table))
	}
}

func readOnlyQuery(path, sql string) (*engine.Table, error) {
	return queryFile(duckdb.Options{Path: path, ReadOnly: true}, sql)
}

func queryFile(options duckdb.Options, sql string) (*engine.Table, error) {
	ctx := context.Background()
	db, err := duckdb.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	session, err := db.Session(ctx)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	return session.Query(ctx, sql)
}

// scriptScrub is "scrub": what differs from run to run is replaced in stdout and
// stderr, so that they can be compared.
func scriptScrub(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: scrub")
	}
	stdout, stderr := ts.ReadFile("stdout"), ts.ReadFile("stderr")
	work := ts.Getenv("WORK")
	io.WriteString(ts.Stdout(), scrubText(stdout, work))
	io.WriteString(ts.Stderr(), scrubText(stderr, work))
}

// scrubbed are patterns of what differs from run to run.
var scrubbed = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`(?m) +(\d+\.\d+s|\d+m\d\ds)$`), " TIME"},
	{regexp.MustCompile(`"(\w+_ms)":[0-9.e+-]+`), `"$1":0`},
	{regexp.MustCompile(`"(\w+_at)":"[^"]*"`), `"$1":"TIME"`},
	{regexp.MustCompile(`"eventTime":"[^"]*"`), `"eventTime":"TIME"`},
	{regexp.MustCompile(`"invocation_id":"[^"]*"`), `"invocation_id":"ID"`},
	{regexp.MustCompile(`"run_id":"[^"]+"`), `"run_id":"RUN"`},
	{regexp.MustCompile(`\b[Pp]rocess \d+`), "process PID"},
	{regexp.MustCompile(`locked by process PID \(.*\)`), "locked by process PID (COMMAND)"},
	{regexp.MustCompile(`PID \d+`), "PID N"},
}

func scrubText(text, work string) string {
	text = strings.ReplaceAll(text, work, "$WORK")
	for _, s := range scrubbed {
		text = s.pattern.ReplaceAllString(text, s.with)
	}
	return text
}

// scriptLines is "lines": sorts the lines of stdout, where their order means nothing.
func scriptLines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: lines")
	}
	lines := bytes.Split(bytes.TrimSuffix([]byte(ts.ReadFile("stdout")), []byte("\n")), []byte("\n"))
	slices.SortFunc(lines, bytes.Compare)
	ts.Stdout().Write(append(bytes.Join(lines, []byte("\n")), '\n'))
}

// scriptCRLF is "crlf FILE...": gives files a byte order mark and the line ends of
// Windows, which a script cannot hold itself.
func scriptCRLF(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: crlf FILE...")
	}
	for _, file := range args {
		text := "\ufeff" + strings.ReplaceAll(ts.ReadFile(file), "\n", "\r\n")
		ts.Check(os.WriteFile(ts.MkAbs(file), []byte(text), 0o666))
	}
}

// scriptUTF16 is "utf16 FILE...": writes files as some editors do, in UTF-16 with a byte order mark.
func scriptUTF16(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: utf16 FILE...")
	}
	for _, file := range args {
		text := []byte{0xff, 0xfe}
		for _, unit := range utf16.Encode([]rune(ts.ReadFile(file))) {
			text = binary.LittleEndian.AppendUint16(text, unit)
		}
		ts.Check(os.WriteFile(ts.MkAbs(file), text, 0o666))
	}
}

// scriptHold is "hold FILE [TIME]": this process opens a database for writing, as a
// second program would, and lets it go after the time or when the script ends.
func scriptHold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: hold FILE [TIME]")
	}
	db, err := duckdb.Open(context.Background(), duckdb.Options{Path: ts.MkAbs(args[0])})
	ts.Check(err)
	if len(args) == 1 {
		ts.Defer(func() { db.Close() })
		return
	}
	after, err := time.ParseDuration(args[1])
	ts.Check(err)
	released := make(chan struct{})
	time.AfterFunc(after, func() { db.Close(); close(released) })
	ts.Defer(func() { <-released })
}

// scriptSQL is "sql FILE STATEMENT": another program writes to a database.
func scriptSQL(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sql FILE STATEMENT")
	}
	_, err := queryFile(duckdb.Options{Path: ts.MkAbs(args[0])}, args[1])
	ts.Check(err)
}

// scriptNewer is "newer FILE": writes a database that DuckDB 2.0 has made.
func scriptNewer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: newer FILE")
	}
	packed, err := os.Open(filepath.Join(repository, "runner/duckdb/testdata/duckdb-2.0.0.duckdb.gz"))
	ts.Check(err)
	defer packed.Close()
	from, err := gzip.NewReader(packed)
	ts.Check(err)
	to, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = io.Copy(to, from)
	ts.Check(errors.Join(err, to.Close()))
}

// scriptExample is "example DIR": copies the example project at the root of the
// repository.
func scriptExample(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: example DIR")
	}
	to := ts.MkAbs(args[0])
	for _, folder := range []string{"lake", "models", "seeds", "tests"} {
		ts.Check(os.CopyFS(filepath.Join(to, folder), os.DirFS(filepath.Join(repository, folder))))
	}
	text, err := os.ReadFile(filepath.Join(repository, "elt.yml"))
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(to, "elt.yml"), text, 0o666))
}

// binaryFolder is the folder with a program "elt", which is this test binary.
func binaryFolder(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("elt")
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(path)
}
