package runner

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
)

// fileFormats is what a run knows of the formats of one source.
type fileFormats struct {
	dialects map[*project.FileFormat][]project.Setting // how CSV files are written
	expected map[*project.FileFormat][]engine.Column   // the columns of files, types as DuckDB writes them
	headers  map[string][]engine.Column                // of plain CSV files, by format and first line
	checked  bool
	problems diag.List // what is wrong with the files, once checked
}

// formatted reports whether the source declares formats.
func (src *lakeSource) formatted() bool { return len(src.node.Table.Formats) > 0 }

// read is the FROM item over files, each read as its format says where the source has
// formats. more are further reader options, typed types of CSV columns, and keep columns
// of the readers that are handed on beside those of the source.
func (src *lakeSource) read(files []lakeFile, more, typed []project.Setting, keep ...string) string {
	if src.formatted() {
		return src.node.FromFormats(src.byFormat(files, more), keep...)
	}
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = f.glob()
	}
	if src.node.Table.Bare != "" && len(files) == 1 && len(more)+len(typed) == 0 {
		return project.QuoteString(paths[0]) // its columns go on being called by the file's name
	}
	if src.apart {
		more = append(slices.Clone(more), readAlone())
	}
	return src.node.Table.FromTyped(paths, slices.Concat(src.dialect, more), typed)
}

// byFormat parts files by their formats; those that do not have one are left out.
func (src *lakeSource) byFormat(files []lakeFile, more []project.Setting) []project.FormatFiles {
	paths := map[*project.FileFormat][]string{}
	for _, f := range files {
		if format := src.formatOf(f); format != nil {
			paths[format] = append(paths[format], f.glob())
		}
	}
	var out []project.FormatFiles
	for _, format := range src.node.Table.Formats {
		if len(paths[format]) > 0 {
			out = append(out, project.FormatFiles{Format: format, Paths: paths[format], More: slices.Concat(src.formats.dialects[format], more)})
		}
	}
	return out
}

// formatOf is the format of a file, nil where there is not one.
func (src *lakeSource) formatOf(f lakeFile) *project.FileFormat {
	if formats, _ := src.node.Table.FormatFor(src.shown(f.path)); len(formats) == 1 {
		return formats[0]
	}
	return nil
}

// as is the source as files of a format have it.
func (src *lakeSource) as(f *project.FileFormat) *lakeSource {
	node := *src.node
	node.Table = src.node.Table.As(f)
	out := &lakeSource{node: &node, root: src.root}
	return out
}

// sniffFormats settles how the CSV files of each format are written.
func (src *lakeSource) sniffFormats(ctx context.Context, s engine.Session) {
	if src.formats.dialects != nil {
		return
	}
	src.formats.dialects = map[*project.FileFormat][]project.Setting{}
	for _, format := range src.node.Table.Formats {
		var files []lakeFile
		for _, f := range src.files {
			if len(files) < 2 && src.formatOf(f) == format {
				files = append(files, f)
			}
		}
		src.formats.dialects[format] = sniffDialect(ctx, s, src.as(format).node, files)
	}
	src.pin()
}

// pin settles what the source reads.
func (src *lakeSource) pin() {
	src.pinned = src.read(src.files, nil, nil)
	if src.pinned == "" {
		src.pinned = emptySelect(src.node)
	}
	src.live = src.pinned
}

// describer returns the columns of a query.
type describer func(ctx context.Context, query string) ([]engine.Column, error)

func describerOf(s engine.Session) describer {
	return func(ctx context.Context, query string) ([]engine.Column, error) {
		return describeQuery(ctx, s, &sent{sql: query, query: -1})
	}
}

// misfit says why a file does not keep to a format of its source; nil where it does. An
// error of DuckDB about the file is returned as such.
func (src *lakeSource) misfit(ctx context.Context, describe describer, f lakeFile) (*diag.Diagnostic, error) {
	formats, day := src.node.Table.FormatFor(src.shown(f.path))
	if len(formats) != 1 {
		return src.unformatted(f, formats, day), nil
	}
	format := formats[0]
	want, err := src.expectedOf(ctx, describe, format)
	if err != nil {
		return nil, err
	}
	have, err := src.rawColumns(ctx, describe, f, format)
	if err != nil {
		return nil, err
	}
	return src.differs(f, format, want, have), nil
}

// unformatted is the error about a file that has none or several of the formats.
func (src *lakeSource) unformatted(f lakeFile, formats []*project.FileFormat, day string) *diag.Diagnostic {
	var d *diag.Diagnostic
	name := src.shown(f.path)
	if len(formats) > 1 {
		d = diag.New(diag.LakeFile, src.node.Place, "file %q has two formats, %q and %q", name, formats[0].Name, formats[1].Name).
			WithHint("let the days or patterns of each format be those of no other")
	} else {
		d = diag.New(diag.LakeFile, src.node.Place, "file %q has none of the formats of source %q", name, sourceName(src.node)).
			WithHint("declare a format for it; one without from, until and files is for all files that have no other")
	}
	d.Node = src.node.UniqueID
	if day == "" {
		day = "none"
	}
	d.WithNote(diag.Place{}, "the day that its name tells: %s", day)
	for _, format := range src.node.Table.Formats {
		d.WithNote(format.Place, "format %q", format.Name)
	}
	return d
}

// expectedOf are the columns that files of a format must have.
func (src *lakeSource) expectedOf(ctx context.Context, describe describer, format *project.FileFormat) ([]engine.Column, error) {
	if found, ok := src.formats.expected[format]; ok {
		return found, nil
	}
	raw, _ := src.node.RawColumns(format)
	items := make([]string, len(raw))
	for i, c := range raw {
		items[i] = fmt.Sprintf("cast(null as %s) as %s", c.Value, project.QuoteIdent(c.Name))
	}
	var found []engine.Column
	if len(items) > 0 {
		var err error
		if found, err = describe(ctx, "select "+strings.Join(items, ", ")); err != nil {
			d := diag.New(diag.LakeFile, format.Place, "the types of the format %q cannot be read: %v", format.Name, err)
			d.Node = src.node.UniqueID
			return nil, diag.List{d}
		}
	}
	if src.formats.expected == nil {
		src.formats.expected = map[*project.FileFormat][]engine.Column{}
	}
	src.formats.expected[format] = found
	return found, nil
}

// rawColumns are the columns that a file has, folders of its path aside. Those of CSV files
// are names only: their types are a guess.
func (src *lakeSource) rawColumns(ctx context.Context, describe describer, f lakeFile, format *project.FileFormat) ([]engine.Column, error) {
	as := src.as(format)
	line, plain := as.header(f)
	key := format.Name + "\x00" + line
	if found, ok := src.formats.headers[key]; ok && plain {
		return found, nil
	}
	table, more := as.node.Table, src.formats.dialects[format]
	if table.Format == "csv" {
		table = untyped(table)
	}
	found, err := describe(ctx, "from "+table.FromWith([]string{f.glob()}, more))
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(c engine.Column) bool { return isPartition(f.path, c.Name) })
	if plain {
		found = namedBy(line, found)
		if src.formats.headers == nil {
			src.formats.headers = map[string][]engine.Column{}
		}
		src.formats.headers[key] = found
	}
	return found, nil
}

// namedBy are columns of a CSV file whose header DuckDB may have taken for a row, since all
// that it reads is text: then the header is what has as many fields.
func namedBy(header string, found []engine.Column) []engine.Column {
	if len(found) == 0 || found[0].Name != "column0" && found[0].Name != "column00" {
		return found
	}
	for _, delimiter := range delimiters {
		in := csv.NewReader(strings.NewReader(strings.TrimPrefix(header, "\ufeff")))
		in.Comma, in.LazyQuotes = delimiter, true
		names, err := in.Read()
		if err != nil || len(names) != len(found) {
			continue
		}
		out := make([]engine.Column, len(names))
		for i, name := range names {
			out[i] = engine.Column{Name: name, Type: found[i].Type}
		}
		return out
	}
	return found
}

// differs compares the columns of a file with those of its format.
func (src *lakeSource) differs(f lakeFile, format *project.FileFormat, want, have []engine.Column) *diag.Diagnostic {
	var notes []string
	if src.node.Table.Format != "json" { // a key that is left out is empty
		for _, c := range lacking(want, have) {
			notes = append(notes, fmt.Sprintf("it has no column %q", c.Name))
		}
	}
	for _, c := range lacking(have, want) {
		if !slices.ContainsFunc(format.Ignore, func(name string) bool { return strings.EqualFold(name, c.Name) }) {
			notes = append(notes, fmt.Sprintf("its column %q is not declared", c.Name))
		}
	}
	for _, c := range have {
		was, ok := columnNamed(want, c.Name)
		if ok && src.node.Table.Format == "parquet" && was.Type != c.Type && !(isInteger(was.Type) && isInteger(c.Type)) {
			notes = append(notes, fmt.Sprintf("its column %q is %s, expected %s", c.Name, c.Type, was.Type))
		}
	}
	if len(notes) == 0 {
		return nil
	}
	d := diag.New(diag.LakeFile, src.node.Place, "file %q has other columns than its format %q", src.shown(f.path), format.Name)
	d.Node = src.node.UniqueID
	for _, note := range notes {
		d.WithNote(diag.Place{}, "%s", note)
	}
	d.WithNote(diag.Place{}, "expected: %s", nameList(want)).WithNote(diag.Place{}, "found: %s", nameList(have))
	return d.WithHint("mend the file; or, if files come like this from now on, add a format from its day on")
}

// misfits are what is wrong with the files of a source, one diagnostic for each, found once
// a run. The caller holds the mutex of the quarantine.
func (src *lakeSource) misfits(ctx context.Context, describe describer) (diag.List, error) {
	if src.formats.checked {
		return src.formats.problems, nil
	}
	var list diag.List
	for _, f := range src.files {
		d, err := src.misfit(ctx, describe, f)
		var e *engine.Error
		if errors.As(err, &e) && ctx.Err() == nil {
			continue // the load says what is wrong with it
		}
		if err != nil {
			return nil, err
		}
		if d != nil {
			list = append(list, d)
		}
	}
	src.formats.checked, src.formats.problems = true, list
	return list, nil
}

// holdToFormats refuses to read files whole that do not keep to a format of their source.
func (r *run) holdToFormats(ctx context.Context, src *lakeSource) error {
	r.quarantine.mu.Lock()
	defer r.quarantine.mu.Unlock()
	if src.formats.checked && src.pinned != "" {
		return src.formats.problems.Err()
	}
	session, err := r.sessions.get(ctx)
	if err != nil {
		return err
	}
	defer r.sessions.put(session)
	if src.pinned == "" { // where files are not pinned
		if err := r.lake.expandFormats(ctx, session, src); err != nil {
			return err
		}
	}
	list, err := src.misfits(ctx, describerOf(session))
	if err != nil {
		return err
	}
	return list.Err()
}

// expandFormats lists the files of a source with formats where files are not pinned: no
// pattern says which format a file has.
func (l *lake) expandFormats(ctx context.Context, session engine.Session, src *lakeSource) error {
	found, err := l.open(ctx, session, src.node, src.text)
	if err != nil {
		return err
	}
	src.files, src.formats = found.files, fileFormats{}
	src.pin()
	return nil
}

// inspectFormats leaves out the files that do not keep to a format of their source.
func (w *worker) inspectFormats(ctx context.Context, n *nodeRun, si *sourceIntake) error {
	var bad []fileFailure
	for _, f := range si.readable() {
		w.quarantine.mu.Lock()
		d, err := si.src.misfit(ctx, describerOf(w.session), f.lakeFile)
		w.quarantine.mu.Unlock()
		var e *engine.Error
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &e):
			if e.File == "" {
				e.File = f.path
			}
			bad = append(bad, fileFailure{file: f, source: si.src.node.UniqueID, why: diag.List{w.fault(ctx, n, sent{query: -1}, err)}})
		case err != nil:
			return err
		case d != nil:
			bad = append(bad, fileFailure{file: f, source: si.src.node.UniqueID, why: diag.List{d}})
		}
	}
	if len(bad) > 0 && !n.intake.leaveOut(bad) {
		return n.intake.whys()
	}
	w.useFilesTable(n)
	si.settled = si.known
	return nil
}

// keepFormats looks ahead at the files of a source with formats, unless there are too many;
// where some are taken in by file, a file stops itself alone.
func (f *bindFacts) keepFormats(ctx context.Context, node *project.Node) error {
	src := f.run.lake.sources[node.UniqueID]
	if src == nil || !src.formatted() || node.Quarantines() || len(src.files) > mostDescribed || !f.run.plan.Project.IsElt {
		return nil
	}
	byFile := slices.ContainsFunc(f.run.readersOf(node.UniqueID), func(id string) bool {
		reader := f.run.plan.Nodes[id]
		return reader != nil && reader.TakenByFile(node)
	})
	if byFile {
		return nil
	}
	return f.run.holdToFormats(ctx, src)
}
