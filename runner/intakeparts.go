package runner

import (
	"slices"
	"strings"

	"elt/compiler/project"
	"elt/runner/engine"
)

// readPart is some of the files of a source, which are read together.
type readPart struct {
	files  []lakeFile
	typed  []project.Setting // the types of CSV columns, of those that all of them have
	absent []engine.Column   // known columns that none of them has
	from   string            // a FROM item of them
}

// mostParts is in how many parts the files of a source are read. Where more are needed, types
// are given to the columns that all files have.
const mostParts = 32

// lackingOf says which known columns each file has not, where columns may come and go. It is nil
// where they may not, or none is known.
func (si *sourceIntake) lackingOf(files []intakeFile, found map[string][]engine.Column) map[string]string {
	if !si.learned || !si.src.byName() {
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

// alike parts files so that each part can be read with the types of its columns: the CSV reader
// takes types only for columns that each of its files has. A value that is not of its type is an
// error with its file and line then, whatever other files arrive with it.
func (si *sourceIntake) alike(files []lakeFile) []readPart {
	var parts []readPart
	if si.lacks != nil && si.src.node.Table.Format == "csv" {
		at := map[string]int{}
		for _, f := range files {
			i, ok := at[si.lacks[f.path]]
			if !ok {
				i = len(parts)
				at[si.lacks[f.path]], parts = i, append(parts, readPart{})
			}
			parts[i].files = append(parts[i].files, f)
		}
	}
	if len(parts) == 0 || len(parts) > mostParts {
		parts = []readPart{{files: files}}
	}
	for i := range parts {
		parts[i].typed, parts[i].absent = si.typed, si.absent
		if si.lacks != nil {
			parts[i].typed, parts[i].absent = si.partColumns(parts[i].files)
		}
	}
	return parts
}

// partColumns are the types of the columns that all of some files have, and the known columns that
// none of them has.
func (si *sourceIntake) partColumns(files []lakeFile) (typed []project.Setting, absent []engine.Column) {
	lacks := func(f lakeFile, name string) bool { return strings.Contains(si.lacks[f.path], "\x00"+name+"\x00") }
	for _, t := range si.typed {
		if !slices.ContainsFunc(files, func(f lakeFile) bool { return lacks(f, t.Name) }) {
			typed = append(typed, t)
		}
	}
	for _, c := range si.known {
		if !slices.ContainsFunc(files, func(f lakeFile) bool { return !lacks(f, c.Name) }) {
			absent = append(absent, c)
		}
	}
	return typed, absent
}

// reading is the query of files as they are read, without what none of them has.
func (si *sourceIntake) reading(files []lakeFile) string {
	parts := si.alike(files)
	for i, part := range parts {
		parts[i].from = "(from " + si.src.read(part.files, nil, part.typed) + ")"
	}
	return "from " + joinParts(parts)
}

// joinParts is a FROM item of all parts.
func joinParts(parts []readPart) string {
	if len(parts) == 1 {
		return parts[0].from
	}
	queries := make([]string, len(parts))
	for i, part := range parts {
		queries[i] = "from " + part.from
	}
	return "(" + strings.Join(queries, " union all by name ") + ")"
}
