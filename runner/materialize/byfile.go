package materialize

import (
	"fmt"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
)

// The changes of a files table whose rows stay as they are.
const untouched = "touched"

// CheckFileColumn makes sure that the query of a by_file model returns the column by
// which each row carries its file.
func (s *Spec) CheckFileColumn(query []engine.Column) error {
	if s.Files == nil {
		return nil
	}
	d := diag.New(diag.IncrementalConfig, s.place("incremental_strategy"),
		"the query of %q does not return the column %q", s.Published.Identifier, s.Files.Column)
	d.Node = s.Node
	if c, ok := find(query, s.Files.Column); ok {
		if c.Type == "" || c.Type == "VARCHAR" || strings.HasPrefix(c.Type, "ENUM") {
			return nil
		}
		d.Message = fmt.Sprintf("the column %q of %q is no name of a file but %s", s.Files.Column, s.Published.Identifier, c.Type)
	}
	d.Hint = fmt.Sprintf("under by_file the source has a column %q, the file of each row: select it, so that the rows of a file that changes can be replaced", s.Files.Column)
	return diag.List{d}
}

func (c *change) replacesFiles() bool {
	return c.spec.Files != nil && c.spec.Files.Replaces
}

// deleteFilesSQL deletes the rows of files that are taken in anew or are gone.
func (c *change) deleteFilesSQL(rel project.Relation) string {
	return fmt.Sprintf("delete from %s\nwhere %s in %s", rel, project.QuoteIdent(c.spec.Files.Column), c.spec.Files.oldFiles())
}

// oldFiles is the FROM item of the files whose rows go.
func (f *Files) oldFiles() string {
	return fmt.Sprintf("(select path from %s where change <> %s)", f.Table, project.QuoteString(untouched))
}

// taken are the files that are taken in, as SQL.
func (f *Files) taken() string {
	if f.Taken == nil {
		return fmt.Sprintf("select path from %s where change in ('new', 'changed')", f.Table)
	}
	paths := make([]string, len(f.Taken))
	for i, path := range f.Taken {
		paths[i] = project.QuoteString(path)
	}
	return strings.Join(paths, ", ")
}

// strayFiles is the check that each new row names a file that was taken in.
func strayFiles(spec *Spec, rel project.Relation) []Check {
	if spec.Files == nil {
		return nil
	}
	column := project.QuoteIdent(spec.Files.Column)
	return []Check{{
		SQL: fmt.Sprintf("select %s, count(*) as \"rows\"\nfrom %s\nwhere %s is null or %s not in (%s)\ngroup by 1\norder by all",
			column, rel, column, column, spec.Files.taken()),
		Code:    diag.IncrementalConfig,
		Message: fmt.Sprintf("rows of %q carry no file that was read", spec.Published.Identifier),
		Hint:    fmt.Sprintf("leave the column %q as the source has it", spec.Files.Column),
		Place:   spec.place("incremental_strategy"),
	}}
}
