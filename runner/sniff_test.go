package runner

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/duckdb"
	"elt/runner/engine"
)

// What is found out about a file without quotes is what DuckDB finds out when it tries all of
// them, with whatever options.
func TestAFileWithoutQuotesIsSniffedAlike(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := memorySession(t)
	dir := t.TempDir()
	known := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 3))
		text := randomCSV(r)
		file := lakeFile{path: filepath.ToSlash(filepath.Join(dir, fmt.Sprint(seed, ".csv"))), size: int64(len(text))}
		if err := os.WriteFile(file.path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		more := unquoted(file)
		if more == nil {
			continue
		}
		known++
		table := project.SourceTable{Format: "csv", Options: randomOptions(r)}
		if want, have := sniffed(ctx, s, table.From([]string{file.path})), sniffed(ctx, s, table.FromWith([]string{file.path}, more)); want != have {
			t.Errorf("%q with %v is written with %q, and taken for %q", text, table.Options, want, have)
		}
	}
	if known == 0 {
		t.Error("no file was without quotes")
	}
}

// sniffed is the separator of a file; nothing where it has none that can be told.
func sniffed(ctx context.Context, s engine.Session, from string) string {
	table, err := s.Query(ctx, "select Delimiter, Comment, SkipRows from "+strings.Replace(from, "read_csv(", "sniff_csv(", 1))
	if err != nil {
		return ""
	}
	return fmt.Sprint(table.Rows)
}

// randomCSV is a file with rows that are mostly of one length.
func randomCSV(r *rand.Rand) string {
	words := []string{"1", "2.5", "abc", "", "a b", "2020-01-01", "10:11:12", "NULL", "é"}
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	separator, end := pick(",", ";", "|", "\t", ":"), pick("\n", "\r\n", "\r")
	if r.IntN(4) == 0 {
		words = append(words, pick(",", "#", "'x'", `"`, `\`))
	}
	var out strings.Builder
	columns := 1 + r.IntN(5)
	for range r.IntN(12) {
		count := columns
		if r.IntN(10) == 0 {
			count = r.IntN(6)
		}
		row := make([]string, count)
		for i := range row {
			row[i] = pick(words...)
		}
		out.WriteString(strings.Join(row, separator) + end)
	}
	return out.String()
}

func randomOptions(r *rand.Rand) *template.Dict {
	items := []template.Item{{Key: "header", Value: true}, {Key: "nullstr", Value: "NULL"}, {Key: "all_varchar", Value: true},
		{Key: "ignore_errors", Value: true}, {Key: "null_padding", Value: true}, {Key: "strict_mode", Value: false}}
	return template.NewDict(items[r.IntN(len(items))])
}

// memorySession is a session of a database in memory, which ends with the test.
func memorySession(t *testing.T) engine.Session {
	t.Helper()
	db, err := duckdb.Open(context.Background(), duckdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s, err := db.Session(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
