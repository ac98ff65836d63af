package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"elt/runner/engine"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	db := open(t, Options{Settings: []Setting{
		{"integer_division", "true"},
		{"TimeZone", "Europe/Berlin"},
		{"allowed_directories", "['/tmp/a b']"},
		{"search_path", "main"}, // DuckDB has it by connection only
		{"progress_bar_time", "1234"},
	}})
	for range 2 {
		row := query(t, session(t, db), "SELECT 7 / 2, current_setting('TimeZone'), current_setting('progress_bar_time'), current_setting('allowed_directories')[1]").Rows[0]
		if fmt.Sprint(row[:3]) != "[3 Europe/Berlin 1234]" || !strings.HasPrefix(row[3].(string), "/tmp/a b") {
			t.Errorf("got %v", row)
		}
	}
}

func TestAttach(t *testing.T) {
	t.Parallel()
	path := newFile(t)
	db := open(t, Options{Path: filepath.Join(t.TempDir(), "shop.duckdb"), Attach: []Attachment{{Path: path, Alias: "history of", ReadOnly: true}}})
	s := session(t, db)
	if got := query(t, s, `SELECT count(*) FROM "history of".t`).Rows[0][0]; got != int64(1000) {
		t.Errorf("got %v rows", got)
	}
	if _, err := s.Exec(context.Background(), `DELETE FROM "history of".t`); err == nil {
		t.Error("a database attached for reading was written")
	}
	if db.Database() != "shop" {
		t.Errorf("the project's database is %q", db.Database())
	}
}

func TestSetupErrors(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, c := range []struct {
		name    string
		options Options
		want    string
	}{
		{"unknown setting", Options{Settings: []Setting{{"thread", "1"}}}, `setting "thread": catalog error: unrecognized configuration parameter "thread"`},
		{"bad value", Options{Settings: []Setting{{"memory_limit", "lots"}}}, `setting "memory_limit": parser error: memory must have a number (e.g. 1GB)`},
		{"missing database", Options{Attach: []Attachment{{Path: "/nope/x.duckdb", Alias: "x"}}}, `database "x": database "/nope/x.duckdb" cannot be opened: the folder "/nope" does not exist`},
		{"a connection string of a path", Options{Attach: []Attachment{{Path: "postgres:host=h password=hunter2"}}}, `database "postgres": `},
		{"a connection string by its type", Options{Attach: []Attachment{{Path: "host=h password='hunter2 x'", Type: "nosuch"}}}, `database "nosuch": `},
		{"a connection string without either", Options{Attach: []Attachment{{Path: "/nope/x.db?token=hunter2"}}}, `database "database": `},
		{"no extension in the folder", Options{Extensions: []Extension{{Name: "spatial", Path: folder}}}, `extension "spatial": there is no file "spatial.duckdb_extension" in "` + folder + `"`},
		{"no folder", Options{Extensions: []Extension{{Name: "spatial", Path: "/nope"}}}, `extension "spatial": stat /nope: no such file or directory`},
		{"secret of an unknown type", Options{Secrets: []Secret{{Name: "lake", Type: "nosuch", Values: []Setting{{"key_id", "hunter2"}}}}}, `secret "lake": `},
		{"secret with broken SQL", Options{Secrets: []Secret{{Name: "lake", Type: "http", Raw: []Setting{{"extra", "MAP {'a': hunter2 hunter2"}}}}}, `secret "lake": parser error: its parameters are not what DuckDB expects`},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.options.ExtensionDirectory = folder
			c.options.ConfigOptions = []Setting{{"autoinstall_known_extensions", "false"}}
			_, err := Open(context.Background(), c.options)
			var e *SetupError
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want a SetupError", err)
			}
			if !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %q, want %q", err, c.want)
			}
			var failure *engine.Error
			if errors.As(err, &failure) && failure.SQL != "" || strings.Contains(fmt.Sprintf("%+v", err), "hunter2") {
				t.Errorf("the error shows the statement: %+v", err)
			}
		})
	}
}

func TestUnknownConfigOption(t *testing.T) {
	t.Parallel()
	_, err := Open(context.Background(), Options{ConfigOptions: []Setting{{"access_mode", "sometimes"}}})
	var e *OpenError
	if !errors.As(err, &e) || !strings.Contains(e.Message, "access_mode") && !strings.Contains(e.Message, "sometimes") {
		t.Errorf("got %v", err)
	}
}

// TestExtensionFromFile needs an extension made for this DuckDB, which the repository
// does not hold: ELT_TEST_EXTENSION names a file such as tpch.duckdb_extension.
func TestExtensionFromFile(t *testing.T) {
	t.Parallel()
	path := os.Getenv("ELT_TEST_EXTENSION")
	if path == "" {
		t.Skip("ELT_TEST_EXTENSION is not set")
	}
	name := strings.TrimSuffix(filepath.Base(path), ".duckdb_extension")
	for _, from := range []string{path, filepath.Dir(filepath.Dir(path))} {
		options := Options{ExtensionDirectory: t.TempDir(), Extensions: []Extension{{Name: name, Path: from}}}
		s := session(t, open(t, options))
		row := query(t, s, "SELECT loaded FROM duckdb_extensions() WHERE extension_name = '"+name+"'").Rows
		if len(row) != 1 || row[0][0] != true {
			t.Errorf("from %q: %v", from, row)
		}
		options.Extensions[0].Path = ""
		open(t, options) // it stays installed, without network
	}
}
