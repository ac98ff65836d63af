package compiler

import (
	"context"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/lineage"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
)

// fileReader is a place where a query reads files by itself: read_csv('x.csv') or 'x.csv'.
type fileReader struct {
	span  diag.Span
	text  string
	files []string
}

// unplannedReaders are the table functions over files whose plan DuckDB cannot write.
var unplannedReaders = map[string]bool{
	"read_csv": true, "read_csv_auto": true, "read_json": true, "read_json_auto": true, "read_ndjson": true,
	"read_ndjson_auto": true, "read_json_objects": true, "read_json_objects_auto": true, "read_ndjson_objects": true,
}

// fileReaders finds the CSV and JSON files that a query names itself.
func fileReaders(sql string) []fileReader {
	var readers []fileReader
	for _, chain := range sqltoken.Chains(sql) {
		if !chain.Call || len(chain.Parts) != 1 || !unplannedReaders[strings.ToLower(chain.Name())] {
			continue
		}
		if span, ok := callSpan(sql, chain.Span); ok {
			text := sql[span.Start:span.End]
			readers = append(readers, fileReader{span, text, readFiles(text)})
		}
	}
	before := ""
	for token := range sqltoken.Tokens(sql) {
		text := token.Text(sql)
		if token.Kind == sqltoken.String && (before == "FROM" || before == "JOIN") && isUnplannedFile(text) {
			readers = append(readers, fileReader{token.Span, text, readFiles(text)})
		}
		if token.Kind != sqltoken.Comment {
			before = strings.ToUpper(text)
		}
	}
	return readers
}

// callSpan is the span of a call from its name to its closing parenthesis.
func callSpan(sql string, name diag.Span) (diag.Span, bool) {
	depth := 0
	for token := range sqltoken.Tokens(sql[name.End:]) {
		switch token.Text(sql[name.End:]) {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return diag.Span{Start: name.Start, End: name.End + token.Span.End}, true
			}
		}
	}
	return diag.Span{}, false
}

// isUnplannedFile reports whether DuckDB takes a text behind FROM for a CSV or JSON file.
func isUnplannedFile(text string) bool {
	name := strings.ToLower(strings.Trim(text, "'"))
	for _, packed := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, packed)
	}
	for _, end := range []string{".csv", ".tsv", ".json", ".jsonl", ".ndjson"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// readFiles are the texts among the first arguments of a reader: its files or globs.
func readFiles(text string) []string {
	var files []string
	for token := range sqltoken.Tokens(text) {
		part := token.Text(text)
		switch {
		case token.Kind == sqltoken.String:
			files = append(files, strings.ReplaceAll(strings.Trim(part, "'"), "''", "'"))
		case len(files) > 0 && part != "," && part != "]":
			return files
		}
	}
	return files
}

// fileShell is the empty relation that stands for files which the query of a node names.
// Its schema is of that node alone, so that no other changes it meanwhile.
func fileShell(id, text string) project.Relation {
	return project.Relation{Database: FilesDatabase, Schema: "file:" + id + ":" + text, Identifier: fromName(text)}
}

// lineageOverFiles is the lineage of a query that reads CSV or JSON files by itself. Each
// becomes a shell, as the files of a source do. ok is false where it reads none, or where
// the query does not mean the same over a shell.
func (b *Bound) lineageOverFiles(ctx context.Context, id, sql string, names []string) (query *lineage.Query, ok bool) {
	readers := fileReaders(sql)
	catalog, err := b.shells(ctx)
	if err != nil || len(readers) == 0 {
		return nil, false
	}
	var edits []sqltoken.Edit
	files := map[string][]string{} // by the schema of the shell
	for _, reader := range readers {
		columns, err := catalog.Bind(ctx, "from "+reader.text)
		rel := fileShell(id, reader.text)
		if err == nil {
			b.mu.Lock() // as for every shell that is made
			err = catalog.Define(ctx, rel, columns)
			b.mu.Unlock()
		}
		if err != nil || len(reader.files) == 0 || overlaps(edits, reader.span) {
			return nil, false
		}
		files[rel.Schema] = reader.files
		edits = append(edits, sqltoken.Edit{Span: reader.span, Text: rel.String()})
	}
	text, _ := sqltoken.Rewrite(sql, edits)
	if columns, err := catalog.Bind(ctx, text); err != nil || !slices.Equal(columnNames(columns), names) {
		return nil, false
	}
	plan, err := catalog.BoundPlan(ctx, text)
	if err != nil {
		return nil, false
	}
	query, err = lineage.FromPlan([]byte(plan), names)
	if err != nil {
		return nil, false
	}
	for i, source := range query.Sources {
		if paths := files[source.Schema]; source.Catalog == FilesDatabase && paths != nil {
			query.Sources[i] = lineage.Source{Function: source.Table, Files: paths}
		}
	}
	return query, true
}

func columnNames(columns []Column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}
