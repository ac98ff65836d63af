package duckdb

import (
	"context"
	"path/filepath"
	"testing"
)

func TestTempDirectory(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "w.duckdb")
	other := filepath.Join(folder, "elsewhere")
	named := []Setting{{"temp_directory", other}}
	for name, c := range map[string]struct {
		options Options
		want    string
	}{
		"beside the file":                 {Options{Path: path}, path + ".tmp"},
		"where a setting says":            {Options{Path: path, Settings: named}, other},
		"where an option of opening says": {Options{Path: path, ConfigOptions: named}, other},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := Open(context.Background(), c.options)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			s, err := db.Session(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			table, err := s.Query(context.Background(), "select current_setting('temp_directory')")
			if err != nil {
				t.Fatal(err)
			}
			if got := table.Text(0, 0); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
