package report

import (
	"strconv"
	"strings"

	"elt/compiler/diag"
	"elt/runner"
	"elt/runner/unittest"
)

const (
	diffRows  = 20 // rows of a difference that are shown
	diffCell  = 28 // columns that one of two differing values may take
	diffBegin = 8  // columns of a long value shown before it begins to differ
)

// writeDifference writes the block of a unit test that failed: where, how many rows, and
// a table of those that differ.
func (p *plain) writeDifference(b *strings.Builder, r *runner.NodeResult) {
	for _, d := range r.Diagnostics {
		if d.Severity == diag.Error {
			writeHeadline(b, d, p.style)
		}
	}
	writeDiff(b, r.Diff, p.opts.Width, p.style)
}

// writeDiff draws the rows of a difference: "~" before those with other values, "-" before
// those that are missing, "+" before those nobody expected, each with the line that it was
// expected on.
func writeDiff(b *strings.Builder, d *unittest.Diff, width int, style Style) {
	b.WriteByte('\n')
	columns := diffColumns(d, width)
	g := Grid{Columns: []string{""}, Right: []bool{false}}
	for _, c := range columns {
		g.Columns, g.Right = append(g.Columns, d.Columns[c]), append(g.Right, d.Right[c])
	}
	lines := false
	for _, row := range d.Rows[:min(len(d.Rows), diffRows)] {
		line := []string{marks[row.Kind]}
		for _, c := range columns {
			line = append(line, diffText(row.Kind, row.Cells[c]))
		}
		at := ""
		if !row.Place.IsZero() {
			n, _ := row.Place.Source.Position(row.Place.Span.Start)
			at, lines = "line "+strconv.Itoa(n), true
		}
		g.Rows = append(g.Rows, append(line, at))
	}
	if lines {
		g.Columns, g.Right = append(g.Columns, "expected at"), append(g.Right, false)
	}
	g.Paint = func(row, column int, text string) string {
		return paintDiff(d.Rows[row], columns, column, text, style)
	}
	_ = WriteTable(b, g, "  ", width, style) // a strings.Builder does not fail
	writeDiffRest(b, d, len(columns), style)
}

var marks = map[unittest.Kind]string{unittest.Changed: "~", unittest.Missing: "-", unittest.Extra: "+"}

// paintDiff colours a cell: what is not there red, what is there and should not be green,
// and what has another value yellow.
func paintDiff(row unittest.Row, columns []int, column int, text string, style Style) string {
	switch {
	case column > len(columns):
		return style.Dim(text)
	case row.Kind == unittest.Missing:
		return style.Red(text)
	case row.Kind == unittest.Extra:
		return style.Green(text)
	case column == 0 || row.Cells[columns[column-1]].Changed:
		return style.Yellow(text)
	}
	return text
}

// writeDiffRest says what the table does not show, and what its marks mean.
func writeDiffRest(b *strings.Builder, d *unittest.Diff, columns int, style Style) {
	var parts []string
	if left := len(d.Rows) - diffRows; left > 0 {
		parts = append(parts, Plural(int64(left), "more row"))
	}
	if left := len(d.Columns) - columns; left > 0 {
		parts = append(parts, Plural(int64(left), "more column"))
	}
	if d.Same > 0 {
		parts = append(parts, Plural(int64(d.Same), "row")+" as expected")
	}
	if len(parts) > 0 {
		b.WriteString("  " + style.Dim("and "+strings.Join(parts, ", ")) + "\n")
	}
	has := map[unittest.Kind]bool{}
	for _, row := range d.Rows {
		has[row.Kind] = true
	}
	var legend []string
	for _, kind := range []unittest.Kind{unittest.Changed, unittest.Missing, unittest.Extra} {
		if has[kind] {
			legend = append(legend, marks[kind]+" "+meanings[kind])
		}
	}
	b.WriteString("  " + style.Dim(strings.Join(legend, "   ")) + "\n")
}

var meanings = map[unittest.Kind]string{
	unittest.Changed: "expected → actual", unittest.Missing: "expected, not there", unittest.Extra: "there, not expected",
}

// diffText is a cell of the table.
func diffText(kind unittest.Kind, cell unittest.Cell) string {
	switch {
	case kind == unittest.Extra:
		return cell.Actual
	case cell.Changed:
		old, now := apart(cell.Expected, cell.Actual)
		return old + " → " + now
	}
	return cell.Expected
}

// apart cuts two long values to where they begin to differ.
func apart(a, b string) (string, string) {
	if Width(a) <= diffCell && Width(b) <= diffCell {
		return a, b
	}
	x, y := []rune(a), []rune(b)
	same := 0
	for same < len(x) && same < len(y) && x[same] == y[same] {
		same++
	}
	from := max(0, same-diffBegin)
	cut := func(r []rune) string {
		text := string(r[min(from, len(r)):])
		if from > 0 {
			text = "…" + text
		}
		return clip(text, diffCell)
	}
	return cut(x), cut(y)
}

// diffColumns are the columns that are shown: all where there is room; else the first,
// and those in which something differs.
func diffColumns(d *unittest.Diff, width int) []int {
	var all, wanted []int
	for c := range d.Columns {
		all = append(all, c)
		differs := c == 0
		for _, row := range d.Rows {
			differs = differs || row.Cells[c].Changed
		}
		if differs {
			wanted = append(wanted, c)
		}
	}
	room := width - 2 - 1 - 2 - len("line 1234")
	for c := range d.Columns {
		widest := Width(clean(d.Columns[c]))
		for _, row := range d.Rows[:min(len(d.Rows), diffRows)] {
			widest = max(widest, Width(clean(diffText(row.Kind, row.Cells[c]))))
		}
		room -= min(widest, 2*diffCell) + 2
	}
	if room >= 0 || len(wanted) < 2 {
		return all
	}
	return wanted
}
