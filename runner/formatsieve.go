package runner

import (
	"slices"
	"strings"

	"elt/compiler/project"
	"elt/runner/engine"
	"elt/runner/sieve"
)

// formOf is the source as a file has it, with the file's format where the source declares
// some; nil for a file that has none or several.
func (src *lakeSource) formOf(f lakeFile) (*lakeSource, *project.FileFormat) {
	if !src.formatted() {
		return src, nil
	}
	format := src.formatOf(f)
	if format == nil {
		return nil, nil
	}
	return src.as(format), format
}

// rawNames are the names of the columns that files of a format must have.
func (w *sieving) rawNames(format *project.FileFormat) []string {
	names := make([]string, 0, len(w.contract.Columns))
	if format != nil {
		raw, _ := w.sieved.src.node.RawColumns(format)
		for _, c := range raw {
			names = append(names, c.Name)
		}
		return names
	}
	for _, c := range w.contract.Columns {
		names = append(names, c.Name)
	}
	return names
}

// namesOnly are columns with the types of those of the same name in like: rows are held to
// the declared types one by one.
func namesOnly(columns, like []engine.Column) []engine.Column {
	out := slices.Clone(columns)
	for i, c := range out {
		was, _ := columnNamed(like, c.Name)
		out[i].Type = was.Type
	}
	return out
}

// rename makes the columns of files of a format those of the source. Of CSV files it is the
// header that is renamed: nothing else says what their columns are called.
func (g fileGroup) rename(r *sieve.Reading, node *project.Node) {
	raw, becomes := node.RawColumns(g.format)
	r.Constants, r.From = g.format.Constants(), map[string]string{}
	for i, c := range raw {
		r.From[strings.ToLower(becomes[i])] = c.Name
	}
	if node.Table.Format != "csv" {
		return
	}
	r.Header = slices.Clone(g.header)
	for i, name := range r.Header {
		at := slices.IndexFunc(raw, func(c project.Setting) bool { return strings.EqualFold(c.Name, name) })
		if at >= 0 {
			r.Header[i] = becomes[at]
		} else {
			r.Header[i] = "_elt_ignored " + name // may be the name of another column of the source
		}
	}
}
