package runner

import (
	"fmt"
	"testing"
	"time"

	"elt/compiler/project"
	"elt/compiler/template"
)

// What a stamp leaves out must not be able to change the columns of a source.
func TestStamp(t *testing.T) {
	t.Parallel()
	option := func(name string, value template.Value) *template.Dict {
		return template.NewDict(template.Item{Key: name, Value: value})
	}
	tests := []struct {
		name    string
		format  string
		options *template.Dict
		columns []*project.Column
		change  func(files []lakeFile) []lakeFile
		same    bool
	}{
		{"a file arrives after the ten that CSV is judged by", "csv", nil, nil, arrives("lake/day=2024-01-13/a.csv"), true},
		{"with options that say how it is written", "csv", option("delim", ";"), nil, arrives("lake/day=2024-01-13/a.csv"), true},
		{"the tenth file changes", "csv", nil, nil, changes(9), false},
		{"the eleventh file changes", "csv", nil, nil, changes(10), true},
		{"the first file of Parquet changes", "parquet", nil, nil, changes(0), false},
		{"the second file of Parquet changes", "parquet", nil, nil, changes(1), true},
		{"any file of JSON changes", "json", nil, nil, changes(10), false},
		{"columns are joined by name", "csv", option("union_by_name", true), nil, arrives("lake/day=2024-01-13/a.csv"), false},
		{"another number of files is looked at", "csv", option("files_to_sniff", int64(-1)), nil, changes(11), false},
		{"columns are declared, which each file is held against", "csv", nil, []*project.Column{{Name: "a", DataType: "bigint"}}, changes(11), false},
		{"columns are described without types", "csv", nil, []*project.Column{{Name: "a"}}, changes(11), true},
		{"a partition that is no date", "csv", nil, nil, arrives("lake/day=today/a.csv"), false},
		{"a partition that is a number", "csv", nil, nil, arrives("lake/day=7/a.csv"), false},
		{"a partition that is a time", "csv", nil, nil, arrives("lake/day=2024-01-13 12%3A00%3A00/a.csv"), false},
		{"a file in no partition", "csv", nil, nil, arrives("lake/z/a.csv"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var files []lakeFile
			for day := range 12 {
				files = append(files, lakeFile{path: fmt.Sprintf("lake/day=2024-01-%02d/a.csv", day+1), size: 10, modified: time.Unix(1, 0)})
			}
			src := &lakeSource{files: files, node: &project.Node{
				Columns: tt.columns, Table: &project.SourceTable{Format: tt.format, Options: tt.options},
			}}
			before := src.stamp()
			src.files = tt.change(files)
			if after := src.stamp(); (before == after) != tt.same {
				t.Errorf("stamp before:\n%s\nand after:\n%s", before, after)
			}
		})
	}
}

func arrives(path string) func([]lakeFile) []lakeFile {
	return func(files []lakeFile) []lakeFile {
		return append(files, lakeFile{path: path, size: 10, modified: time.Unix(1, 0)})
	}
}

func changes(i int) func([]lakeFile) []lakeFile {
	return func(files []lakeFile) []lakeFile {
		files[i].modified = time.Unix(2, 0)
		return files
	}
}
