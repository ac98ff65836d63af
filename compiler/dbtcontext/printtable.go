package dbtcontext

import (
	"strings"
	"unicode/utf8"

	"elt/compiler/template"
)

// ellipsis is what agate prints for what it leaves out.
const ellipsis = "..."

// printTable is table.print_table(): the table goes to print().
func (t *tableObject) printTable(c *template.Call) (template.Value, error) {
	rows, cols, width := template.Value(int64(20)), template.Value(int64(6)), template.Value(int64(20))
	var output, locale, precision template.Value
	if err := c.Unpack("print_table", "max_rows?", &rows, "max_columns?", &cols, "output?", &output,
		"max_column_width?", &width, "locale?", &locale, "max_precision?", &precision); err != nil {
		return nil, err
	}
	text := t.text(limitOr(rows, len(t.rows)), limitOr(cols, len(t.names)), limitOr(width, 1<<30))
	if t.print != nil {
		t.print(strings.TrimSuffix(text, "\n"))
	}
	return nil, nil
}

func limitOr(v template.Value, def int) int {
	if n, ok := v.(int64); ok {
		return int(n)
	}
	return def
}

// text draws the table as agate does: Markdown, text to the left, the rest to the
// right, cut to a number of rows, columns and characters.
func (t *tableObject) text(maxRows, maxCols, maxWidth int) string {
	cut := func(s string) string {
		if utf8.RuneCountInString(s) > maxWidth {
			return string([]rune(s)[:max(maxWidth-3, 0)]) + "..."
		}
		return s
	}
	shown := min(maxCols, len(t.names))
	header := make([]string, 0, shown+1)
	for _, n := range t.names[:shown] {
		header = append(header, cut(n))
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
				text = cellText(row.values[i])
			}
			line = append(line, cut(text))
		}
		lines = append(lines, line)
	}
	if maxRows < len(t.rows) {
		line := make([]string, len(header))
		for i := range line {
			line[i] = ellipsis
		}
		lines = append(lines, line)
	}
	return t.draw(lines)
}

func (t *tableObject) draw(lines [][]string) string {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for n, line := range lines {
		for i, cell := range line {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if t.agateType(i) == "Text" {
				b.WriteString("| " + cell + pad + " ")
			} else {
				b.WriteString("| " + pad + cell + " ")
			}
		}
		b.WriteString("|\n")
		if n == 0 {
			for _, w := range widths {
				b.WriteString("| " + strings.Repeat("-", w) + " ")
			}
			b.WriteString("|\n")
		}
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
