package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/engine"
	"elt/runner/state"
)

// inspect looks at the columns of the files that are to be taken in, and leaves out those
// that have others than the source is known to have: what came before them in the
// ledger, or on the first build what most files have. It also settles the types by which
// CSV files are read, so that a type, once found, does not depend on which files happen
// to arrive together.
func (w *worker) inspect(ctx context.Context, n *nodeRun) error {
	for _, si := range n.intake.sources {
		if len(si.take) == 0 {
			continue
		}
		if si.src.node.Quarantines() {
			if err := w.sieveTaken(ctx, n, si); err != nil {
				return err
			}
			continue
		}
		if err := w.lookFirst(ctx, n, si); err != nil {
			return err
		}
		if si.src.formatted() {
			if err := w.inspectFormats(ctx, n, si); err != nil {
				return err
			}
			continue
		}
		found, err := w.columnsOf(ctx, n, si)
		if err != nil {
			return err
		}
		if si.known == nil {
			si.known = usual(found)
		}
		si.expectDeclared(w.sourceColumns(si.src.node))
		if bad := si.drifted(found); len(bad) > 0 && !n.intake.leaveOut(bad) {
			return n.intake.whys()
		}
		w.useFilesTable(n)
		if err := w.settleColumns(ctx, si, found); err != nil {
			return err
		}
	}
	return nil
}

// columnsOf returns the columns of each file that is to be taken in. A file that cannot
// be looked at is left out.
func (w *worker) columnsOf(ctx context.Context, n *nodeRun, si *sourceIntake) (map[string][]engine.Column, error) {
	out := make(map[string][]engine.Column, len(si.take))
	byHeader, ends := map[string][]engine.Column{}, map[bool]bool{}
	var bad []fileFailure
	if si.plain = si.plainDelim(); si.plain != "" {
		for _, f := range si.readable() {
			out[f.path] = si.known
		}
		return out, nil
	}
	for _, f := range si.readable() {
		header, plain := si.src.header(f.lakeFile)
		if plain {
			ends[endsInReturn(header)] = true
		}
		if columns, ok := byHeader[header]; ok && plain && !si.closely() {
			out[f.path] = columns
			continue
		}
		columns, err := w.describeFile(ctx, si, f)
		if err != nil {
			var e *engine.Error
			if ctx.Err() != nil || !errors.As(err, &e) {
				return nil, err
			}
			if e.File == "" {
				e.File = f.path
			}
			bad = append(bad, fileFailure{file: f, source: si.src.node.UniqueID, why: diag.List{w.fault(ctx, n, sent{query: -1}, err)}})
			continue
		}
		out[f.path], byHeader[header] = columns, columns
	}
	si.unlikeEnds = si.unlikeEnds || len(ends) > 1
	if len(bad) > 0 && !n.intake.leaveOut(bad) {
		return nil, n.intake.whys()
	}
	return out, nil
}

// describeFile returns the columns of one file. The types of a short CSV file are those of
// all its rows: a fraction far down would else be read, rounded, as the whole number that
// the column was taken for.
func (w *worker) describeFile(ctx context.Context, si *sourceIntake, f intakeFile) ([]engine.Column, error) {
	var more []project.Setting
	if si.closely() && !f.remote && f.size <= hashLimit && !si.src.hasOption("sample_size") {
		more = []project.Setting{{Name: "sample_size", Value: int64(-1)}}
	}
	q := sent{sql: "from " + si.src.read([]lakeFile{f.lakeFile}, more, nil), query: -1}
	columns, err := describeQuery(ctx, w.session, &q)
	if err != nil {
		return w.describeWithout(ctx, si, f, more, err)
	}
	return columns, nil
}

// mostClosely is how many CSV files that arrive together are each looked at for types.
const mostClosely = 200

// closely reports whether the types of each CSV file are looked at: there are types
// that they must keep.
func (si *sourceIntake) closely() bool {
	return si.learned && si.src.node.Table.Format == "csv" && len(si.take) <= mostClosely
}

func (src *lakeSource) hasOption(names ...string) bool {
	return slices.ContainsFunc(src.node.Table.Options.Items(), func(item template.Item) bool {
		key, _ := item.Key.(string)
		return slices.Contains(names, strings.ToLower(key))
	})
}

// saysHeader reports whether the options say that files begin with the names of columns.
func (src *lakeSource) saysHeader() bool {
	return slices.ContainsFunc(src.node.Table.Options.Items(), func(item template.Item) bool {
		key, _ := item.Key.(string)
		return strings.EqualFold(key, "header") && item.Value == true
	})
}

// headerBlind are reader options under which the first line of a file need not tell its
// columns.
var headerBlind = []string{"skip", "comment", "names", "column_names", "columns", "compression", "encoding", "new_line"}

// header is the first line of a plain CSV file, with its end; files with the same have the same
// columns.
func (src *lakeSource) header(f lakeFile) (line string, plain bool) {
	if !src.isPlain(f) {
		return "", false
	}
	return readWholeLine(f.path, 1)
}

// isPlain reports whether a file is a CSV file whose first line tells its columns.
func (src *lakeSource) isPlain(f lakeFile) bool {
	name := strings.ToLower(f.path)
	if src.node.Table.Format != "csv" || f.remote || slices.ContainsFunc([]string{".gz", ".zst", ".bz2", ".xz"}, func(end string) bool { return strings.HasSuffix(name, end) }) {
		return false
	}
	return !src.hasOption(headerBlind...) && (!src.hasOption("header") || src.saysHeader())
}

func endsInReturn(line string) bool { return strings.HasSuffix(line, "\r\n") }

// usual are the columns that most files have; of equally many, those of the first file.
func usual(found map[string][]engine.Column) []engine.Column {
	count := map[string]int{}
	for _, columns := range found {
		count[nameKey(columns)]++
	}
	var best []engine.Column
	paths := make([]string, 0, len(found))
	for path := range found {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		if best == nil || count[nameKey(found[path])] > count[nameKey(best)] {
			best = found[path]
		}
	}
	return best
}

// nameKey is the same for columns of the same names, whatever their order.
func nameKey(columns []engine.Column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = strings.ToLower(c.Name)
	}
	slices.Sort(names)
	return strings.Join(names, "\x00")
}

// drifted are the files whose columns are not those the source is known to have.
func (si *sourceIntake) drifted(found map[string][]engine.Column) []fileFailure {
	var bad []fileFailure
	for _, f := range si.take {
		columns, ok := found[f.path]
		if !ok {
			continue
		}
		if d := si.drift(f, columns); d != nil {
			bad = append(bad, fileFailure{file: f, source: si.src.node.UniqueID, why: diag.List{d}})
		}
	}
	return bad
}

// drift compares a file's columns with those known; nil where they agree.
func (si *sourceIntake) drift(f intakeFile, columns []engine.Column) *diag.Diagnostic {
	var notes []string
	hint := "mend the file; or, if columns may come and go, say so: options: {union_by_name: true}"
	if !si.src.byName() {
		for _, c := range lacking(si.known, columns) {
			notes = append(notes, fmt.Sprintf("it has no column %q", c.Name))
		}
		for _, c := range lacking(columns, si.known) {
			notes = append(notes, fmt.Sprintf("its column %q is new", c.Name))
		}
	} else if si.hasNone(f, columns) {
		notes = append(notes, "it has none of the columns")
		hint = "mend the file; or say in the source's options how it is written (delim, header)"
	}
	if len(notes) == 0 {
		hint = "mend the file; or cast the column, declare its data_type where it is CSV, and build with --full-refresh"
	}
	for _, c := range columns {
		if was, ok := columnNamed(si.known, c.Name); ok && si.retyped(was.Type, c.Type) {
			notes = append(notes, fmt.Sprintf("its column %q is %s, expected %s", c.Name, c.Type, was.Type))
		}
	}
	if len(notes) == 0 {
		return nil
	}
	d := diag.New(diag.LakeFile, si.src.node.Place, "file %q has other columns than the files before it", f.name)
	d.Node = si.src.node.UniqueID
	for _, note := range notes {
		d.WithNote(diag.Place{}, "%s", note)
	}
	d.WithNote(diag.Place{}, "expected: %s", nameList(si.known))
	d.WithNote(diag.Place{}, "found: %s", nameList(columns))
	return d.WithHint("%s", hint)
}

// retyped reports whether a column has become another one. The types of CSV files are a
// guess, and a value that does not fit stops the load; only what would be rounded does not.
func (si *sourceIntake) retyped(was, now string) bool {
	if si.src.node.Table.Format == "csv" {
		return isInteger(was) && (now == "DOUBLE" || now == "FLOAT" || strings.HasPrefix(now, "DECIMAL"))
	}
	return was != now && !(isInteger(was) && isInteger(now))
}

func isInteger(kind string) bool {
	return slices.Contains([]string{"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}, kind)
}

// lacking returns the columns of a that b has not.
func lacking(a, b []engine.Column) []engine.Column {
	return slices.DeleteFunc(slices.Clone(a), func(c engine.Column) bool { _, ok := columnNamed(b, c.Name); return ok })
}

func columnNamed(columns []engine.Column, name string) (engine.Column, bool) {
	i := slices.IndexFunc(columns, func(c engine.Column) bool { return strings.EqualFold(c.Name, name) })
	if i < 0 {
		return engine.Column{}, false
	}
	return columns[i], true
}

func nameList(columns []engine.Column) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// byName reports whether the source says that columns may come and go.
func (src *lakeSource) byName() bool {
	for _, item := range src.node.Table.Options.Items() {
		if key, _ := item.Key.(string); strings.EqualFold(key, "union_by_name") {
			return item.Value == true
		}
	}
	return false
}

// settleColumns settles the columns of what is taken in: those known keep their types,
// those that are new have the types of all files that are taken in together.
func (w *worker) settleColumns(ctx context.Context, si *sourceIntake, found map[string][]engine.Column) error {
	files := si.readable()
	if len(files) == 0 {
		return nil
	}
	si.typed, si.absent, si.lacks = nil, nil, si.lackingOf(files, found)
	if si.src.node.Table.Format == "csv" && si.learned {
		for _, c := range si.known {
			if strings.EqualFold(c.Name, si.src.fileOption()) || slices.ContainsFunc(files, func(f intakeFile) bool { return isPartition(f.path, c.Name) }) {
				continue // the reader takes types only for columns that stand in the file
			}
			if si.lacks == nil && slices.ContainsFunc(files, func(f intakeFile) bool { _, ok := columnNamed(found[f.path], c.Name); return !ok }) {
				continue
			}
			si.typed = append(si.typed, project.Setting{Name: c.Name, Value: c.Type})
		}
	}
	columns, ok := si.foreseen(found)
	if !ok {
		src, typed, _ := si.readTogether(lakeFiles(files))
		q := sent{sql: "from " + src.read(lakeFiles(files), nil, typed), query: -1}
		var err error
		if columns, err = describeQuery(ctx, w.session, &q); err != nil {
			return nil // the load will say what is wrong
		}
	}
	if si.learned || si.lacks != nil {
		si.absent = lacking(si.known, columns)
	}
	si.settled = append(slices.Clone(columns), si.absent...)
	return nil
}

// foreseen returns the columns by which files of CSV are read, where they follow from what
// each was found to have: all the same, in the same order, but of the types that are known.
func (si *sourceIntake) foreseen(found map[string][]engine.Column) ([]engine.Column, bool) {
	src := si.src
	declared := slices.ContainsFunc(src.node.Columns, func(c *project.Column) bool { return c.DataType != "" })
	if !si.learned || src.node.Table.Format != "csv" || declared || src.formatted() ||
		src.hasOption("union_by_name", "types", "dtypes", "column_types", "columns", "auto_type_candidates") {
		return nil, false
	}
	files := si.readable()
	first := found[files[0].path]
	for _, f := range files {
		if !slices.Equal(found[f.path], first) {
			return nil, false
		}
	}
	columns := slices.Clone(first)
	for i, c := range columns {
		for _, known := range si.typed {
			if kind, ok := known.Value.(string); ok && strings.EqualFold(known.Name, c.Name) {
				columns[i].Type = kind
			}
		}
	}
	return columns, len(columns) > 0
}

// isPartition reports whether a column comes from a folder of the path: "day" of
// "lake/day=2024-01-01/a.csv".
func isPartition(file, column string) bool {
	for folder := range strings.SplitSeq(path.Dir(filepath.ToSlash(file)), "/") {
		if name, _, ok := strings.Cut(folder, "="); ok && strings.EqualFold(name, column) {
			return true
		}
	}
	return false
}

// encodeColumns writes columns for the ledger.
func encodeColumns(columns []engine.Column) string {
	if len(columns) == 0 {
		return ""
	}
	pairs := make([][2]string, len(columns))
	for i, c := range columns {
		pairs[i] = [2]string{c.Name, c.Type}
	}
	b, _ := json.Marshal(pairs) // texts always marshal
	return string(b)
}

// learn takes over what the ledger knows of the columns of a source: those of the file
// that was taken in last.
func (si *sourceIntake) learn(ledger map[string]state.LedgerFile) {
	var last state.LedgerFile
	for _, f := range ledger {
		if f.Source == si.src.node.UniqueID && f.Columns != "" &&
			(f.TakenAt.After(last.TakenAt) || f.TakenAt.Equal(last.TakenAt) && f.Path > last.Path) {
			last = f
		}
	}
	var pairs [][2]string
	if json.Unmarshal([]byte(last.Columns), &pairs) != nil {
		return // nothing was taken in yet
	}
	for _, p := range pairs {
		si.known = append(si.known, engine.Column{Name: p[0], Type: p[1]})
	}
	si.learned = len(si.known) > 0
}
