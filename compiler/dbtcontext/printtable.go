package dbtcontext

import (
	"strings"
	"unicode/utf8"

	"elt/compiler/template"
)

const (
	// ellipsis is what agate prints for what it leaves out.
	ellipsis = "..."
	// moreDigits is what agate prints behind a number that it cuts off.
	moreDigits = "…"
)

// printed is how much of a table is printed; nil is no limit.
type printed struct{ rows, columns, width, precision template.Value }

// printTable is table.print_table(): the table goes to print().
func (t *tableObject) printTable(c *template.Call) (template.Value, error) {
	p := printed{int64(20), int64(6), int64(20), int64(3)}
	var output, locale template.Value
	if err := unpackOrNone(c, "print_table", "max_rows?", &p.rows, "max_columns?", &p.columns, "output?", &output,
		"max_column_width?", &p.width, "locale?", &locale, "max_precision?", &p.precision); err != nil {
		return nil, err
	}
	t.say(t.text(p))
	return nil, nil
}

// unpackOrNone is Unpack where None is a value like any other, and not the default.
func unpackOrNone(c *template.Call, fn string, pairs ...any) error {
	if err := c.Unpack(fn, pairs...); err != nil {
		return err
	}
	for i := 0; i < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		into, _ := pairs[i+1].(*template.Value)
		if i/2 < len(c.Args) && c.Args[i/2] == nil {
			*into = nil
		}
		for _, k := range c.Kwargs {
			if k.Name == strings.TrimSuffix(name, "?") && k.Value == nil {
				*into = nil
			}
		}
	}
	return nil
}

// say hands a text over to print().
func (t *tableObject) say(text string) {
	if t.print != nil {
		t.print(strings.TrimSuffix(text, "\n"))
	}
}

func limitOr(v template.Value, def int) int {
	if n, ok := v.(int64); ok {
		return int(n)
	}
	return def
}

// text draws the table as agate does: Markdown, text to the left, the rest to the
// right, cut to a number of rows, columns and characters.
func (t *tableObject) text(p printed) string {
	maxRows, width := limitOr(p.rows, len(t.rows)), limitOr(p.width, 1<<30)
	cut := func(s string) string {
		if utf8.RuneCountInString(s) > width {
			return string([]rune(s)[:max(width-3, 0)]) + ellipsis
		}
		return s
	}
	shown := min(limitOr(p.columns, len(t.names)), len(t.names))
	header := make([]string, 0, shown+1)
	formats := make([]func(template.Value) string, shown)
	for i, n := range t.names[:shown] {
		header, formats[i] = append(header, cut(n)), t.format(i, maxRows, limitOr(p.precision, 1<<30))
	}
	if shown < len(t.names) {
		header = append(header, ellipsis)
	}
	lines := [][]string{header}
	for _, row := range t.rows[:min(maxRows, len(t.rows))] {
		line := make([]string, 0, len(header))
		for i := range header {
			text := ellipsis
			if i < shown {
				text = formats[i](row.values[i])
			}
			line = append(line, cut(text))
		}
		lines = append(lines, line)
	}
	return t.draw(lines, maxRows < len(t.rows))
}

// format is how the cells of a column are printed: numbers all with as many digits
// behind the point as any of them needs, up to a precision, and with commas.
func (t *tableObject) format(i, rows, precision int) func(template.Value) string {
	if t.types[i] != "Number" {
		return cellText
	}
	places := 0
	for _, row := range t.rows[:min(rows, len(t.rows))] {
		if d, ok := row.values[i].(*decimalValue); ok {
			places = max(places, d.trimmed(0).scale)
		}
	}
	more := ""
	if places > precision {
		places, more = precision, moreDigits
	}
	return func(v template.Value) string {
		d, ok := v.(*decimalValue)
		if !ok {
			return cellText(v)
		}
		return grouped3(d.rat(), places) + more
	}
}

// draw puts cells under each other; cut says that rows were left out.
func (t *tableObject) draw(lines [][]string, cut bool) string {
	widths := make([]int, len(lines[0]))
	rules := make([]string, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
			rules[i] = strings.Repeat("-", widths[i])
		}
	}
	lines = append([][]string{lines[0], rules}, lines[1:]...)
	if cut {
		line := make([]string, len(lines[0]))
		for i := range line {
			line[i] = ellipsis
		}
		lines = append(lines, line)
	}
	var b strings.Builder
	for _, line := range lines {
		for i, cell := range line {
			pad := strings.Repeat(" ", max(widths[i]-utf8.RuneCountInString(cell), 0))
			if t.types[i] == "Text" {
				b.WriteString("| " + cell + pad + " ")
			} else {
				b.WriteString("| " + pad + cell + " ")
			}
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// cellText is a cell as the table shows it.
func cellText(v template.Value) string {
	if v == nil {
		return ""
	}
	return template.Str(v)
}

// printStructure is table.print_structure(): the columns and their types go to print().
func (t *tableObject) printStructure(c *template.Call) (template.Value, error) {
	var output, rows template.Value
	if err := c.Unpack("print_structure", "output?", &output, "max_rows?", &rows); err != nil {
		return nil, err
	}
	t.say(t.structure().text(printed{rows: rows, columns: int64(6)}))
	return nil, nil
}

// printCSV is table.print_csv(): the table goes to print() as CSV.
func (t *tableObject) printCSV(c *template.Call) (template.Value, error) {
	if err := c.Unpack("print_csv"); err != nil {
		return nil, err
	}
	var b strings.Builder
	line := make([]template.Value, len(t.names))
	for i, name := range t.names {
		line[i] = name
	}
	writeCSV(&b, line)
	for _, row := range t.rows {
		writeCSV(&b, row.values)
	}
	t.say(b.String())
	return nil, nil
}

// writeCSV writes a line as Python's csv module does: quotes where they are needed.
func writeCSV(b *strings.Builder, line []template.Value) {
	for i, v := range line {
		text := cellText(plainTime(v))
		if strings.ContainsAny(text, ",\"\r\n") || text == "" && len(line) == 1 {
			text = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(text)
	}
	b.WriteByte('\n')
}

// printJSON is table.print_json(): the rows go to print() as a list of objects.
func (t *tableObject) printJSON(c *template.Call) (template.Value, error) {
	if err := c.Unpack("print_json"); err != nil {
		return nil, err
	}
	list := template.NewList()
	for _, row := range t.rows {
		d := template.NewDict()
		for i, name := range t.names {
			v := plainTime(row.values[i])
			if f, ok := v.(template.Floater); ok {
				number, err := f.Float()
				if err != nil {
					return nil, err
				}
				v = number
			}
			d.Add(template.Item{Key: name, Value: v})
		}
		list.Elems = append(list.Elems, d)
	}
	text, err := template.ToJSON(list, false)
	t.say(text)
	return nil, err
}

// plainTime is a date or a time as text, as its isoformat() writes it; else the value.
func plainTime(v template.Value) template.Value {
	switch v.(type) {
	case *dateValue:
		return template.Str(v)
	case *datetimeValue:
		return strings.Replace(template.Str(v), " ", "T", 1)
	}
	return v
}
