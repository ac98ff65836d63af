package project

import (
	"encoding/csv"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// unitRows reads rows: a list of mappings, text in CSV or SQL, or the name of a fixture.
func (f *propertyFile) unitRows(c cursor) UnitRows {
	fixture := c.get("fixture")
	out := UnitRows{Format: "dict", Place: c.place(), Fixture: f.raw().str(fixture, "fixture")}
	if at := c.get("format"); !at.isNull() {
		out.Format = f.raw().str(at, "format")
		if formats := []string{"dict", "csv", "sql"}; !contains(formats, out.Format) {
			f.add(wrongChoice(at.place(), "format", out.Format, formats...))
			return out
		}
	} else if out.Fixture != "" {
		out.Format = "" // what the file is
	}
	rows := c.get("rows")
	if rows.isNull() {
		if out.Fixture != "" {
			out.Place = fixture.place()
		}
		return out
	}
	if out.Fixture != "" {
		f.add(diag.New(diag.WrongType, fixture.place(), "both %q and %q are given", "rows", "fixture").
			WithNote(rows.place(), "rows are here").WithHint("take one of them out"))
		out.Fixture, out.Given = "", true
		return out
	}
	out.Place, out.Given = rows.place(), true
	switch out.Format {
	case "dict":
		f.dictRows(rows, &out)
	case "csv":
		if text, ok := f.embedded(rows, "csv"); ok {
			csvRows(text, &out, &f.report)
		}
	default:
		out.SQL, _ = f.embedded(rows, out.Format)
	}
	return out
}

// dictRows reads a list of mappings. Jinja in values is rendered natively, as dbt does.
func (f *propertyFile) dictRows(rows cursor, out *UnitRows) {
	if !rows.isList() {
		f.add(wrongType(rows, "rows", "a list of mappings").WithHint("for text give format: csv or format: sql"))
		return
	}
	for _, e := range rows.items() {
		if !e.isMap() {
			f.add(wrongType(e, "rows", "a list of mappings").WithHint("write {column: value, ...} for a row"))
			continue
		}
		row := UnitRow{Place: e.place()}
		for _, p := range e.pairs() {
			if first := row.Cell(p.key); first != nil {
				f.add(columnTwice(p.key, p.keyAt.place(), first.ColumnPlace))
				continue
			}
			row.Cells = append(row.Cells, UnitCell{Column: p.key, ColumnPlace: p.keyAt.place(), Value: p.value.rowValue(f.yaml), Place: p.value.place()})
		}
		out.Lines = append(out.Lines, row)
	}
}

func columnTwice(name string, at, first diag.Place) *diag.Diagnostic {
	return diag.New(diag.Fixture, at, "the column %q occurs twice in a row", name).
		WithNote(first, "first here").WithHint("letter case does not tell columns apart")
}

// embedded reads rows that are text.
func (f *propertyFile) embedded(rows cursor, format string) (Embedded, bool) {
	if !rows.isText() {
		f.add(wrongType(rows, "rows", "text, as format: "+format+" says"))
		return Embedded{}, false
	}
	text, ok := rows.value(f.yaml).(string)
	if !ok { // rendering made something else of it
		text = rows.text()
	}
	return rows.embedded(text), true
}

// csvRows reads a CSV as Python's csv.DictReader, which dbt uses: the first line names
// the columns, empty lines do not count, and what is missing at the end of a line is
// null. What dbt gives to a column without a name, a line that is too long, is an error.
func csvRows(text Embedded, out *UnitRows, diags *report) {
	out.Given = true
	r := csv.NewReader(strings.NewReader(text.Text))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	starts := lineStarts(text.Text)
	at := func(i int, field string) diag.Place {
		line, column := r.FieldPos(i)
		from := starts[line-1] + column - 1
		return text.Place(diag.Span{Start: from, End: from + len(field)})
	}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			diags.add(diag.New(diag.Fixture, text.Place(diag.Span{}), "not valid CSV: %v", err))
			return
		}
		if out.Columns == nil {
			out.Columns = csvHead(record, at, diags)
			continue
		}
		row := UnitRow{Place: at(0, record[0])}
		for i, field := range record {
			if i >= len(out.Columns) {
				diags.add(diag.New(diag.Fixture, at(i, field), "the line has %d values, but there are %d columns", len(record), len(out.Columns)).
					WithHint("put quotes around a value that holds a comma"))
				break
			}
			row.Cells = append(row.Cells, csvCell(out.Columns[i], field, at(i, field)))
		}
		for _, column := range out.Columns[len(row.Cells):] {
			row.Cells = append(row.Cells, UnitCell{Column: column.Text, ColumnPlace: column.Place, Place: row.Place})
		}
		out.Lines = append(out.Lines, row)
	}
}

// csvCell is a value of a CSV: nothing is null, as in dbt.
func csvCell(column Located, field string, place diag.Place) UnitCell {
	cell := UnitCell{Column: column.Text, ColumnPlace: column.Place, Place: place}
	if field != "" {
		cell.Value = template.Value(field)
	}
	return cell
}

func csvHead(record []string, at func(int, string) diag.Place, diags *report) []Located {
	head := make([]Located, len(record))
	for i, name := range record {
		head[i] = Located{Text: name, Place: at(i, name)}
		for _, first := range head[:i] {
			if strings.EqualFold(first.Text, name) {
				diags.add(columnTwice(name, head[i].Place, first.Place))
			}
		}
	}
	return head
}

// fixtures are the files under tests/fixtures.
type fixtures struct {
	files map[string][]File    // by their name without extension
	read  map[string]*UnitRows // what is in a CSV, by its path: several tests may use it
}

func fixturesOf(p *Project) fixtures {
	out := fixtures{files: map[string][]File{}, read: map[string]*UnitRows{}}
	if len(p.Patches.UnitTests) == 0 {
		return out
	}
	for _, file := range p.FilesOf(FixtureFile) {
		out.files[file.Name] = append(out.files[file.Name], file)
	}
	return out
}

// fill reads the rows of a fixture that a unit test names.
func (x fixtures) fill(rows *UnitRows, node *Node, diags *report) {
	if rows.Fixture == "" || rows.Given {
		return
	}
	file, d := x.find(rows)
	if d != nil {
		d.Node = node.UniqueID
		diags.add(d)
		return
	}
	text := Embedded{Text: file.Source.Text, whole: diag.Place{Source: file.Source, Span: diag.Span{End: len(file.Source.Text)}}, exact: true}
	if rows.Format = strings.TrimPrefix(path.Ext(file.OriginalPath), "."); rows.Format == "sql" {
		rows.SQL, rows.Given = text, true
		return
	}
	have := x.read[file.OriginalPath]
	if have == nil {
		have = &UnitRows{}
		csvRows(text, have, diags)
		x.read[file.OriginalPath] = have
	}
	rows.Columns, rows.Lines, rows.Given = have.Columns, have.Lines, true
}

// find returns the one file that a fixture's name means.
func (x fixtures) find(rows *UnitRows) (File, *diag.Diagnostic) {
	name := rows.Fixture
	if rows.Format == "dict" {
		return File{}, diag.New(diag.Fixture, rows.Place, "a fixture does not go with format: dict").
			WithHint("write format: csv or format: sql, as the file is")
	}
	files := slices.DeleteFunc(slices.Clone(x.files[name]), func(f File) bool {
		return rows.Format != "" && path.Ext(f.OriginalPath) != "."+rows.Format
	})
	switch len(files) {
	case 1:
		return files[0], nil
	case 0:
		return File{}, x.missing(rows)
	}
	d := diag.New(diag.Fixture, rows.Place, "%d files are the fixture %q", len(files), name)
	for _, f := range files {
		d.WithNote(diag.Place{Source: f.Source}, "one is here")
	}
	return File{}, d.WithHint("give each of them a name of its own")
}

func (x fixtures) missing(rows *UnitRows) *diag.Diagnostic {
	extension := rows.Format
	if extension == "" {
		extension = "csv"
	}
	d := diag.New(diag.Fixture, rows.Place, "there is no fixture %q", rows.Fixture)
	if others := x.files[rows.Fixture]; len(others) > 0 {
		return d.WithHint("%s is there, but format: %s asks for another", others[0].OriginalPath, rows.Format)
	}
	var names []string
	for name := range x.files {
		names = append(names, name)
	}
	slices.Sort(names)
	bare := strings.TrimSuffix(strings.TrimSuffix(rows.Fixture, ".csv"), ".sql")
	if _, ok := x.files[bare]; ok {
		return d.WithHint("leave the extension out: fixture: %s", bare)
	}
	if near := diag.Suggest(rows.Fixture, names); near != "" {
		return d.WithHint("did you mean %q?", near)
	}
	return d.WithHint("it would be the file tests/fixtures/%s.%s", bare, extension)
}
