package runner

import (
	"context"
	"errors"
	"slices"
	"strings"

	"elt/compiler/project"
	"elt/runner/engine"
)

// lackingOf says which known columns each file has not, where columns may come and go. It is nil
// where they may not, or none is known.
func (si *sourceIntake) lackingOf(files []intakeFile, found map[string][]engine.Column) map[string]string {
	if len(si.known) == 0 || !si.src.byName() {
		return nil
	}
	out := make(map[string]string, len(files))
	for _, f := range files {
		names := strings.Builder{}
		for _, c := range lacking(si.known, found[f.path]) {
			names.WriteString("\x00" + c.Name + "\x00")
		}
		out[f.path] = names.String()
	}
	return out
}

// hasNone reports whether a file has none of the columns that its source is known to have, but for
// those that its folders are.
func (si *sourceIntake) hasNone(f intakeFile, columns []engine.Column) bool {
	return len(si.known) > 0 && len(columns) > 0 && !slices.ContainsFunc(columns, func(c engine.Column) bool {
		_, ok := columnNamed(si.known, c.Name)
		return ok && !isPartition(f.path, c.Name)
	})
}

// readTogether is how some of the files are read: the source, the types of CSV columns as they were
// first found, and the known columns that none of these files has. The CSV reader takes types only
// for columns that one of its files has.
func (si *sourceIntake) readTogether(files []lakeFile) (src *lakeSource, typed []project.Setting, absent []engine.Column) {
	if si.lacks == nil {
		return si.src, si.typed, si.absent
	}
	none := map[string]bool{}
	for _, c := range si.known {
		if !slices.ContainsFunc(files, func(f lakeFile) bool { return !strings.Contains(si.lacks[f.path], "\x00"+c.Name+"\x00") }) {
			absent = append(absent, c)
			none[strings.ToLower(c.Name)] = true
		}
	}
	for _, t := range si.typed {
		if !none[strings.ToLower(t.Name)] {
			typed = append(typed, t)
		}
	}
	return si.src.withoutTypes(func(name string) bool { return none[strings.ToLower(name)] }), typed, absent
}

// withoutTypes is a source that does not declare the types of some columns.
func (src *lakeSource) withoutTypes(of func(name string) bool) *lakeSource {
	table := src.node.Table.WithoutTypes(of)
	if table == src.node.Table {
		return src
	}
	node, other := *src.node, *src
	node.Table, other.node = table, &node
	return &other
}

// describeWithout describes a CSV file that has not all columns whose types are declared, where
// columns may come and go.
func (w *worker) describeWithout(ctx context.Context, si *sourceIntake, f intakeFile, more []project.Setting, err error) ([]engine.Column, error) {
	var e *engine.Error
	if !si.src.byName() || !errors.As(err, &e) || !strings.Contains(e.Original, "COLUMN_TYPES error") {
		return nil, err
	}
	plain := si.src.withoutTypes(func(string) bool { return true })
	if plain == si.src {
		return nil, err
	}
	q := sent{sql: "from " + plain.read([]lakeFile{f.lakeFile}, more, nil), query: -1}
	columns, other := describeQuery(ctx, w.session, &q)
	if other != nil {
		return nil, err
	}
	there := si.src.withoutTypes(func(name string) bool { _, ok := columnNamed(columns, name); return !ok })
	q = sent{sql: "from " + there.read([]lakeFile{f.lakeFile}, more, nil), query: -1}
	return describeQuery(ctx, w.session, &q)
}

// expectDeclared lets the columns that a source declares be known where they may come and go: those
// that no file has yet are NULL.
func (si *sourceIntake) expectDeclared(declared []engine.Column) {
	if si.src.byName() && si.src.node.Table.Format == "csv" {
		si.known = append(slices.Clip(si.known), lacking(declared, si.known)...)
	}
}
