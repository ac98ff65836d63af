package runner

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/engine"
	"elt/runner/sieve"
)

// csvDialect is how CSV files of a source are written.
type csvDialect struct{ sieve.Dialect }

// sql are the reader options that say so.
func (d csvDialect) sql() string {
	char := func(b byte) string {
		if b == 0 {
			return "''"
		}
		return project.QuoteString(string(b))
	}
	out := ", delim = " + project.QuoteString(d.Delim) + ", quote = " + char(d.Quote) + ", escape = " + char(d.Escape) +
		", header = " + project.OptionLiteral(d.Header) + ", skip = " + project.OptionLiteral(int64(d.Skip))
	if d.Comment != 0 {
		out += ", comment = " + char(d.Comment)
	}
	return out
}

// dialectOf is what the source says of its CSV files; without a word they have a header,
// quotes as usual and whichever separator fits the declared columns.
func (src *lakeSource) dialectOf() csvDialect {
	char := func(usual byte, names ...string) byte {
		if v, ok := src.option(names...); ok {
			if text, _ := v.(string); len(text) == 1 {
				return text[0]
			}
			return 0
		}
		return usual
	}
	d := csvDialect{sieve.Dialect{Quote: char('"', "quote"), Header: true}}
	d.Escape, d.Comment = char(d.Quote, "escape"), char(0, "comment")
	if v, ok := src.option("delim", "sep"); ok {
		d.Delim, _ = v.(string)
	}
	if v, ok := src.option("skip"); ok {
		skip, _ := v.(int64)
		if n, ok := v.(int); ok {
			skip = int64(n)
		}
		d.Skip = int(skip)
	}
	if v, ok := src.option("header"); ok {
		d.Header = template.Truth(v)
	}
	return d
}

// groups parts the files by the columns they have. A CSV file with other columns than are
// declared is left out.
func (w *sieving) groups(ctx context.Context, files []lakeFile) ([]fileGroup, error) {
	var out []fileGroup
	at := map[string]int{}
	for _, f := range files {
		g, key, err := w.look(ctx, f)
		if err != nil || ctx.Err() != nil {
			return nil, err
		}
		if g == nil {
			continue
		}
		if _, ok := at[key]; !ok {
			at[key] = len(out)
			out = append(out, *g)
		}
		out[at[key]].files = append(out[at[key]].files, f)
	}
	return out, nil
}

// look finds how a file is read; nil where it cannot be.
func (w *sieving) look(ctx context.Context, f lakeFile) (*fileGroup, string, error) {
	src, format := w.sieved.src.formOf(f)
	if src == nil {
		formats, day := w.sieved.src.node.Table.FormatFor(w.shownPath(f.path))
		w.refuse(f, w.sieved.src.unformatted(f, formats, day))
		return nil, "", nil
	}
	if !f.remote && f.packing() != "" {
		if err := f.checkPack(ctx); err != nil {
			w.leaveOut(f, err)
			return nil, "", nil
		}
	}
	if src.node.Table.Format != "parquet" && f.isEmpty() {
		return nil, "", nil
	}
	group, key, err := w.lookAs(ctx, f, src, format)
	if group != nil {
		group.src, group.format = src, format
	}
	if format != nil {
		key += "\x00" + format.Name
	}
	return group, key, err
}

// lookAs finds how a file of a format is read.
func (w *sieving) lookAs(ctx context.Context, f lakeFile, src *lakeSource, format *project.FileFormat) (*fileGroup, string, error) {
	switch src.node.Table.Format {
	case "csv":
		return w.lookCSV(ctx, f, src.dialectOf(), format)
	case "json":
		g := &fileGroup{lines: src.isLines(f)}
		return g, project.OptionLiteral(g.lines), nil
	}
	q := sent{sql: "from " + src.node.Table.From([]string{f.glob()}), query: -1}
	columns, err := describeQuery(ctx, w.session, &q)
	if err != nil {
		if ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
		w.leaveOut(f, err)
		return nil, "", nil
	}
	g, types := &fileGroup{}, make([]string, len(columns))
	for i, c := range columns {
		g.header, types[i] = append(g.header, c.Name), c.Type
	}
	inFile := slices.DeleteFunc(slices.Clone(g.header), func(name string) bool { return isPartition(f.path, name) })
	if !w.fits(f, inFile, format) {
		return nil, "", nil
	}
	// Files read together take the types of the first, and a value that does not fit fails them all.
	return g, strings.Join(append(types, g.header...), "\x00"), nil
}

// lookCSV reads the header of a CSV file.
func (w *sieving) lookCSV(ctx context.Context, f lakeFile, d csvDialect, format *project.FileFormat) (*fileGroup, string, error) {
	declared := w.rawNames(format)
	if !d.Header && d.Delim != "" {
		return &fileGroup{header: declared, csv: d}, d.sql(), nil
	}
	line, err := w.firstRecord(ctx, f, d)
	if err != nil {
		w.leaveOut(f, err)
		return nil, "", nil
	}
	if line == "" { // an empty file has no rows
		return nil, "", nil
	}
	if d.Delim == "" {
		d.Delim = likeliest(line, declared, d)
	}
	header := declared
	if d.Header {
		header = headerFields(line, d)
		if !w.fits(f, header, format) {
			return nil, "", nil
		}
	}
	return &fileGroup{header: header, csv: d}, d.sql() + strings.Join(header, "\x00"), nil
}

// firstRecord is the first record of a file, the header where it has one.
func (w *sieving) firstRecord(ctx context.Context, f lakeFile, d csvDialect) (string, error) {
	d.Header = false
	in, err := openText(f)
	if err == nil && in != nil {
		defer in.Close()
		text := ""
		err = sieve.Records(in, d.Dialect, func(_ sieve.Record, line []byte) error { text = string(line); return io.EOF })
		if err == io.EOF {
			err = nil
		}
		return text, err
	}
	if err != nil {
		return "", err
	}
	t, err := w.session.Query(ctx, "select line from read_csv("+project.QuoteString(f.glob())+", auto_detect = false, header = false, columns = {'line': 'VARCHAR'}, delim = chr(1), quote = '', escape = '', strict_mode = false, skip = "+
		project.OptionLiteral(int64(d.Skip))+") limit 1")
	if err != nil || len(t.Rows) == 0 {
		return "", err
	}
	return textOrNone(t.Rows[0][0]), nil
}

// likeliest is the separator by which a line has most of the declared columns, or as many.
func likeliest(line string, declared []string, d csvDialect) string {
	best, most := ",", -1
	for _, c := range delimiters {
		d.Delim = string(c)
		fields := headerFields(line, d)
		found := 0
		for _, name := range declared {
			if d.Header && slices.ContainsFunc(fields, func(f string) bool { return strings.EqualFold(f, name) }) || !d.Header && len(fields) == len(declared) {
				found++
			}
		}
		if found > most {
			best, most = d.Delim, found
		}
	}
	return best
}

// headerFields parts a header into names.
func headerFields(line string, d csvDialect) []string {
	fields := strings.Split(line, d.Delim)
	if len(d.Delim) == 1 && d.Quote == '"' {
		in := csv.NewReader(strings.NewReader(line))
		in.Comma, in.LazyQuotes, in.FieldsPerRecord = rune(d.Delim[0]), true, -1
		if found, err := in.Read(); err == nil {
			fields = found
		}
	}
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	return fields
}

// fits compares the columns of a file with those declared. With union_by_name a file may
// lack some and have others besides.
func (w *sieving) fits(f lakeFile, header []string, format *project.FileFormat) bool {
	src := w.sieved.src
	have := make([]engine.Column, len(header))
	for i, name := range header {
		have[i].Name = name
	}
	names := w.rawNames(format)
	want := make([]engine.Column, len(names))
	for i, name := range names {
		want[i].Name = name
	}
	repeated := len(nameSet(have)) < len(have)
	if format != nil && !repeated {
		d := src.differs(f, format, want, namesOnly(have, want))
		if d != nil {
			w.refuse(f, d)
		}
		return d == nil
	}
	if !repeated && (src.byName() || len(lacking(want, have)) == 0 && len(lacking(have, want)) == 0) {
		return true
	}
	d := diag.New(diag.LakeFile, src.node.Place, "file %q has other columns than its source declares", w.shownPath(f.path))
	for _, c := range lacking(want, have) {
		d.WithNote(diag.Place{}, "it has no column %q", c.Name)
	}
	for _, c := range lacking(have, want) {
		d.WithNote(diag.Place{}, "its column %q is not declared", c.Name)
	}
	if repeated {
		d.WithNote(diag.Place{}, "it has a column twice")
	}
	d.WithNote(diag.Place{}, "expected: %s", nameList(want)).WithNote(diag.Place{}, "found: %s", nameList(have))
	w.refuse(f, d.WithHint("mend the file; or, if columns may come and go, say so: options: {union_by_name: true}"))
	return false
}

func nameSet(columns []engine.Column) map[string]bool {
	out := map[string]bool{}
	for _, c := range columns {
		out[strings.ToLower(c.Name)] = true
	}
	return out
}

// isLines reports whether a JSON file has an object a line: its format says so, its name
// does, or one of its first lines is JSON by itself.
func (src *lakeSource) isLines(f lakeFile) bool {
	if v, ok := src.option("format"); ok && v != "auto" {
		return v == "newline_delimited" || v == "nd"
	}
	name := strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(f.path, ".gz"), ".zst"))
	if strings.HasSuffix(name, ".ndjson") || strings.HasSuffix(name, ".jsonl") {
		return true
	}
	in, err := openText(f)
	if err != nil || in == nil {
		return false
	}
	defer in.Close()
	lines := 0
	found := false
	_ = sieve.Records(in, sieve.Dialect{}, func(_ sieve.Record, line []byte) error {
		line = bytes.TrimSpace(line)
		lines++
		if found = bytes.HasPrefix(line, []byte("{")) && json.Valid(line); found || lines == 1 && bytes.HasPrefix(line, []byte("[")) || lines == 100 {
			return io.EOF
		}
		return nil
	})
	return found
}

// openText opens a local file whose text elt can read itself, unpacked; nil for others.
func openText(f lakeFile) (io.ReadCloser, error) {
	name := strings.ToLower(f.path)
	if f.remote || slices.ContainsFunc([]string{".zst", ".bz2", ".xz"}, func(end string) bool { return strings.HasSuffix(name, end) }) {
		return nil, nil
	}
	in, err := os.Open(filepath.FromSlash(f.path))
	if err != nil || !strings.HasSuffix(name, ".gz") {
		return in, err
	}
	unpacked, err := gzip.NewReader(in)
	if err == io.EOF { // it is empty
		return in, nil
	}
	if err != nil {
		in.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{unpacked, in}, nil
}
