package runner

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/runner/engine"
)

// The ways in which DuckDB says that the files of a glob have not the same columns.
var (
	globbedCSV     = regex.Lazy(`(?s)^Schema mismatch between globbed files\..*?\nMain file schema: ([^\n]+)\nCurrent file: ([^\n]+)`)
	globbedParquet = regex.Lazy(`schema mismatch in glob: column ".+?" was read from the original file "(.+?)", but could not be found in file "(.+?)"`)
	globbedType    = regex.Lazy(`(?s)while reading file "(.+?)": failed to cast column `)
)

// blameUnequal says which files of a source have not the same columns, where that is what is
// wrong, and in which columns they differ. It reports whether it is.
func (r *run) blameUnequal(ctx context.Context, d *diag.Diagnostic, n *nodeRun, e *engine.Error) bool {
	first, second := "", ""
	if m := globbedCSV().FindStringSubmatch(e.Original); m != nil {
		first, second = m[1], m[2]
	} else if m := globbedParquet().FindStringSubmatch(e.Original); m != nil {
		first, second = m[1], m[2]
	} else if m := globbedType().FindStringSubmatch(e.Original); m != nil {
		second = m[1]
	}
	if second == "" {
		return false
	}
	src := r.sourceOfFile(n, second)
	if src == nil {
		return false
	}
	if first == "" && len(src.files) > 0 {
		first = src.files[0].path
	}
	notes, err := r.differences(ctx, src, first, second)
	if err != nil || len(notes) == 0 {
		return false // DuckDB's own words say more
	}
	reader := d.Place
	d.Code, d.Compiled = diag.LakeFile, nil
	d.Message = fmt.Sprintf("files of source %q have other columns than the first of them", src.node.Table.SourceName+"."+src.node.Name)
	d.Place, d.Notes = src.node.Table.Paths[0].Place, nil
	for _, note := range notes {
		d.WithNote(diag.Place{}, "%s", note)
	}
	d.WithNote(reader, "%s %q reads the files", n.node.Type, n.node.Name)
	d.Hint = "read them by their names, with NULL for what is missing: options: {union_by_name: true}"
	if src.node.Table.Format == "csv" {
		d.Hint += "; data_type under columns: gives a column one type in all files"
	}
	return true
}

// sourceOfFile is the source that a node reads a file of: itself, or through the views and
// ephemeral models it reads. Of several sources with the file it is the nearest.
func (r *run) sourceOfFile(n *nodeRun, file string) *lakeSource {
	if r.lake == nil {
		return nil
	}
	file = filepath.ToSlash(file)
	seen := map[string]bool{}
	for level := n.node.DependsOn; len(level) > 0; {
		var next []string
		var found *lakeSource
		for _, id := range slices.Sorted(slices.Values(level)) {
			if seen[id] {
				continue
			}
			seen[id] = true
			if parent := r.plan.Nodes[id]; parent != nil {
				next = append(next, parent.DependsOn...)
			}
			src := r.lake.sources[id]
			if src == nil || len(src.node.Table.Paths) == 0 {
				continue
			}
			if slices.ContainsFunc(src.files, func(f lakeFile) bool { return filepath.ToSlash(f.path) == file }) {
				found = src
			}
		}
		if found != nil {
			return found
		}
		level = next
	}
	return nil
}

// differences says in which columns two files of a source differ.
func (r *run) differences(ctx context.Context, src *lakeSource, first, second string) ([]string, error) {
	a, err := r.columnsOfFile(ctx, src, first)
	if err != nil {
		return nil, err
	}
	b, err := r.columnsOfFile(ctx, src, second)
	if err != nil {
		return nil, err
	}
	var notes []string
	for _, c := range lacking(a, b) {
		notes = append(notes, fmt.Sprintf("column %q (%s) is in %s, and not in %s", c.Name, c.Type, r.shownPath(first), r.shownPath(second)))
	}
	for _, c := range lacking(b, a) {
		notes = append(notes, fmt.Sprintf("column %q (%s) is in %s, and not in %s", c.Name, c.Type, r.shownPath(second), r.shownPath(first)))
	}
	for _, c := range a {
		if other, ok := columnNamed(b, c.Name); ok && !strings.EqualFold(other.Type, c.Type) {
			notes = append(notes, fmt.Sprintf("column %q is %s in %s, and %s in %s", c.Name, c.Type, r.shownPath(first), other.Type, r.shownPath(second)))
		}
	}
	return notes, nil
}

// columnsOfFile are the columns of one file of a source.
func (r *run) columnsOfFile(ctx context.Context, src *lakeSource, file string) ([]engine.Column, error) {
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	s, err := r.db.Session(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	t, err := s.Query(ctx, "describe select * from "+src.node.Table.From([]string{project.LiteralPath(file)}))
	if err != nil {
		return nil, err
	}
	return describedColumns(t), nil
}
