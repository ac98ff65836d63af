package materialize

import (
	"fmt"
	"slices"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/engine"
)

// fileOptions are options of COPY without those that make it a folder.
func fileOptions(location string, options *template.Dict) string {
	one := options.Copy()
	for _, item := range options.Items() {
		switch name, _ := item.Key.(string); strings.ToLower(name) {
		case "partition_by", "per_thread_output", "file_size_bytes", "filename_pattern", "file_extension",
			"write_partition_columns", "hive_file_pattern", "write_empty_file":
			one.Delete(item.Key)
		}
	}
	return dbtcontext.ExternalWriteOptions(location, one)
}

// Files is the SELECT of the rows of some files of one folder of the model, without the
// columns that are folders, in the order of the files. columns are those of the view.
func (x *ExternalSpec) Files(paths []string, columns []engine.Column) string {
	args := []string{x.list(paths), "hive_partitioning = false"}
	for _, p := range x.parameters(columns) {
		if !slices.Contains([]string{"hive_partitioning", "hive_types", "hive_types_autocast"}, p.Column) {
			args = append(args, p.Column+" = "+p.Expression)
		}
	}
	return fmt.Sprintf("select * from read_%s(%s)", x.Format, strings.Join(args, ", "))
}

// PutTogether is the statement that writes the rows of files into one.
func (x *ExternalSpec) PutTogether(paths []string, columns []engine.Column, to string) string {
	options := x.FileOptions
	if x.Compression != "" && !strings.Contains(strings.ToLower(options), "compression") {
		options += ", compression " + x.Compression
	}
	return fmt.Sprintf("copy (\n%s\n) to %s (%s)", x.Files(paths, columns), project.QuoteString(to), options)
}

// Digest is a query for the number of rows of files and a number that is the same for the
// same rows, whatever their order.
func (x *ExternalSpec) Digest(paths []string, columns []engine.Column) string {
	return fmt.Sprintf("select count(*), coalesce(sum(hash(_elt_rows)::hugeint), 0) from (\n%s\n) as _elt_rows", x.Files(paths, columns))
}
