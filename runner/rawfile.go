package runner

import (
	"bufio"
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
)

// blameFile leads an error about a raw file to the line that could not be read, and says
// who was reading it. A file that cannot be looked at line by line is only named.
func (r *run) blameFile(ctx context.Context, d *diag.Diagnostic, n *nodeRun, e *engine.Error) {
	if r.blameUnequal(ctx, d, n, e) {
		return
	}
	reader := d.Place
	d.Code, d.Compiled = diag.Data, nil
	shown := r.shownPath(e.File)
	d.Message = strings.ReplaceAll(d.Message, e.File, shown)
	if n.node.Type == project.Seed {
		d.Code = diag.Seed
	}
	if d.Hint == "" && strings.Contains(d.Message, "is not of type ") {
		d.Hint = r.valueHint(n, e.File)
	}
	if src := lineOf(e, shown); src != nil {
		at := valueIn(src.Text, headerOf(e), e)
		d.Place = diag.Place{Source: src, Span: at}
		if n.node.Type != project.Seed {
			d.Notes = append(d.Notes, diag.Note{Message: fmt.Sprintf("%s %q reads the file", n.node.Type, n.node.Name), Place: reader})
		}
		return
	}
	if d.Hint == "" && strings.HasPrefix(d.Message, "it was not possible to detect how the CSV file") {
		d.Hint = "say in the source's options how it is written (delim, quote, header, encoding), or keep the rows that cannot be read apart: on_bad_rows: quarantine"
	}
	where := shown
	if e.Line > 0 {
		where = fmt.Sprintf("%s, line %d", shown, e.Line)
	}
	if e.ColumnName != "" {
		where += fmt.Sprintf(", column %q", e.ColumnName)
	}
	d.Notes = append(d.Notes, diag.Note{Message: where})
	if e.Text != "" {
		d.Notes = append(d.Notes, diag.Note{Message: "it reads: " + e.Text})
	}
}

// valueHint says what to do about a value of a raw file that does not fit its column.
func (r *run) valueHint(n *nodeRun, file string) string {
	switch {
	case n.node.Type == project.Seed:
		return "correct the value, or give the column another type under column_types"
	case r.sourceOfFile(n, file) != nil:
		return "correct the value, or keep such rows apart and take in the others: on_bad_rows: quarantine"
	}
	return ""
}

// placeFile puts the error about a file that is not there at the text that names it in the
// node's query.
func (r *run) placeFile(d *diag.Diagnostic, n *nodeRun, e *engine.Error) {
	if !strings.HasPrefix(d.Message, "no file matches ") || n.node.Compiled == nil {
		return
	}
	sql := n.node.Compiled.SQL
	for tok := range sqltoken.Tokens(sql) {
		if tok.Kind == sqltoken.String && tok.Text(sql) == project.QuoteString(e.File) && r.placeAt(d, n, tok.Span) {
			d.Notes = nil // of the file, which the message names
			break
		}
	}
	if d.Hint == "" {
		d.Hint = r.plan.FileMeant(e.File)
	}
}

// shownPath is a file's path relative to the project where it is inside.
func (r *run) shownPath(file string) string {
	rel, err := filepath.Rel(r.plan.Project.Root, filepath.FromSlash(file))
	if err != nil || strings.HasPrefix(rel, "..") {
		return file
	}
	return filepath.ToSlash(rel)
}

// furthest is how much of a raw file is read to show a line of it.
const furthest = 256 << 20

// lineOf reads the line of a text file that an error is about; nil where there is none
// or where it does not hold the text the error names.
func lineOf(e *engine.Error, shown string) *diag.Source {
	if e.Line < 1 || e.Text == "" {
		return nil
	}
	line, ok := readLine(e.File, e.Line)
	if ok && !utf8.ValidString(line) {
		line = readable(line, e)
	}
	if !ok || !strings.Contains(line, strings.TrimSuffix(e.Text, "…")) {
		return nil
	}
	src := diag.NewSource(shown, line)
	src.First = int(e.Line)
	return src
}

// readable is a line that is not UTF-8, as text: in Latin-1 where the value that the error
// names is found so, else with its bytes escaped. What DuckDB shows of a line that it could
// not decode is of no use, so the error names the first such byte then.
func readable(line string, e *engine.Error) string {
	var latin, escaped strings.Builder
	first := ""
	for rest := line; rest != ""; {
		r, size := utf8.DecodeRuneInString(rest)
		for _, b := range []byte(rest[:size]) {
			latin.WriteRune(rune(b))
		}
		text := rest[:size]
		if r == utf8.RuneError && size == 1 {
			text = fmt.Sprintf("\\x%02X", rest[0])
			first = cmp.Or(first, text)
		}
		escaped.WriteString(text)
		rest = rest[size:]
	}
	if text := strings.TrimSuffix(e.Text, "…"); strings.HasPrefix(e.Original, "CSV Error") && strings.Contains(e.Original, "Invalid unicode") {
		e.Text = first
	} else if strings.Contains(latin.String(), text) {
		return latin.String()
	}
	return escaped.String()
}

// headerOf is the first line of the file.
func headerOf(e *engine.Error) string {
	line, _ := readLine(e.File, 1)
	return strings.TrimPrefix(line, "\ufeff")
}

// readLine reads a line, counted from 1, without its end.
func readLine(file string, number int64) (string, bool) {
	line, ok := readWholeLine(file, number)
	return strings.TrimRight(line, "\r\n"), ok
}

// readWholeLine reads a line, counted from 1, with its end.
func readWholeLine(file string, number int64) (string, bool) {
	f, err := os.Open(filepath.FromSlash(file))
	if err != nil {
		return "", false
	}
	defer f.Close()
	read := int64(0)
	for in := bufio.NewReaderSize(f, 1<<16); read < furthest; number-- {
		line, err := in.ReadString('\n')
		if number == 1 && line != "" {
			return line, true
		}
		if err != nil {
			break
		}
		read += int64(len(line))
	}
	return "", false
}

// delimiters are those a header is tried with, the likeliest first.
const delimiters = ",;\t|"

// valueIn is where in a line the value stands that an error is about: in the column of
// that name where the header tells, else where the text occurs first.
func valueIn(line, header string, e *engine.Error) diag.Span {
	text := strings.TrimSuffix(e.Text, "…")
	if e.ColumnName != "" {
		for _, delimiter := range delimiters {
			if at, ok := fieldIn(line, header, e.ColumnName, delimiter); ok && strings.Contains(line[at.Start:at.End], text) {
				return at
			}
		}
	}
	start := max(strings.Index(line, text), 0)
	return span(start, start+len(text))
}

// fieldIn is where the field of a named column stands in a line.
func fieldIn(line, header, column string, delimiter rune) (diag.Span, bool) {
	names, _ := fieldsOf(header, delimiter)
	_, spans := fieldsOf(line, delimiter)
	for i, name := range names {
		if strings.EqualFold(strings.TrimSpace(name), column) && i < len(spans) && len(names) > 1 {
			return spans[i], true
		}
	}
	return diag.Span{}, false
}

// fieldsOf parts a line of CSV.
func fieldsOf(line string, delimiter rune) ([]string, []diag.Span) {
	in := csv.NewReader(strings.NewReader(line))
	in.Comma, in.LazyQuotes, in.FieldsPerRecord = delimiter, true, -1
	fields, err := in.Read()
	if err != nil {
		return nil, nil
	}
	spans := make([]diag.Span, len(fields))
	for i, f := range fields {
		_, column := in.FieldPos(i)
		start := min(column-1, len(line))
		spans[i] = span(start, min(start+len(f), len(line)))
	}
	return fields, spans
}
