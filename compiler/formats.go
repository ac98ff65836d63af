package compiler

import (
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// checkFormats checks the formats of sources. The one table that all files become has to be
// declared: guessed, it would depend on which files are there.
func (p *parser) checkFormats() {
	for _, node := range p.ordered() {
		if node.Type != project.Source || node.Table == nil {
			continue
		}
		c := formatCheck{p, node}
		switch {
		case len(node.Table.Formats) == 0 && node.Table.FileDate != "":
			c.bad(node.Place, "add formats:, or take file_date out", "source %q says file_date, but has no formats", sourceTitle(node))
		case len(node.Table.Formats) > 0:
			c.check()
		}
	}
}

// formatCheck checks the formats of one source.
type formatCheck struct {
	p    *parser
	node *project.Node
}

func (c formatCheck) bad(place diag.Place, hint, format string, args ...any) {
	d := diag.New(diag.LakeFile, place, format, args...).WithHint("%s", hint)
	d.Node = c.node.UniqueID
	c.p.report(d)
}

func (c formatCheck) check() {
	node := c.node
	if len(node.Table.Paths) == 0 {
		c.bad(node.Place, "only files have formats; give it a path", "source %q has formats, but names no files", sourceTitle(node))
		return
	}
	const declare = "declare the columns of the one table that all formats become, each with its data_type"
	if len(node.Columns) == 0 {
		c.bad(node.Place, declare, "source %q has formats, but declares no columns", sourceTitle(node))
	}
	for _, col := range node.Columns {
		if col.DataType == "" {
			c.bad(col.Place, declare, "column %q of source %q has no data_type", col.Name, sourceTitle(node))
		}
	}
	for i, f := range node.Table.Formats {
		c.columns(f)
		c.options(f)
		for _, other := range node.Table.Formats[:i] {
			if c.overlap(f, other) {
				hint := "from and until are the first and the last day of a format; let each begin where the one before it has ended"
				if f.General() {
					hint = "a format without from, until and files is for all files that have no other, so there can be one"
				}
				d := diag.New(diag.LakeFile, f.Place, "the formats %q and %q of source %q are of the same files", other.Name, f.Name, sourceTitle(node)).
					WithNote(other.Place, "%q is here", other.Name).WithHint("%s", hint)
				d.Node = node.UniqueID
				c.p.report(d)
			}
		}
	}
}

// columns checks what a format says of columns.
func (c formatCheck) columns(f *project.FileFormat) {
	files, folders := c.node.FileTypes()
	names := make([]string, len(files))
	for i, s := range files {
		names[i] = s.Name
	}
	seen := map[string]bool{}
	for _, col := range f.Columns {
		same := func(s project.Setting) bool { return strings.EqualFold(s.Name, col.Name) }
		switch {
		case seen[strings.ToLower(col.Name)]:
			c.bad(col.Place, "keep one of them", "the format %q has the column %q twice", f.Name, col.Name)
		case slices.ContainsFunc(folders, same):
			c.bad(col.Place, "take it out", "column %q is a folder of the path, so no format can say where it comes from", col.Name)
		case !slices.ContainsFunc(files, same) && len(files) == len(c.node.Columns)-len(folders):
			hint := "name: is the source's column, from: that of the files; a column that only the files have goes under ignore:"
			if near := diag.Suggest(col.Name, names); near != "" {
				hint = "did you mean \"" + near + "\"? " + hint
			}
			c.bad(col.Place, hint, "the format %q has a column %q, which source %q does not declare", f.Name, col.Name, sourceTitle(c.node))
		case col.Type != "" && c.node.Quarantines():
			c.bad(col.Place, "a row is bad that cannot be read as the declared type; options such as dateformat say how it is written", "column %q is read as the declared type where bad rows are kept apart, so data_type has no meaning", col.Name)
		}
		seen[strings.ToLower(col.Name)] = true
	}
}

// formatOptions are reader options that have no meaning beside formats.
var formatOptions = []string{"columns", "types", "dtypes", "column_types", "names", "column_names", "all_varchar", "filename", "union_by_name"}

func (c formatCheck) options(f *project.FileFormat) {
	for _, o := range c.node.Table.As(f).ReaderOptions() {
		if slices.Contains(formatOptions, strings.ToLower(o.Name)) {
			c.bad(f.Place, "which columns there are and of what types, the source's columns and those of the format say", "the option %q has no meaning for a source with formats", o.Name)
		}
	}
}

// overlap reports whether a file could have either of two formats, as far as days tell;
// patterns are compared when the files are listed.
func (c formatCheck) overlap(a, b *project.FileFormat) bool {
	if len(a.Files) > 0 || len(b.Files) > 0 {
		return false
	}
	if a.General() || b.General() {
		return a.General() && b.General()
	}
	return (a.Until == "" || b.From <= a.Until) && (b.Until == "" || a.From <= b.Until)
}
