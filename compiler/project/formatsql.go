package project

import (
	"strings"

	"elt/compiler/template"
)

// FormatFiles are files of one format: patterns of files as DuckDB's readers take them.
type FormatFiles struct {
	Format *FileFormat
	Paths  []string
	More   []Setting // further reader options
}

// As is the source as files of a format have it: with the format's reader options over
// those of the source, and no declared types.
func (t *SourceTable) As(f *FileFormat) *SourceTable {
	out := *t
	out.Options, out.Formats = mergedDicts(t.Options, f.options), nil
	out.types[0] = nil
	return &out
}

// RawColumns are the columns that files of a format must have, with the types as which
// they are read, and the source's column that each becomes.
func (n *Node) RawColumns(f *FileFormat) (raw []Setting, becomes []string) {
	files, _ := n.FileTypes()
	for _, c := range files {
		col := f.column(c.Name)
		if col.Constant != "" {
			continue
		}
		kind := c.Value
		if col.Type != "" {
			kind = col.Type
		}
		raw = append(raw, Setting{orElse(col.From, c.Name), kind})
		becomes = append(becomes, c.Name)
	}
	return raw, becomes
}

// Constants are the columns of the source that files of a format have not, as SQL.
func (f *FileFormat) Constants() map[string]string {
	out := map[string]string{}
	for _, c := range f.Columns {
		if c.Constant != "" {
			out[strings.ToLower(c.Name)] = c.Constant
		}
	}
	return out
}

func (f *FileFormat) column(name string) FormatColumn {
	for _, c := range f.Columns {
		if strings.EqualFold(c.Name, name) {
			return c
		}
	}
	return FormatColumn{Name: name}
}

// FromFormats renders a source with formats as a FROM item over files, each read as its
// format says, with the declared columns and types of the source, and behind them the
// columns keep of the readers. It is "" without files.
func (n *Node) FromFormats(groups []FormatFiles, keep ...string) string {
	var parts []string
	for _, g := range groups {
		if len(g.Paths) > 0 {
			parts = append(parts, n.fromFormat(g, keep))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "(" + strings.Join(parts, "\nunion all\n") + ")"
}

func (n *Node) fromFormat(g FormatFiles, keep []string) string {
	table := n.Table.As(g.Format)
	raw, _ := n.RawColumns(g.Format)
	files, folders := n.FileTypes()
	more := g.More
	switch table.Format {
	case "csv":
		table.types[0] = raw
		if len(g.Paths) > 1 { // else types are given by place, and files may order columns differently
			more = append([]Setting{{"union_by_name", true}}, more...)
		}
	case "json": // nothing is guessed, and a key that is left out is NULL
		more = append([]Setting{{"columns", joinTypes(raw, nil)}}, more...)
	}
	items := make([]string, 0, len(files)+len(folders)+len(keep))
	for _, c := range files {
		items = append(items, n.formatItem(g.Format.column(c.Name), c))
	}
	for _, c := range folders {
		items = append(items, QuoteIdent(c.Name))
	}
	for _, name := range keep {
		items = append(items, QuoteIdent(name))
	}
	return "select " + strings.Join(items, ", ") + " from " + table.FromTyped(g.Paths, more, nil)
}

// formatItem is a column of the source in a query over files of a format.
func (n *Node) formatItem(col FormatColumn, declared Setting) string {
	name, kind := QuoteIdent(declared.Name), template.Str(declared.Value)
	if col.Constant != "" {
		return "cast(" + col.Constant + " as " + kind + ") as " + name
	}
	raw := QuoteIdent(orElse(col.From, declared.Name))
	if n.Table.Format != "parquet" && col.Type == "" { // read as the declared type
		if raw == name {
			return name
		}
		return raw + " as " + name
	}
	return "cast(" + raw + " as " + kind + ") as " + name
}
