package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"elt/compiler/project"
	"elt/runner/engine"
)

func TestFileErrors(t *testing.T) {
	t.Parallel()
	s := session(t, open(t, Options{}))
	folder := t.TempDir()
	var late strings.Builder
	late.WriteString("id,d\n")
	for i := range 30000 {
		fmt.Fprintf(&late, "%d,2020-01-01\n", i)
	}
	late.WriteString("not a number,2020-01-01\n")
	for _, c := range []struct {
		name, file, content string
		reader              string // with %s for the file
		want                engine.Error
	}{
		{"a value that is not a number", "räw file.csv", "id,name\n1,a\nx y,\"c, ü\"\n", "read_csv(%s, columns = {id: 'INT', name: 'VARCHAR'})",
			engine.Error{Kind: engine.Conversion, Message: `"x y" of column "id" is not of type INTEGER`, Line: 3, ColumnName: "id", Text: "x y"}},
		{"a bad value behind the sample", "late.csv", late.String(), "read_csv(%s)",
			engine.Error{Kind: engine.Conversion, Message: `"not a number" of column "id" is not of type BIGINT`, Line: 30002, ColumnName: "id", Text: "not a number"}},
		{"a date", "date.csv", "id,d\n1,2024-01-01\n2,2024-13-01\n", "read_csv(%s, types = {d: 'DATE'})",
			engine.Error{Kind: engine.Conversion, Message: `"2024-13-01" of column "d" is not of type DATE`, Line: 3, ColumnName: "d", Text: "2024-13-01"}},
		{"too many columns", "cols.csv", "id,name\n1,a\n2,b,c\n3,d\n", "read_csv(%s, columns = {id: 'INT', name: 'VARCHAR'})",
			engine.Error{Kind: engine.Input, Message: "it was not possible to detect how the CSV file is written: 2 columns are declared, the file has 3"}},
		{"too few columns in a row", "few.csv", "id,name,x\n1,a,b\n2,b\n3,d,e\n", "read_csv(%s, columns = {id: 'INT', name: 'VARCHAR', x: 'VARCHAR'}, auto_detect = false, header = true, delim = ',', quote = '\"')",
			engine.Error{Kind: engine.Input, Message: `the row has 2 values where 3 columns are expected`, Line: 3, Text: "2,b"}},
		{"a quote that is not closed", "quote.csv", "id,name\n1,\"a\n2,b\n", "read_csv(%s, columns = {id: 'INT', name: 'VARCHAR'}, auto_detect = false, header = true, delim = ',', quote = '\"')",
			engine.Error{Kind: engine.Input, Message: "a quoted value is not closed", Line: 2, Text: `1,"a`}},
		{"not UTF-8", "latin.csv", "id,name\n1,a\n2,\xff\xfe\n", "read_csv(%s, columns = {id: 'INT', name: 'VARCHAR'}, auto_detect = false, header = true, delim = ',')",
			engine.Error{Kind: engine.Input, Message: "the file is not UTF-8", Line: 3, Text: "2,??"}},
		// DuckDB counts the end of the file as a line of its own.
		{"half a JSON object", "bad.json", "{\"a\": 1}\n{\"a\":\n", "read_json(%s, format = 'newline_delimited', columns = {a: 'INT'})",
			engine.Error{Kind: engine.Input, Message: `Malformed JSON in file`, Line: 3}},
		{"a JSON value of another type", "type.json", "{\"a\": 1}\n{\"a\": \"x\"}\n", "read_json(%s, columns = {a: 'INT'})",
			engine.Error{Kind: engine.Input, Message: `JSON transform error in file`, Line: 2, Text: "x"}},
		{"not Parquet", "x.parquet", "hello", "read_parquet(%s)",
			engine.Error{Kind: engine.Input, Message: "is not a Parquet file: it is too short"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(folder, c.file)
			if err := os.WriteFile(path, []byte(c.content), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := s.Query(context.Background(), "FROM "+fmt.Sprintf(c.reader, project.QuoteString(path)))
			var e *engine.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an engine.Error", err)
			}
			if e.Kind != c.want.Kind || !strings.Contains(e.Message, c.want.Message) || strings.Contains(e.Message, "\n") {
				t.Errorf("got %s %q\n%s", e.Kind, e.Message, e.Err)
			}
			if e.File != path || e.Line != c.want.Line || e.ColumnName != c.want.ColumnName || e.Text != c.want.Text || e.Position != -1 {
				t.Errorf("got file %q line %d column %q text %q position %d\n%s", e.File, e.Line, e.ColumnName, e.Text, e.Position, e.Err)
			}
		})
	}
}
