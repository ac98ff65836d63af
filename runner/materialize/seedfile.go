package materialize

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"elt/compiler/diag"
	"elt/runner/engine"
)

// SeedOptions are the config of a seed. quote_columns changes nothing: names are
// always quoted, and DuckDB finds them in any letter case.
type SeedOptions struct {
	Delimiter   string       // one character; "" means a comma
	ColumnTypes []ColumnType // column_types
	TypesPlace  diag.Place   // of column_types; zero where it is not known
	// Numbers has a column whose name the header has before get a number behind it, as dbt does; else
	// that is an error.
	Numbers bool
}

// ColumnType is one entry of column_types.
type ColumnType struct{ Column, Type string }

// SeedTable is what a seed file holds, without its values.
type SeedTable struct {
	Columns []engine.Column
	Rows    int64
	// Warnings are about the options, such as a column type of an unknown column.
	Warnings diag.List

	header     []string // as DuckDB reads it; empty for columns without a name
	clean      []bool   // for each column whether values need white space and "null" taken off
	mixedBreak bool     // lines end in \n here and in \r\n there
	longest    int      // bytes of the longest row
}

// SeedFile reads a CSV file and infers the types of its columns as dbt does: whole
// numbers, other numbers, dates, timestamps, booleans, else text; a column without a
// value is an integer one. What dbt-duckdb would fail to load gets a type that holds
// it (whole numbers too big for INTEGER, numbers in a notation DuckDB has not).
//
// Whatever makes the file no proper CSV file is reported, all rows at once.
func SeedFile(source *diag.Source, opts SeedOptions) (*SeedTable, error) {
	return SeedFields(source, opts, func([]string) {})
}

// SeedFields is [SeedFile], and hands each row's fields to see as they stand in the file.
func SeedFields(source *diag.Source, opts SeedOptions, see func(fields []string)) (*SeedTable, error) {
	text := strings.TrimPrefix(source.Text, "\ufeff")
	p := &csvReader{source: source, text: text, shift: len(source.Text) - len(text), delimiter: ','}
	if opts.Delimiter != "" {
		p.delimiter, _ = utf8.DecodeRuneInString(opts.Delimiter)
	}
	if err := p.checkEncoding(); err != nil {
		return nil, err
	}
	header, ok := p.next()
	if !ok || len(header.fields) == 1 && header.fields[0].value == "" {
		p.report(0, "the file has no header").WithHint("the first line must name the columns")
		return nil, p.problems
	}
	names := p.columnNames(header, opts.Numbers)
	p.meant = p.otherDelimiter(header)
	table := &SeedTable{header: names, longest: header.size, Warnings: p.warnings}
	guesses := make([]guess, len(names))
	for i := range guesses {
		guesses[i] = newGuess()
	}
	for {
		row, ok := p.next()
		if !ok {
			break
		}
		if p.blank(row, len(names)) {
			continue
		}
		table.Rows++
		table.longest = max(table.longest, row.size)
		if len(row.fields) != len(names) {
			p.ragged(header, row)
			if p.meant != 0 {
				break // all rows are wrong for one reason
			}
			continue
		}
		fields := make([]string, len(row.fields))
		for i, f := range row.fields {
			guesses[i].see(f.value)
			fields[i] = f.value
		}
		see(fields)
	}
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	table.mixedBreak = p.mixed()
	table.setTypes(source, guesses, opts)
	if p.meant != 0 {
		field := header.fields[0]
		place := p.place(field.offset)
		place.Span.End += len(field.value)
		d := diag.Warn(diag.Seed, place, "the file has one column, whose name holds %s", spelledDelimiter(p.meant))
		table.Warnings = append(table.Warnings, d.WithHint("%s", p.delimiterHint()))
	}
	return table, nil
}

// otherDelimiters are what columns are separated by where it is not by a comma.
const otherDelimiters = ";\t|,"

// otherDelimiter is the delimiter that a file of one column was probably written with, 0 where
// the header looks like one name: the commonest of the usual ones in it.
func (p *csvReader) otherDelimiter(header csvRow) rune {
	if len(header.fields) != 1 || strings.HasPrefix(p.text[header.fields[0].offset:], `"`) {
		return 0
	}
	best, most := rune(0), 0
	for _, r := range otherDelimiters {
		if n := strings.Count(header.fields[0].value, string(r)); n > most && r != p.delimiter {
			best, most = r, n
		}
	}
	return best
}

// delimiterHint says how the delimiter that was probably meant is configured.
func (p *csvReader) delimiterHint() string {
	if p.meant == ',' {
		return fmt.Sprintf("its config has delimiter: %s; take that out if commas separate the columns", spelledDelimiter(p.delimiter))
	}
	return fmt.Sprintf("if it separates the columns, set delimiter: %s in the seed's config", spelledDelimiter(p.meant))
}

// spelledDelimiter is a delimiter as YAML has it.
func spelledDelimiter(r rune) string { return fmt.Sprintf("%q", string(r)) }

// setTypes names the columns' types: what column_types says, else what was inferred.
func (t *SeedTable) setTypes(source *diag.Source, guesses []guess, opts SeedOptions) {
	t.clean = make([]bool, len(t.header))
	for i, name := range t.header {
		col := engine.Column{Name: name}
		if declared, ok := opts.typeOf(name); ok {
			col.Type = declared
		} else {
			col.Type, t.clean[i] = guesses[i].result()
		}
		t.Columns = append(t.Columns, col)
	}
	for _, ct := range opts.ColumnTypes {
		if _, ok := find(t.Columns, ct.Column); ok {
			continue
		}
		d := diag.Warn(diag.Seed, opts.TypesPlace.OfWord(diag.Place{Source: source}, ct.Column), "column_types names %q, which is no column of the file", ct.Column)
		d.Hint = strings.Replace(columnHint(ct.Column, t.Columns), "the query returns", "the file has", 1)
		t.Warnings = append(t.Warnings, d)
	}
}

func (o SeedOptions) typeOf(name string) (string, bool) {
	for _, ct := range o.ColumnTypes {
		if strings.EqualFold(ct.Column, name) {
			return ct.Type, true
		}
	}
	return "", false
}

// numbered is a name with the first number behind it that makes it another than those before.
func numbered(name string, before []string) string {
	for n := 2; ; n++ {
		if with := fmt.Sprintf("%s_%d", name, n); !slices.Contains(before, with) {
			return with
		}
	}
}

// columnNames checks the header. A column without a name gets a letter, as in dbt.
func (p *csvReader) columnNames(header csvRow, numbers bool) []string {
	names := make([]string, len(header.fields))
	seen := map[string]csvField{}
	for i, f := range header.fields {
		names[i] = f.value
		if f.value == "" {
			names[i] = p.letterName(i, header)
		}
		key := strings.ToLower(names[i])
		first, ok := seen[key]
		if ok && numbers && slices.Contains(names[:i], names[i]) {
			names[i] = numbered(names[i], names[:i])
			d := diag.Warn(diag.Seed, p.place(f.offset), "two columns are called %q: this one becomes %q", f.value, names[i])
			p.warnings = append(p.warnings, d.WithNote(p.place(first.offset), "first here"))
			key = strings.ToLower(names[i])
			first, ok = seen[key]
		}
		if ok {
			p.report(f.offset, "two columns are called %q", names[i]).
				WithNote(p.place(first.offset), "first here").
				WithHint("column names must differ by more than letter case")
		}
		seen[key] = f
	}
	return names
}

// letterName is dbt's name for the column at an index: a, b, ... z, aa, bb; with a
// number behind it where the header has that name already.
func (p *csvReader) letterName(i int, header csvRow) string {
	base := strings.Repeat(string(rune('a'+i%26)), i/26+1)
	name := base
	for n := 2; ; n++ {
		taken := false
		for _, f := range header.fields {
			taken = taken || strings.EqualFold(f.value, name)
		}
		if !taken {
			return name
		}
		name = fmt.Sprintf("%s_%d", base, n)
	}
}

// ragged reports a row with too few or too many fields. Where another delimiter cuts it into
// as many as the header, that was probably meant.
func (p *csvReader) ragged(header, row csvRow) {
	got, want := len(row.fields), len(header.fields)
	for _, r := range otherDelimiters {
		n := strings.Count(p.textOf(header), string(r))
		if p.meant == 0 && r != p.delimiter && n > 0 && n == strings.Count(p.textOf(row), string(r)) {
			p.meant = r
		}
	}
	at := row.fields[got-1].offset
	if got > want {
		at = row.fields[want].offset
	}
	d := p.report(at, "the row has %s, the header has %d", count(got, "field"), want)
	if p.meant != 0 {
		d.WithHint("%s", p.delimiterHint())
		return
	}
	if got < want {
		d.WithHint("a field without a value keeps its place: write the %q between", string(p.delimiter))
		return
	}
	d.WithHint("a field that holds %q must stand in double quotes", string(p.delimiter))
}

func (p *csvReader) textOf(row csvRow) string {
	start := row.fields[0].offset
	return p.text[start : start+row.size]
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
