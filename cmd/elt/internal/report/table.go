package report

import (
	"io"
	"strings"
)

// Grid is a table of text, ready to be drawn.
type Grid struct {
	Columns []string
	Rows    [][]string
	Right   []bool // columns that are aligned to the right (numbers); may be nil
	// Paint colours a cell that is padded already; nil leaves all as they are.
	Paint func(row, column int, text string) string
}

// narrowest is what a column is never squeezed below.
const narrowest = 6

// WriteTable draws a grid within a width, indented. Columns that are too wide are
// cut, columns that do not fit at all are left out and counted.
func WriteTable(w io.Writer, g Grid, indent string, width int, style Style) error {
	widths := g.widths()
	shown := squeeze(widths, width-Width(indent))
	var b strings.Builder
	line := func(cells []string, paint func(column int, text string) string) {
		b.WriteString(indent)
		for i := range shown {
			cell := ""
			if i < len(cells) {
				cell = clip(clean(cells[i]), widths[i])
			}
			switch {
			case i < len(g.Right) && g.Right[i]:
				cell = padLeft(cell, widths[i])
			case i < shown-1:
				cell = pad(cell, widths[i])
			}
			if i > 0 {
				b.WriteString("  ")
			}
			b.WriteString(paint(i, cell))
		}
		b.WriteByte('\n')
	}
	line(g.Columns, func(_ int, text string) string { return style.Bold(text) })
	rules := make([]string, shown)
	for i := range rules {
		rules[i] = strings.Repeat("─", widths[i])
	}
	line(rules, func(_ int, text string) string { return style.Dim(text) })
	for i, row := range g.Rows {
		line(row, func(column int, text string) string {
			if g.Paint == nil {
				return text
			}
			return g.Paint(i, column, text)
		})
	}
	if left := len(g.Columns) - shown; left > 0 {
		b.WriteString(indent + style.Dim("and "+Plural(int64(left), "more column")) + "\n")
	}
	_, err := io.WriteString(w, trimLines(b.String()))
	return err
}

func (g Grid) widths() []int {
	widths := make([]int, len(g.Columns))
	for i, c := range g.Columns {
		widths[i] = max(1, Width(clean(c)))
	}
	for _, row := range g.Rows {
		for i, cell := range row[:min(len(row), len(widths))] {
			widths[i] = max(widths[i], Width(clean(cell)))
		}
	}
	return widths
}

// squeeze makes the widest columns narrower until all fit, and answers how many
// columns fit at all.
func squeeze(widths []int, room int) int {
	shown := len(widths)
	for shown > 1 && leastRoom(widths[:shown]) > room {
		shown--
	}
	for {
		total, widest := 2*(shown-1), 0
		for i, w := range widths[:shown] {
			total += w
			if w > widths[widest] {
				widest = i
			}
		}
		if shown == 0 || total <= room || widths[widest] <= narrowest {
			return shown
		}
		widths[widest]--
	}
}

func leastRoom(widths []int) int {
	total := 2 * (len(widths) - 1)
	for _, w := range widths {
		total += min(w, narrowest)
	}
	return total
}

// trimLines takes trailing spaces off each line.
func trimLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}
