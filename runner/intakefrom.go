package runner

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"elt/compiler/project"
	"elt/runner/engine"
)

// from is the FROM item of what is taken in. Where that is nothing, it has the columns
// of the newest file and no rows.
func (si *sourceIntake) from(root, column string) string {
	if si.sieved != nil && len(si.take) > 0 {
		return si.sieved.withFile(column, si.take)
	}
	files, limit := lakeFiles(si.readable()), ""
	if len(files) == 0 && si.learned {
		return emptyOf(append(slices.Clone(si.known), engine.Column{Name: column, Type: "VARCHAR"}))
	}
	if len(files) == 0 {
		limit = " limit 0"
		if f, ok := si.sample(); ok {
			files = []lakeFile{f}
		}
	}
	return si.withFile(files, root, column, limit)
}

// emptyOf is a FROM item of columns without rows.
func emptyOf(columns []engine.Column) string {
	items := make([]string, len(columns))
	for i, c := range columns {
		items[i] = "cast(null as " + c.Type + ") as " + project.QuoteIdent(c.Name)
	}
	return "(select " + strings.Join(items, ", ") + " limit 0)"
}

// fileName is the reader's own column for the file, hidden behind the one that by_file
// shows.
const fileName = "_elt_file"

// virtualName is a column that every read_csv has unless the files have one of that name. DuckDB
// takes the ends of lines of all files to be those of the first one where the option filename is
// given, which takes a third of the time; without it, each file is looked at, unless a folder
// is a column.
const virtualName = "filename"

// has reports whether the source is known to have a column.
func (si *sourceIntake) has(name string) bool {
	_, ok := columnNamed(si.known, name)
	return ok
}

// withFile is a FROM item over files that names the file of each row in a column.
func (si *sourceIntake) withFile(files []lakeFile, root, column, limit string) string {
	src, typed, absent := si.readTogether(files)
	column = project.QuoteIdent(column)
	if len(files) == 0 {
		return "(select *, cast(null as varchar) as " + column + " from " + emptySelect(src.node) + ")"
	}
	given, exclude, more := src.fileOption(), "", []project.Setting(nil)
	alone := si.unlikeEnds
	switch {
	case given != "":
	case alone && !si.has(virtualName) && !slices.ContainsFunc(files, lakeFile.inFolderColumn):
		given, alone = virtualName, false
	default:
		given, exclude = fileName, " exclude ("+fileName+")"
		more = []project.Setting{{Name: "filename", Value: fileName}}
	}
	if alone && len(files) > 1 && !src.apart && !src.hasOption("union_by_name") {
		more = append(more, readAlone())
	}
	own := project.QuoteIdent(given)
	inside := root + "/"
	name := fmt.Sprintf("case when starts_with(%s, %s) then substr(%s, %d) else %s end",
		own, project.QuoteString(inside), own, utf8.RuneCountInString(inside)+1, own)
	query := fmt.Sprintf("select *%s, %s as %s from %s%s", exclude, name, column, si.read(src, files, more, typed), limit)
	if len(absent) == 0 {
		return "(" + query + ")"
	}
	items := make([]string, len(absent))
	for i, c := range absent {
		items[i] = "cast(null as " + c.Type + ") as " + project.QuoteIdent(c.Name)
	}
	return "(select *, " + strings.Join(items, ", ") + " from (" + query + "))"
}

// read is the FROM item of files, without the column for the file. src is the source, as
// [sourceIntake.readTogether] has it.
func (si *sourceIntake) read(src *lakeSource, files []lakeFile, more, typed []project.Setting) string {
	if si.plain == "" {
		return src.read(files, more, typed, fileName)
	}
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.glob()
	}
	more = slices.Concat(src.dialect, more)
	if !src.hasOption("delim", "sep") && len(src.dialect) == 0 {
		more = append(more, project.Setting{Name: "delim", Value: si.plain})
	}
	return src.node.Table.FromColumns(paths, more, typed)
}

// ends is the FROM item of the first and last files of a source, n in all.
func (src *lakeSource) ends(n int) string {
	return src.read(slices.Concat(src.files[:n/2], src.files[len(src.files)-n/2:]), nil, nil)
}

// fileOption is the column for the file that the source's own options ask for, or "".
func (src *lakeSource) fileOption() string {
	for _, item := range src.node.Table.Options.Items() {
		if name, _ := item.Key.(string); strings.EqualFold(name, "filename") {
			if text, ok := item.Value.(string); ok {
				return text
			}
			if item.Value == true {
				return "filename"
			}
		}
	}
	return ""
}
