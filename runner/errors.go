package runner

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/duckdb"
	"elt/runner/engine"
)

// sent is a statement as it went to the database, and what leads back from it.
type sent struct {
	sql   string
	back  offsets // to the statement with published names
	query int     // where the node's compiled SQL begins in that; -1 if nowhere
}

// fault says what a database error about a node's statement means for the person who
// wrote the node.
func (r *run) fault(n *nodeRun, s sent, err error) *diag.Diagnostic {
	var d *diag.Diagnostic
	if errors.As(err, &d) {
		return d
	}
	var e *engine.Error
	if !errors.As(err, &e) {
		return &diag.Diagnostic{Code: diag.Database, Message: err.Error(), Place: n.node.Place, Node: n.node.UniqueID, Err: err}
	}
	d = &diag.Diagnostic{
		Code: codeOf(e), Message: r.publicText(lowerFirst(e.Message)), Place: n.node.Place,
		Node: n.node.UniqueID, Err: err, Hint: r.hintOf(e),
	}
	if e.File != "" {
		rawPlace(d, e)
	}
	r.pinpoint(d, n, s, e)
	return d
}

// codeOf tells mistakes in SQL from bad data and from a database that cannot go on.
func codeOf(e *engine.Error) diag.Code {
	switch e.Kind {
	case engine.Parser, engine.Binder, engine.Catalog:
		return diag.SQL
	case engine.Conversion, engine.Constraint:
		return diag.Data
	case engine.IO, engine.OutOfMemory, engine.Transaction:
		return diag.Database
	}
	return diag.SQL
}

// columnNotFound is DuckDB's word for a column that does not exist.
const columnNotFound = "COLUMN_NOT_FOUND"

// hintOf turns DuckDB's candidates and kinds into advice.
func (r *run) hintOf(e *engine.Error) string {
	var candidates []string
	for _, c := range e.Candidates {
		if e.Subtype == columnNotFound {
			candidates = append(candidates, strings.Split(c, ",")...) // DuckDB joins columns by commas
			continue
		}
		candidates = append(candidates, r.publicText(c))
	}
	meant := diag.Suggest(e.Name, candidates)
	switch {
	case meant != "":
		return fmt.Sprintf("did you mean %q?", meant)
	case e.Hint != "":
		return r.publicText(e.Hint)
	case len(candidates) > 0:
		quoted := make([]string, len(candidates))
		for i, c := range candidates {
			quoted[i] = fmt.Sprintf("%q", c)
		}
		return "DuckDB proposes " + strings.Join(quoted, ", ")
	case e.Kind == engine.OutOfMemory:
		return "give DuckDB more memory (settings: memory_limit), a temp_directory with room, or fewer threads"
	case e.Kind == engine.IO && strings.Contains(strings.ToLower(e.Message), "no space"):
		return "make room on the disk and run again; what was published is as it was"
	}
	return ""
}

// rawPlace names the line of a raw file that could not be read.
func rawPlace(d *diag.Diagnostic, e *engine.Error) {
	where := e.File
	if e.Line > 0 {
		where = fmt.Sprintf("%s, line %d", e.File, e.Line)
	}
	if e.ColumnName != "" {
		where += fmt.Sprintf(", column %q", e.ColumnName)
	}
	d.Code = diag.Data
	d.Notes = append(d.Notes, diag.Note{Message: where})
	if e.Text != "" {
		d.Notes = append(d.Notes, diag.Note{Message: "the line reads: " + e.Text})
	}
}

// pinpoint leads an error's position back to the template.
func (r *run) pinpoint(d *diag.Diagnostic, n *nodeRun, s sent, e *engine.Error) {
	compiled := n.node.Compiled
	if e.Position < 0 || s.query < 0 || compiled == nil {
		return
	}
	offset := s.back.Old(e.Position) - s.query
	if offset < 0 || offset > len(compiled.SQL) {
		return
	}
	d.Compiled = &diag.Place{
		Source: diag.NewSource(r.compiledPath(n.node), compiled.SQL),
		Span:   span(offset, tokenEnd(compiled.SQL, offset)),
	}
	if compiled.Map == nil {
		return
	}
	place, ok := compiled.Map.Origin(offset)
	if !ok || place.IsZero() {
		return
	}
	word := d.Compiled.Text()
	if strings.HasPrefix(place.Source.Text[min(place.Span.Start, len(place.Source.Text)):], word) {
		place.Span.End = place.Span.Start + len(word)
	}
	d.Place = place
}

// tokenEnd is where the token at an offset ends.
func tokenEnd(sql string, offset int) int {
	for tok := range sqltoken.Tokens(sql) {
		if tok.Span.Start > offset {
			break
		}
		if offset < tok.Span.End {
			return tok.Span.End
		}
	}
	return offset
}

// compiledPath is where `elt compile` writes a node's SQL.
func (r *run) compiledPath(node *project.Node) string {
	return path.Join("target", "compiled", node.Package, node.OriginalPath)
}

// publicText takes hidden names out of a text of the database.
func (r *run) publicText(text string) string {
	text = strings.ReplaceAll(text, `"`+duckdb.ShadowDatabase+`".`, project.QuoteIdent(r.database)+".")
	text = strings.ReplaceAll(text, duckdb.ShadowDatabase+".", r.database+".")
	if !strings.Contains(text, "_elt_"+r.id) {
		return text
	}
	for _, n := range r.nodes {
		if n.candidate.Identifier != "" {
			text = replaceWord(text, n.candidate.Identifier, n.node.Relation.Identifier)
		}
	}
	return text
}

// replaceWord replaces a name where no digit follows it: _elt_x_1 is not _elt_x_12.
func replaceWord(text, old, instead string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, old)
		if i < 0 {
			return b.String() + text
		}
		end := i + len(old)
		b.WriteString(text[:i])
		if end < len(text) && text[end] >= '0' && text[end] <= '9' {
			b.WriteString(old)
		} else {
			b.WriteString(instead)
		}
		text = text[end:]
	}
}

func lowerFirst(s string) string {
	if len(s) > 1 && 'A' <= s[0] && s[0] <= 'Z' && !('A' <= s[1] && s[1] <= 'Z') {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}

// openFault says why the target's database cannot be opened.
func openFault(err error) error {
	if errors.Is(err, context.Canceled) {
		return ErrInterrupted
	}
	var setup *duckdb.SetupError
	if errors.As(err, &setup) {
		return &diag.Diagnostic{Code: diag.Database, Message: fmt.Sprintf("%s %q cannot be set up: %v", setup.What, setup.Name, setup.Err), Err: err}
	}
	var open *duckdb.OpenError
	if !errors.As(err, &open) {
		return &diag.Diagnostic{Code: diag.Database, Message: err.Error(), Err: err}
	}
	message, hint := openWords(open)
	return &diag.Diagnostic{Code: diag.Database, Message: message, Hint: hint, Err: err}
}

// openWords is what is wrong with a database file, and what to do.
func openWords(e *duckdb.OpenError) (message, hint string) {
	switch e.Kind {
	case duckdb.Locked:
		holder := "another process"
		if e.PID > 0 {
			holder = fmt.Sprintf("process %d", e.PID)
			if e.Command != "" {
				holder += fmt.Sprintf(" (%s)", e.Command)
			}
		}
		return fmt.Sprintf("database %q is locked by %s", e.Path, holder),
			"close it there, or wait for it with --wait 30s"
	case duckdb.NotDatabase:
		return fmt.Sprintf("file %q is not a DuckDB database", e.Path), "point the target's path at another file, or move this one away"
	case duckdb.Newer:
		version := "a newer DuckDB"
		if e.Version != "" {
			version = "DuckDB " + e.Version
		}
		return fmt.Sprintf("database %q was written by %s, which this elt cannot read", e.Path, version),
			"use a newer elt, or export the database with the DuckDB that wrote it"
	case duckdb.ReadOnly:
		return fmt.Sprintf("database %q cannot be written: the file or its folder is read-only", e.Path), "change its permissions, or point the target's path elsewhere"
	case duckdb.Missing:
		return fmt.Sprintf("database %q cannot be opened: its folder does not exist", e.Path), "create the folder, or look at the target's path"
	case duckdb.Recovery:
		return fmt.Sprintf("database %q was not closed properly and must be opened for writing once", e.Path), "run elt clean where the file and its folder can be written"
	case duckdb.Permission:
		return fmt.Sprintf("database %q may not be read", e.Path), "change its permissions"
	case duckdb.Corrupt:
		return fmt.Sprintf("database %q is damaged: %s", e.Path, e.Message), "restore it from a copy, or move it away and build again"
	}
	return fmt.Sprintf("database %q cannot be opened: %s", e.Path, e.Message), ""
}
