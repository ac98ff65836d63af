package materialize

import (
	"fmt"
	"slices"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/engine"
)

// ExternalSpec is what only external models have: a file, or a folder of files, that
// holds the rows, and a view of the published name over it.
type ExternalSpec struct {
	Location string // the name that readers of files know: absolute, or a URL
	Hidden   string // where the files are written and audited; Location where Remote
	Remote   bool   // a URL, where nothing can be renamed
	// Versioned says that the location is a folder of object storage in which each build has a
	// folder of its own, Hidden, for good: which one counts, the view and a manifest say.
	Versioned   bool
	Folder      bool   // partitioned, or a file a thread
	Format      string // csv, parquet or json
	Options     string // of COPY
	FileOptions string // of a COPY that writes one file of the folder
	Compression string
	PartitionBy []string
	Columns     []engine.Column // of the query, as the runner has described it
	Empty       bool            // there is no row: a folder without files
	// Objects are the files that the view reads, by their whole names, where not all of Hidden and nothing
	// else: of a model on object storage that grows, or whose files were put together.
	Objects []string

	// Token is the part of the names of new files that no other build uses, of a model that
	// grows; see [Spec.Grows].
	Token string
	// Known are the columns of the files that are there, to which a build adds; nil where all
	// are written anew.
	Known []engine.Column

	header, array bool
	quoting       []SetClause // parameters of read_csv that follow from those of COPY
	given         []SetClause // parameters of the reader that the project has set
	warnings      diag.List   // about columns that the files do not have
}

var externalFormats = []string{"csv", "parquet", "json"}

// external reads the config of an external model. The location stays as it is given.
func (r *reader) external(spec *Spec) {
	x := &ExternalSpec{header: true}
	spec.External = x
	options := template.NewDict()
	if c := r.node.Compiled; c != nil && c.External != nil {
		x.Location, options = c.External.Location, c.External.Options.Copy()
	}
	x.Remote = strings.Contains(x.Location, "://")
	for _, mode := range []string{"overwrite", "overwrite_or_ignore", "append"} {
		v, ok := options.Get(mode)
		if !ok {
			continue
		}
		if mode == "append" && template.Truth(v) && r.text("incremental_strategy") != Append {
			r.misplaced("options", "an external model is written anew as a whole, unless its strategy says otherwise").
				WithHint("set incremental_strategy: append")
		}
		options.Delete(mode) // it is written where nothing is yet
	}
	for _, key := range []string{"plugin", "glue_register"} {
		if v, ok := r.get(key); ok && template.Truth(v) {
			r.add(diag.Warn(diag.Unsupported, r.place(key), "%q has no effect: plugins of dbt-duckdb are Python", key))
		}
	}
	x.Options = dbtcontext.ExternalWriteOptions(x.Location, options)
	x.FileOptions = fileOptions(x.Location, options)
	text := func(key string) string {
		v, ok := options.Get(key)
		if !ok || v == nil {
			return ""
		}
		return strings.Trim(template.Str(v), "'")
	}
	x.Format = strings.ToLower(text("format"))
	if !slices.Contains(externalFormats, x.Format) {
		key := "format"
		if _, said := r.get(key); !said {
			key = "location"
		}
		d := r.misplaced(key, "%q is no format of files", x.Format)
		if near := diag.Suggest(x.Format, externalFormats); near != "" {
			d.WithHint("did you mean %q?", near)
		} else {
			d.WithHint("use csv, parquet or json, or give the file's name one of these endings")
		}
	}
	x.Compression = strings.ToLower(text("compression"))
	for _, part := range strings.Split(strings.Trim(text("partition_by"), "() "), ",") {
		if part = strings.TrimSpace(part); part != "" {
			x.PartitionBy = append(x.PartitionBy, part)
		}
	}
	perThread, _ := options.Get("per_thread_output")
	perSize, _ := options.Get("file_size_bytes")
	x.Folder = len(x.PartitionBy) > 0 || template.Truth(perThread) || perSize != nil
	if folder, ends := strings.CutSuffix(x.Location, "/"); x.Remote && !strings.HasPrefix(x.Location, "http") && (x.Folder || ends) {
		x.Location, x.Folder, x.Versioned = folder, true, true
	}
	r.grows(spec, options)
	r.readersOf(x, text)
}

// misplaced reports a config of an external model that cannot work.
func (r *reader) misplaced(key, format string, args ...any) *diag.Diagnostic {
	return r.add(diag.New(diag.WrongType, r.place(key), format, args...))
}

// readersOf settles how the files are read back: by what they were written with, and by
// what the project says.
func (r *reader) readersOf(x *ExternalSpec, text func(string) string) {
	for _, p := range []struct{ copy, read, usual string }{
		{"delimiter", "delim", ","}, {"delim", "delim", ""}, {"sep", "delim", ""}, {"quote", "quote", `"`}, {"escape", "escape", `"`},
		{"null", "nullstr", ""}, {"nullstr", "nullstr", ""}, {"dateformat", "dateformat", ""}, {"timestampformat", "timestampformat", ""},
	} {
		value := text(p.copy)
		if value == "" {
			value = p.usual
		}
		if value != "" && !slices.ContainsFunc(x.quoting, func(c SetClause) bool { return c.Column == p.read && text(p.copy) == "" }) {
			x.quoting = append(slices.DeleteFunc(x.quoting, func(c SetClause) bool { return c.Column == p.read }),
				SetClause{p.read, project.QuoteString(value)})
		}
	}
	switch strings.ToLower(text("header")) {
	case "0", "false", "off":
		x.header = false
	}
	switch strings.ToLower(text("array")) {
	case "1", "true", "on":
		x.array = true
	}
	key := x.Format + "_read_options"
	for _, item := range r.dict(key).Items() {
		value := template.Str(item.Value)
		switch v := item.Value.(type) {
		case string:
			value = project.QuoteString(v)
		case bool:
			value = fmt.Sprint(v)
		}
		x.given = append(x.given, SetClause{strings.ToLower(template.Str(item.Key)), value})
	}
}

// beginExternal writes the files. The columns of the query are needed to read them back
// with the types they had.
func beginExternal(spec *Spec) Write {
	probe := around("", spec.SQL, "")
	x := spec.External
	return Write{
		Header: spec.Header, Contract: spec.probe(), Probe: &probe,
		Statements: []Statement{around("copy (\n", spec.SQL, fmt.Sprintf("\n) to %s (%s)", project.QuoteString(x.Written()), x.copyOptions()))},
	}
}

// copyOptions are the options of COPY. The name it is written under has another ending,
// so that the compression which DuckDB would take from it is said.
func (x *ExternalSpec) copyOptions() string {
	out := x.Options
	if x.Compression == "" && x.Format != "parquet" {
		for suffix, name := range map[string]string{".gz": "gzip", ".zst": "zstd"} {
			if strings.HasSuffix(strings.ToLower(x.Location), suffix) {
				x.Compression = name
				out += ", compression " + name
			}
		}
	}
	if x.Token != "" && x.isTree() {
		out += ", filename_pattern " + project.QuoteString(x.Token+"_{i}")
	}
	return out
}

// endExternal publishes the view.
func endExternal(spec *Spec, state State, columns []engine.Column) Finish {
	x := spec.External
	if columns == nil {
		columns = x.Columns
	}
	if x.Known != nil {
		columns = x.Known
	}
	f := Finish{AsView: x.read(x.Hidden, columns), Columns: x.Order(columns)}
	if state.IsTable() {
		f.Publish = append(f.Publish, dropExisting(spec.Published, state))
	}
	f.Publish = append(f.Publish, x.Show(spec.Published, columns))
	f.Warnings = x.warnings
	return f
}

// published is where readers find the files.
func (x *ExternalSpec) published() string {
	if x.Versioned {
		return x.Hidden
	}
	return x.Location
}

// Order is the order of the columns as they are read: those that are folders come last,
// by their names, as DuckDB reads them.
func (x *ExternalSpec) Order(columns []engine.Column) []engine.Column {
	var inside, folders []engine.Column
	for _, c := range columns {
		if x.isPartition(c.Name) {
			folders = append(folders, c)
		} else {
			inside = append(inside, c)
		}
	}
	slices.SortFunc(folders, func(a, b engine.Column) int { return strings.Compare(a.Name, b.Name) })
	return append(inside, folders...)
}

func (x *ExternalSpec) isPartition(name string) bool {
	return slices.ContainsFunc(x.PartitionBy, func(p string) bool {
		text, _ := columnName(p, nil)
		return strings.EqualFold(text, name)
	})
}

// read is the SELECT that reads the files under a name.
func (x *ExternalSpec) read(location string, columns []engine.Column) string {
	if x.Empty {
		items := make([]string, len(columns))
		for i, c := range x.Order(columns) {
			items[i] = fmt.Sprintf("cast(null as %s) as %s", c.Type, project.QuoteIdent(c.Name))
		}
		return "select " + strings.Join(items, ", ") + " where false"
	}
	if !x.Remote {
		location = project.LiteralPath(location)
	}
	if x.Folder {
		location += "/*" + strings.Repeat("/*", len(x.PartitionBy)) + "." + x.Format
	}
	args := []string{project.QuoteString(location)}
	if len(x.Objects) > 0 {
		args[0] = x.list(x.Objects)
	}
	for _, p := range x.parameters(columns) {
		args = append(args, p.Column+" = "+p.Expression)
	}
	return fmt.Sprintf("select * from read_%s(%s)", x.Format, strings.Join(args, ", "))
}

// list names files as a reader takes them.
func (x *ExternalSpec) list(paths []string) string {
	quoted := make([]string, len(paths))
	for i, p := range paths {
		if !x.Remote {
			p = project.LiteralPath(p)
		}
		quoted[i] = project.QuoteString(p)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// parameters are those of the reader; what the project sets wins.
func (x *ExternalSpec) parameters(columns []engine.Column) []SetClause {
	var out []SetClause
	if len(x.PartitionBy) > 0 {
		out = append(out, SetClause{"hive_partitioning", "true"}, SetClause{"hive_types", structOf(columns, x.isPartition)})
	}
	switch x.Format {
	case "parquet":
		out = append(out, SetClause{"union_by_name", "false"})
	case "csv":
		out = append(out, SetClause{"auto_detect", "false"}, SetClause{"header", fmt.Sprint(x.header)})
		out = append(append(out, x.quoting...), SetClause{"allow_quoted_nulls", "false"})
	case "json":
		format := "'newline_delimited'"
		if x.array {
			format = "'array'"
		}
		out = append(out, SetClause{"format", format})
	}
	if x.Format != "parquet" {
		if x.Compression != "" {
			out = append(out, SetClause{"compression", project.QuoteString(x.Compression)})
		}
		out = append(out, SetClause{"columns", structOf(columns, func(name string) bool { return !x.isPartition(name) })})
	}
	for _, g := range x.given {
		switch g.Column {
		case "auto_detect", "types", "dtypes", "column_types", "names":
			if g.Column != "auto_detect" || g.Expression == "true" {
				out = slices.DeleteFunc(out, func(c SetClause) bool { return c.Column == "columns" || c.Column == "auto_detect" })
			}
		}
		out = append(slices.DeleteFunc(out, func(c SetClause) bool { return c.Column == g.Column }), g)
	}
	return out
}

// structOf writes the types of some columns as DuckDB's readers take them.
func structOf(columns []engine.Column, some func(name string) bool) string {
	var out []string
	for _, c := range columns {
		if some(c.Name) {
			out = append(out, project.QuoteString(c.Name)+": "+project.QuoteString(c.Type))
		}
	}
	return "{" + strings.Join(out, ", ") + "}"
}
