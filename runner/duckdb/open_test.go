package duckdb

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func open(t testing.TB, options Options) *DB {
	t.Helper()
	db, err := Open(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// newFile makes a database file with one table and returns its path.
func newFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "w.duckdb")
	db := open(t, Options{Path: path})
	exec(t, session(t, db), "CREATE TABLE t AS SELECT range a FROM range(1000)")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// A path with "?" is refused where something would be written: its log would lie elsewhere.
func TestOpenQuestionMark(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"x?y.duckdb", "x?y/z.duckdb"} {
		path := filepath.Join(t.TempDir(), name)
		_, err := Open(t.Context(), Options{Path: path})
		var refused *OpenError
		if !errors.As(err, &refused) || refused.Kind != Unkeepable || refused.Path != path {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ware house&threads=1#x.duckdb")
	db := open(t, Options{Path: path, Threads: 3, UserAgent: "elt/test", Settings: []Setting{{"default_null_order", "nulls_first"}}, Shadow: true})
	s := session(t, db)
	row := query(t, s, "SELECT current_setting('threads'), current_setting('default_null_order'), current_setting('preserve_insertion_order'), current_database()").Rows[0]
	if row[0] != int64(3) || !strings.EqualFold(row[1].(string), "nulls_first") || row[2] != true || row[3] != db.Database() {
		t.Errorf("got %v", row)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the file is not where it should be: %v", err)
	}
	exec(t, s, `CREATE SCHEMA _elt_shadow.staging`)
	exec(t, s, `CREATE VIEW _elt_shadow.staging.v AS SELECT 1 AS a`)
	if got := query(t, session(t, db), "FROM _elt_shadow.staging.v").Rows; len(got) != 1 {
		t.Errorf("another session does not see the shadow: %v", got)
	}
	if !strings.HasPrefix(db.Version(), "1.") {
		t.Errorf("version %q", db.Version())
	}
}

func TestOpenReadOnly(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	db := open(t, Options{Path: path, ReadOnly: true, Shadow: true})
	s := session(t, db)
	if got := query(t, s, "SELECT count(*) FROM t").Rows[0][0]; got != int64(1000) {
		t.Errorf("got %v rows", got)
	}
	if _, err := s.Exec(context.Background(), "CREATE TABLE x (a INT)"); err == nil {
		t.Error("a table was created in a database opened for reading")
	}
	exec(t, s, "CREATE VIEW _elt_shadow.main.v AS FROM t")
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile(newFile(t))
	if err != nil {
		t.Fatal(err)
	}
	damaged := append([]byte{}, good...)
	for i := range 16 {
		damaged[3*4096+100+i] ^= 0xff
	}
	folder := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		name     string
		options  Options
		kind     OpenKind
		message  string
		version  string
		existing bool
	}{
		{"text", Options{Path: write("text", []byte(strings.Repeat("hello ", 9999)))}, NotDatabase, "it is not a DuckDB database", "", true},
		{"a short file", Options{Path: write("short", []byte("hello"))}, NotDatabase, "it is not a DuckDB database", "", true},
		{"an empty file read only", Options{Path: write("empty", nil), ReadOnly: true}, NotDatabase, "it is not a DuckDB database", "", true},
		{"SQLite", Options{Path: write("sqlite", append([]byte("SQLite format 3\x00"), make([]byte, 8000)...))}, NotDatabase, "it is not a DuckDB database", "", true},
		{"a folder", Options{Path: folder}, Folder, "it is a folder", "", true},
		{"a newer DuckDB's file", Options{Path: write("newer", gunzip(t, "testdata/duckdb-2.0.0.duckdb.gz"))}, Newer, "it was written by DuckDB 2.0.0", "2.0.0", true},
		{"a missing folder", Options{Path: filepath.Join(folder, "no", "w.duckdb")}, Missing, `the folder "` + filepath.Join(folder, "no") + `" does not exist`, "", false},
		{"a file for a folder", Options{Path: filepath.Join(folder, "text", "w.duckdb")}, Missing, `"` + filepath.Join(folder, "text") + `" is not a folder`, "", false},
		{"a missing file read only", Options{Path: filepath.Join(folder, "none"), ReadOnly: true}, Missing, "the file does not exist", "", false},
		{"a damaged file", Options{Path: write("damaged", damaged)}, Corrupt, "the file is damaged: Corrupt database file", "", true},
		{"half a file", Options{Path: write("half", good[:20000])}, Corrupt, "the file is damaged: Could not read enough bytes", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Open(context.Background(), c.options)
			var e *OpenError
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an OpenError", err)
			}
			if e.Kind != c.kind || !strings.HasPrefix(e.Message, c.message) || e.Version != c.version || e.Path != c.options.Path {
				t.Errorf("got %s %q version %q", e.Kind, e.Message, e.Version)
			}
			if _, err := os.Stat(c.options.Path); (err == nil) != c.existing {
				t.Errorf("after the failure: %v", err)
			}
		})
	}
}

// TestOpenErrorWithoutRoom reads DuckDB's words when a log is read back while the disk is full: the file is not damaged.
func TestOpenErrorWithoutRoom(t *testing.T) {
	t.Parallel()
	for _, words := range []string{"File too large", "No space left on device", "Disk quota exceeded"} {
		err := openError(Options{Path: "w.duckdb"}, `IO Error: Failure while replaying WAL file "w.duckdb.wal": Could not write file "w.duckdb": `+words)
		var e *OpenError
		if !errors.As(err, &e) || e.Kind != Full || !strings.HasSuffix(e.Message, words) {
			t.Errorf("%s: got %#v", words, err)
		}
	}
}

func gunzip(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	zipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(zipped)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestOpenEmptyFile takes a file of no bytes for what a killed process has left, also where the clock
// was set back since.
func TestOpenEmptyFile(t *testing.T) {
	t.Parallel()
	for name, age := range map[string]time.Duration{"now": 0, "of a time ahead": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "empty.duckdb")
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				t.Fatal(err)
			}
			written := time.Now().Add(-age)
			if err := os.Chtimes(path, written, written); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			db, err := Open(ctx, Options{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}
