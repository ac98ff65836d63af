package project

import (
	"path"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// fillLake sets what files a source table reads. The table's keys win over the source's.
func (p *Project) fillLake(st *SourceTable, s *SourcePatch, t *TablePatch, n *Node, diags *report) {
	lake := t.Lake
	if lake.location.Text == "" {
		lake.location = s.Lake.location
	}
	if lake.paths == nil && t.Lake.location.Text == "" {
		lake.paths = s.Lake.paths
	}
	resolveLocation(&lake, n)
	if lake.format.Value == nil {
		lake.format = s.Lake.format
	}
	st.Options = mergedDicts(s.Lake.options, lake.options)
	st.OptionPlace = lake.optionsAt
	if st.OptionPlace.IsZero() {
		st.OptionPlace = s.Lake.optionsAt
	}
	for _, allow := range []*bool{s.Lake.allowEmpty, lake.allowEmpty} {
		if allow != nil {
			st.AllowEmpty = *allow
		}
	}
	st.OnBadRows = orElse(orElse(lake.onBadRows, s.Lake.onBadRows), "fail")
	if st.MaxRejects = lake.maxRejects; st.MaxRejects == nil {
		st.MaxRejects = s.Lake.maxRejects
	}
	st.Format, _ = lake.format.Value.(string)
	st.fillFormats(lake, s.Lake, diags)
	names := locationNames(n, s)
	for _, l := range lake.paths {
		st.Paths = append(st.Paths, Located{fillNames(l.Text, names), l.Place})
	}
	if lake.location.Text != "" && len(lake.paths) == 0 {
		p.fillLocation(st, lake, names, diags)
	}
	if st.AllowEmpty && len(st.Paths) > 0 && len(t.Columns) == 0 {
		diags.add(diag.New(diag.WrongType, n.Place, "source %q may be empty, but declares no columns", st.SourceName+"."+n.Name).
			WithHint("declare its columns: with name and data_type, which an empty table has too, or take allow_empty out"))
	}
	if st.Bare == "" {
		st.types = declaredTypes(t.Columns, st.Paths)
	}
	if len(st.Paths) > 0 && st.Format == "" {
		st.Format = formatOfAll(st, diags)
	}
	checkPartitions(st, diags)
}

// resolveLocation finds external_location and its formatter as dbt-duckdb does: in the
// merged config (project file, source, table), else in the merged meta.
func resolveLocation(lake *lakeKeys, n *Node) {
	written := lake.location
	lake.location.Text, lake.formatter = mergedText(n, "external_location"), mergedText(n, "formatter")
	if lake.location.Text == written.Text {
		return
	}
	lake.location.Place = n.Config.Place("external_location")
	if lake.location.Place.IsZero() {
		lake.location.Place = n.Place
	}
}

func mergedText(n *Node, key string) string {
	if text := n.Config.String(key, ""); text != "" {
		return text
	}
	v, _ := dictGet(n.Meta, key)
	text, _ := v.(string)
	return text
}

// fillLocation reads dbt-duckdb's external_location: a FROM item if it holds a "("
// or begins with a quote, else a path.
func (p *Project) fillLocation(st *SourceTable, lake lakeKeys, names *template.Dict, diags *report) {
	text, missing := formatLocation(lake.location.Text, orElse(lake.formatter, "newstyle"), names)
	if missing != "" {
		diags.add(diag.New(diag.WrongType, lake.location.Place, "%q names %q, which the source does not have", "external_location", missing).
			WithHint("it can name name, identifier, schema, database and the keys of meta"))
		return
	}
	if strings.Contains(text, "(") || strings.HasPrefix(text, "'") {
		st.Expression, st.Location = text, text
		return
	}
	st.Paths, st.Location = []Located{{text, lake.location.Place}}, "'"+text+"'"
	if !p.IsElt && st.isBare() {
		st.Bare = st.Location
	}
}

// isBare reports whether nothing of elt's own says how the files of a source are read.
func (st *SourceTable) isBare() bool {
	return st.Format == "" && len(st.Formats) == 0 && (st.Options == nil || st.Options.Len() == 0) && !st.AllowEmpty && st.OnBadRows == "fail"
}

// locationNames are the names a location may hold: dbt-duckdb's, and meta and
// unknown config keys over them.
func locationNames(n *Node, s *SourcePatch) *template.Dict {
	d := template.NewDict()
	dictSet(d, "name", n.Name)
	dictSet(d, "identifier", n.Relation.Identifier)
	dictSet(d, "schema", n.Relation.Schema)
	dictSet(d, "database", n.Relation.Database)
	dictSet(d, "source_name", s.Name)
	dictSet(d, "tags", stringList(n.Tags))
	if n.Meta != nil {
		d.Update(n.Meta)
	}
	for _, k := range n.Config.Keys() {
		if v, _ := n.Config.Get(k); !knownConfig(Source).set[k] {
			dictSet(d, k, v.Value)
		}
	}
	return d
}

// fillNames replaces {name} where name is known; other braces stay.
func fillNames(text string, names *template.Dict) string {
	var out strings.Builder
	for {
		start := strings.IndexByte(text, '{')
		if start < 0 {
			break
		}
		end := strings.IndexByte(text[start:], '}')
		if end < 0 {
			break
		}
		v, ok := dictGet(names, text[start+1:start+end])
		if !ok {
			out.WriteString(text[:start+1])
			text = text[start+1:]
			continue
		}
		out.WriteString(text[:start])
		out.WriteString(template.Str(v))
		text = text[start+end+1:]
	}
	return out.String() + text
}

// formatLocation fills a location in by one of Python's three ways of formatting.
// missing is a name that is not known.
func formatLocation(text, formatter string, names *template.Dict) (out, missing string) {
	open, end, escaped := "{", "}", "{{"
	switch formatter {
	case "oldstyle":
		open, end, escaped = "%(", ")s", "%%"
	case "template":
		return formatTemplate(text, names)
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		rest := text[i:]
		switch {
		case strings.HasPrefix(rest, escaped):
			b.WriteByte(escaped[0])
			i += 2
		case open == "{" && strings.HasPrefix(rest, "}}"):
			b.WriteByte('}')
			i += 2
		case strings.HasPrefix(rest, open):
			name, _, closed := strings.Cut(rest[len(open):], end)
			v, ok := dictGet(names, name)
			if !closed || !ok {
				return "", name
			}
			b.WriteString(template.Str(v))
			i += len(open) + len(name) + len(end)
		default:
			b.WriteByte(rest[0])
			i++
		}
	}
	return b.String(), ""
}

// formatTemplate fills in $name and ${name}; $$ is a dollar.
func formatTemplate(text string, names *template.Dict) (out, missing string) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '$' {
			b.WriteByte(text[i])
			continue
		}
		rest := text[i+1:]
		if strings.HasPrefix(rest, "$") {
			b.WriteByte('$')
			i++
			continue
		}
		name, skip := "", 0
		if strings.HasPrefix(rest, "{") {
			name, _, _ = strings.Cut(rest[1:], "}")
			skip = len(name) + 2
		} else {
			end := 0
			for end < len(rest) && (rest[end] == '_' || rest[end] >= 'a' && rest[end] <= 'z' || rest[end] >= 'A' && rest[end] <= 'Z' || end > 0 && rest[end] >= '0' && rest[end] <= '9') {
				end++
			}
			name, skip = rest[:end], end
		}
		v, ok := dictGet(names, name)
		if !ok {
			return "", name
		}
		b.WriteString(template.Str(v))
		i += skip
	}
	return b.String(), ""
}

// formatOfAll derives the format from the paths' extensions.
func formatOfAll(st *SourceTable, diags *report) string {
	found := ""
	for _, l := range st.Paths {
		f := FormatOf(l.Text)
		switch {
		case f == "":
			diags.add(diag.New(diag.WrongType, l.Place, "the format of %q cannot be told from its name", l.Text).
				WithHint("give format: csv, parquet or json"))
			return ""
		case found != "" && f != found:
			diags.add(diag.New(diag.WrongType, l.Place, "%q is %s, but the other paths are %s", l.Text, f, found).
				WithHint("make one table for each format"))
			return found
		}
		found = f
	}
	return found
}

// FormatOf tells the format of a file by its extension, a compression's left aside: "csv",
// "parquet", "json", or "" for any other.
func FormatOf(file string) string {
	if hasScheme(file) {
		file, _, _ = strings.Cut(file, "?")
	}
	file = strings.ToLower(file)
	for _, c := range []string{".gz", ".zst", ".bz2", ".xz"} {
		file = strings.TrimSuffix(file, c)
	}
	switch path.Ext(file) {
	case ".csv", ".tsv", ".txt", ".psv":
		return "csv"
	case ".parquet", ".parq", ".pq":
		return "parquet"
	case ".json", ".ndjson", ".jsonl":
		return "json"
	}
	return ""
}

// declaredTypes are the columns with a data_type. Those that are folders of the
// path ("day=2024-01-01") come second: their type is not the file's business.
func declaredTypes(columns []*ColumnPatch, paths []Located) [2][]Setting {
	var out [2][]Setting
	for _, c := range columns {
		if c.DataType == "" {
			continue
		}
		kind := 0
		if isFolder(c.Name, paths) {
			kind = 1
		}
		out[kind] = append(out[kind], Setting{c.Name, c.DataType})
	}
	return out
}

// checkPartitions makes sure that options can be written at all.
func checkPartitions(st *SourceTable, diags *report) {
	for _, item := range st.Options.Items() {
		name, ok := item.Key.(string)
		if !ok || !isOptionName(name) {
			diags.add(diag.New(diag.WrongType, st.OptionPlace, "%q cannot be the name of a reader option", template.Str(item.Key)).
				WithHint("options are the named parameters of DuckDB's read_csv, read_parquet and read_json"))
			st.Options.Delete(item.Key)
		}
	}
}

func isOptionName(s string) bool {
	for i, r := range s {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

// From renders a lake source as a FROM item over the given paths: read_csv,
// read_parquet or read_json with the options as named parameters, in the order they
// are written. Declared column types of CSV files become "types". Without paths, and
// for a table of a database, it is "".
func (t *SourceTable) From(paths []string) string { return t.FromWith(paths, nil) }

// FromWith is From with more reader options behind those of the source.
func (t *SourceTable) FromWith(paths []string, more []Setting) string {
	return t.FromTyped(paths, more, nil)
}

// FromTyped is FromWith with the types of columns of CSV files, as far as neither options
// nor declared columns say them.
func (t *SourceTable) FromTyped(paths []string, more, types []Setting) string {
	if len(paths) == 0 {
		return ""
	}
	reader, ok := map[string]string{"csv": "read_csv", "parquet": "read_parquet", "json": "read_json"}[t.Format]
	if !ok {
		return ""
	}
	var b strings.Builder
	b.WriteString(reader)
	b.WriteByte('(')
	if len(paths) == 1 {
		b.WriteString(QuoteString(paths[0]))
	} else {
		for i, p := range paths {
			b.WriteString([]string{"[", ", "}[min(i, 1)] + QuoteString(p))
		}
		b.WriteByte(']')
	}
	for _, o := range slices.Concat(t.readerOptions(types), more) {
		b.WriteString(", " + o.Name + " = " + optionLiteral(o.Value))
	}
	b.WriteByte(')')
	return b.String()
}

// WithoutTypes is the table without the declared types of some columns; the same where there are
// none.
func (t *SourceTable) WithoutTypes(of func(name string) bool) *SourceTable {
	if !slices.ContainsFunc(t.types[0], func(s Setting) bool { return of(s.Name) }) {
		return t
	}
	out := *t
	out.types[0] = slices.DeleteFunc(slices.Clone(t.types[0]), func(s Setting) bool { return of(s.Name) })
	return &out
}

// FromColumns is FromWith for CSV files of which all columns are known, with their types: DuckDB does
// not search for how they are written. No types may be declared.
func (t *SourceTable) FromColumns(paths []string, more, columns []Setting) string {
	more = append(slices.Clone(more), Setting{"auto_detect", false}, Setting{"columns", joinTypes(columns, nil)})
	return t.FromTyped(paths, more, nil)
}

// readerOptions are the options as written, with declared types joined in, and learned
// ones below those.
func (t *SourceTable) readerOptions(learned []Setting) []Setting {
	types := slices.Clone(t.types[0])
	for _, s := range learned {
		if !slices.ContainsFunc(slices.Concat(types, t.types[1]), func(d Setting) bool { return strings.EqualFold(d.Name, s.Name) }) {
			types = append(types, s)
		}
	}
	var out []Setting
	names := map[string]bool{}
	for _, item := range t.Options.Items() {
		name, _ := item.Key.(string)
		names[strings.ToLower(name)] = true
		value := item.Value
		if value == nil { // a table can so undo an option of its source
			continue
		}
		if d, ok := value.(*template.Dict); ok && t.Format == "csv" && isTypesOption(name) {
			value = joinTypes(types, d)
		}
		out = append(out, Setting{name, value})
	}
	given := names["types"] || names["dtypes"] || names["column_types"] || names["columns"] || names["all_varchar"]
	if t.Format == "csv" && len(types) > 0 && !given {
		out = append(out, Setting{"types", joinTypes(types, nil)})
	}
	if len(t.types[1]) > 0 && !names["hive_types"] && !t.noPartitions() {
		out = append(out, Setting{"hive_types", joinTypes(t.types[1], nil)})
	}
	return out
}

// noPartitions reports whether folders are told not to be columns.
func (t *SourceTable) noPartitions() bool {
	v, _ := dictGet(t.Options, "hive_partitioning")
	return v == false
}

func isTypesOption(name string) bool {
	switch strings.ToLower(name) {
	case "types", "dtypes", "column_types":
		return true
	}
	return false
}

// joinTypes puts types given as an option over the declared ones.
func joinTypes(declared []Setting, given *template.Dict) *template.Dict {
	d := template.NewDict()
	for _, s := range declared {
		dictSet(d, s.Name, s.Value)
	}
	if given != nil {
		d.Update(given)
	}
	return d
}

// optionLiteral renders the value of a reader option as SQL.
func optionLiteral(v template.Value) string {
	switch x := v.(type) {
	case nil:
		return "NULL"
	case bool:
		if x {
			return "true"
		}
		return "false"
	case string:
		return QuoteString(x)
	case *template.List:
		return elementList(x.Elems)
	case template.Tuple:
		return elementList(x)
	case *template.Dict:
		parts := make([]string, 0, x.Len())
		for _, item := range x.Items() {
			parts = append(parts, QuoteString(template.Str(item.Key))+": "+optionLiteral(item.Value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return template.Str(v)
}

func elementList(elems []template.Value) string {
	parts := make([]string, len(elems))
	for i, e := range elems {
		parts[i] = optionLiteral(e)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// ReaderOptions are the options of the source as they are written, those undone aside.
func (t *SourceTable) ReaderOptions() []Setting {
	var out []Setting
	for _, item := range t.Options.Items() {
		if name, ok := item.Key.(string); ok && item.Value != nil {
			out = append(out, Setting{name, item.Value})
		}
	}
	return out
}

// OptionLiteral renders the value of a reader option as SQL.
func OptionLiteral(v template.Value) string { return optionLiteral(v) }
