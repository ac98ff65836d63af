package runner

import (
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"elt/compiler/project"
)

// sniffedFiles is how many CSV files of a list DuckDB looks at to find its columns: its
// option files_to_sniff is 10.
const sniffedFiles = 10

// stamp says, by size and time, which files decide about the columns of a source; "" where
// that cannot be known. While it stays the same so do the columns, whatever else arrives:
// the daily file of a large folder costs no new look at all of them.
func (src *lakeSource) stamp() string {
	var b strings.Builder
	deciding := src.files[:min(src.deciding(), len(src.files))]
	for i, file := range src.files {
		if file.unseen {
			return ""
		}
		if i < len(deciding) {
			fmt.Fprintf(&b, "%s\x00%d\x00%d\n", file.path, file.size, file.modified.UnixNano())
		}
	}
	if len(deciding) < len(src.files) {
		b.WriteString(partitionKinds(src.files))
	}
	return b.String()
}

// deciding is how many files, the first ones, decide about the columns of all. It is all of
// them where columns are joined by name, where each file is held against declared
// columns, and wherever it is not known.
func (src *lakeSource) deciding() int {
	declared := slices.ContainsFunc(src.node.Columns, func(c *project.Column) bool { return c.DataType != "" })
	options := src.node.Table.Options
	if declared || src.formatted() || options != nil && src.hasOption("union_by_name", "files_to_sniff") {
		return len(src.files)
	}
	switch src.node.Table.Format {
	case "csv":
		return sniffedFiles
	case "parquet":
		return 1
	}
	return len(src.files)
}

// partitionKinds says what DuckDB may take the values of each partition for ("day" of
// "lake/day=2024-01-01/a.csv"): all files decide about that, by their paths.
func partitionKinds(files []lakeFile) string {
	kinds := map[string]string{} // by key, as partitionKind has them
	count := map[string]int{}
	for _, file := range files {
		for folder := range strings.SplitSeq(path.Dir(filepath.ToSlash(file.path)), "/") {
			key, value, ok := strings.Cut(folder, "=")
			if !ok {
				continue
			}
			count[key]++
			if kind := partitionKind(value); kinds[key] == "" {
				kinds[key] = kind
			} else if kinds[key] != kind {
				kinds[key] = "text"
			}
		}
	}
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(kinds)) {
		fmt.Fprintf(&b, "%s=%s %t\n", key, kinds[key], count[key] == len(files)) // a file without it ends it
	}
	return b.String()
}

func partitionKind(value string) string {
	if _, err := time.Parse(time.DateOnly, value); err == nil {
		return "date"
	}
	if _, err := strconv.ParseInt(value, 10, 64); err == nil {
		return "number"
	}
	if strings.Trim(strings.ToUpper(value), "0123456789-+:. T%A") == "" { // "%3A" is ":"
		return "time"
	}
	return "text"
}
