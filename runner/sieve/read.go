package sieve

import (
	"fmt"
	"slices"
	"strings"

	"elt/compiler/project"
)

// Reading is how files of one source are read.
type Reading struct {
	Contract Contract
	Files    []string // absolute, as DuckDB's readers take them: patterns that match one file each
	Header   []string // CSV: the names of the columns in the files, in their order
	Options  string   // more reader options, as SQL: ", delim = ';'"
	Rejects  string   // CSV: names the temporary tables of DuckDB's rejects
	Into     project.Relation
	Raw      project.Relation // JSON and Parquet: the rows as they stand in the files

	From      map[string]string // JSON and Parquet: what columns are called in the files, by lower-case name, where that is not the same
	Constants map[string]string // what columns are that the files have not, as SQL, by lower-case name
}

// rawName is what a column is called in the files.
func (r Reading) rawName(c Column) string {
	if from := r.From[strings.ToLower(c.Name)]; from != "" {
		return from
	}
	return c.Name
}

// constant is what a column is that the files have not.
func (r Reading) constant(c Column) (string, bool) {
	text, ok := r.Constants[strings.ToLower(c.Name)]
	return text, ok
}

// CreateSieved makes the table of good rows.
func CreateSieved(into project.Relation, c Contract) string {
	var items []string
	for _, col := range c.All() {
		items = append(items, project.QuoteIdent(col.Name)+" "+col.Type)
	}
	return fmt.Sprintf("create or replace table %s (%s, %s varchar)", into, strings.Join(items, ", "), FileColumn)
}

// LoadCSV reads CSV files into the table of good rows. Every column is read, since DuckDB
// looks only at those that are; nothing is guessed, since a bad value would change the
// guess.
func LoadCSV(r Reading) string {
	types := make([]Column, len(r.Header))
	for i, name := range r.Header {
		types[i] = Column{name, "VARCHAR"}
		if at := indexOf(r.Contract.Columns, name); at >= 0 {
			types[i].Type = r.Contract.Columns[at].Type
		}
	}
	var items []string
	for _, c := range r.Contract.Columns {
		if indexOf(types, c.Name) < 0 {
			constant, ok := r.constant(c)
			if !ok {
				constant = "null"
			}
			items = append(items, "cast("+constant+" as "+c.Type+")")
			continue
		}
		items = append(items, project.QuoteIdent(c.Name))
	}
	for _, c := range r.Contract.Folders {
		items = append(items, project.QuoteIdent(c.Name))
	}
	return fmt.Sprintf("insert into %s select %s, %s from read_csv(%s, auto_detect = false, columns = %s, store_rejects = true, rejects_limit = 0, rejects_table = '%s', rejects_scan = '%s_scans', filename = '%s'%s)",
		r.Into, strings.Join(items, ", "), FileColumn, fileList(r.Files), Types(types), r.Rejects, r.Rejects, FileColumn, r.Options)
}

// CSVRejects reads what DuckDB has rejected: file, byte at which the record begins, from 1,
// number of the record, column, reason and text, a row for each record.
func CSVRejects(r Reading) string {
	kinds := "case lower(column_name)"
	for _, c := range r.Contract.Columns {
		kinds += " when " + project.QuoteString(strings.ToLower(c.Name)) + " then " + project.QuoteString(c.Type)
	}
	kinds += " end"
	const convert = `'Could not convert string "(.*)" to '''`
	return fmt.Sprintf(`select file_path, line_byte_position, min(line), (list(name order by _elt_at) filter (name is not null))[1],
	string_agg(why, '; ' order by _elt_at), min(csv_line)
from (select file_path, line_byte_position, min(line) as line, min(column_idx) as _elt_at,
	min(case when error_type = 'CAST' then column_name end) as name, min(csv_line) as csv_line, case error_type::varchar
	when 'CAST' then column_name || ': "' || regexp_extract(error_message, %s, 1, 's') || '" is not of type ' || %s
	when 'MISSING COLUMNS' then regexp_extract(error_message, 'Found: ([0-9]+)', 1) || ' columns, expected ' || regexp_extract(error_message, 'Columns: ([0-9]+)', 1)
	when 'TOO MANY COLUMNS' then regexp_extract(error_message, 'Found: ([0-9]+)', 1) || ' columns, expected ' || regexp_extract(error_message, 'Columns: ([0-9]+)', 1)
	when 'UNQUOTED VALUE' then 'a quoted value does not end as it should'
	when 'LINE SIZE OVER MAXIMUM' then 'the row is longer than max_line_size'
	when 'INVALID ENCODING' then 'the text is not UTF-8'
	else lower(error_type::varchar) end as why
	from %s join %s_scans using (scan_id, file_id) group by file_path, line_byte_position, why)
group by 1, 2 order by 1, 2`, convert, kinds, r.Rejects, r.Rejects)
}

// DropCSVRejects drops DuckDB's tables.
func DropCSVRejects(r Reading) []string {
	return []string{"drop table if exists " + r.Rejects, "drop table if exists " + r.Rejects + "_scans"}
}

// RawLines reads the lines of text files, those with nothing in them aside.
func RawLines(r Reading) string {
	return fmt.Sprintf(`create or replace table %s as select line as %s, %s, row_number() over (partition by %s order by _elt_at) as %s
from (select rtrim(line, e'\r') as line, %s, row_number() over () as _elt_at from read_csv(%s, auto_detect = false, columns = {'line': 'VARCHAR'}, header = false, delim = chr(1), quote = '', escape = '', strict_mode = false, max_line_size = 67108864, filename = '%s'%s))
where trim(line, e' \t\r') <> ''`,
		r.Raw, RawColumn, FileColumn, FileColumn, NumberColumn, FileColumn, fileList(r.Files), FileColumn, r.Options)
}

// RawObjects reads the objects of JSON files, whatever stands between them.
func RawObjects(r Reading) string {
	return fmt.Sprintf(`create or replace table %s as select json::varchar as %s, %s, row_number() over (partition by %s order by _elt_at) as %s
from (select *, row_number() over () as _elt_at from read_json_objects(%s, filename = '%s'%s))`,
		r.Raw, RawColumn, FileColumn, FileColumn, NumberColumn, fileList(r.Files), FileColumn, r.Options)
}

// RawParquet reads the rows of Parquet files.
func RawParquet(r Reading) string {
	var items []string
	for i, c := range append(slices.Clone(r.Contract.Columns), r.Contract.Folders...) {
		name, raw := "null", r.rawName(c)
		if constant, ok := r.constant(c); ok {
			name = constant
		} else if len(r.Header) == 0 || slices.ContainsFunc(r.Header, func(h string) bool { return strings.EqualFold(h, raw) }) || i >= len(r.Contract.Columns) {
			name = project.QuoteIdent(raw)
		}
		items = append(items, fmt.Sprintf("%s as _elt_in_%d", name, i))
	}
	return fmt.Sprintf("create or replace table %s as select %s, filename as %s, file_row_number + 1 as %s from read_parquet(%s, filename = true, file_row_number = true%s)",
		r.Raw, strings.Join(items, ", "), FileColumn, NumberColumn, fileList(r.Files), r.Options)
}

func indexOf(columns []Column, name string) int {
	return slices.IndexFunc(columns, func(c Column) bool { return strings.EqualFold(c.Name, name) })
}

func fileList(paths []string) string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = project.QuoteString(p)
	}
	return "[" + strings.Join(out, ", ") + "]"
}
