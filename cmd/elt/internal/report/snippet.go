package report

import (
	"strconv"
	"strings"

	"elt/compiler/diag"

	"github.com/mattn/go-runewidth"
)

// writeSnippet writes the line a place is on, the line before it, and a marker below
// what the place covers:
//
//	6 │ from {{ ref('stg_orders') }} o
//	7 │ where custmer_id is not null
//	  │       ^^^^^^^^^^
//
// Tabs become spaces, wide characters keep the marker in its column, and a line that
// is too long is cut around the marker. A place without a text writes nothing.
func writeSnippet(b *strings.Builder, p diag.Place, paint func(string) string, width int, style Style) {
	if p.Source == nil || p.Source.Text == "" || p.Span == (diag.Span{}) {
		return // nowhere in particular, or the file as a whole
	}
	number, _ := p.Source.Position(p.Span.Start)
	text, start := p.Source.Line(number)
	if strings.TrimSpace(text) == "" {
		return
	}
	digits := len(strconv.Itoa(number))
	from := min(max(p.Span.Start-start, 0), len(text))
	to := min(max(p.Span.End-start, from), len(text))
	line := expand(text)
	mark := markOf(text, from, to)
	line, mark = window(line, mark, max(20, width-digits-5))

	b.WriteByte('\n')
	gutter := func(label string) { b.WriteString(style.Blue(padLeft(label, digits+2)+" │") + " ") }
	if before, _ := p.Source.Line(number - 1); number > 1 && strings.TrimSpace(before) != "" {
		gutter(strconv.Itoa(number - 1))
		b.WriteString(clip(expand(before), max(20, width-digits-5)) + "\n")
	}
	gutter(strconv.Itoa(number))
	b.WriteString(line + "\n")
	gutter("")
	b.WriteString(strings.Repeat(" ", mark.from) + paint(strings.Repeat("^", mark.to-mark.from)) + "\n")
}

// tabWidth is how many columns a tab stop is wide in a snippet.
const tabWidth = 4

// marker is a range of columns.
type marker struct{ from, to int }

// markOf turns byte offsets of a line into columns of the expanded line. It is never
// empty: nothing at all is marked by one sign.
func markOf(text string, from, to int) marker {
	m := marker{from: Width(expand(text[:from])), to: Width(expand(text[:to]))}
	m.to = max(m.to, m.from+1)
	return m
}

// expand replaces tabs by spaces and control characters by a sign that takes a column.
func expand(text string) string {
	var b strings.Builder
	column := 0
	for _, r := range text {
		switch {
		case r == '\t':
			n := tabWidth - column%tabWidth
			b.WriteString(strings.Repeat(" ", n))
			column += n
			continue
		case r == '\ufeff':
			continue
		case unprintable(r):
			r = '�'
		}
		b.WriteRune(r)
		column += runewidth.RuneWidth(r)
	}
	return b.String()
}

// window cuts a line to a number of columns so that the marker stays visible.
func window(line string, m marker, room int) (string, marker) {
	if Width(line) <= room {
		m.to = min(m.to, room+1)
		return line, m
	}
	skip := 0
	if m.to > room-1 {
		skip = max(0, min(m.from-room/3, Width(line)-room+1))
	}
	cut := line
	if skip > 0 {
		cut = "…" + runewidth.TruncateLeft(line, skip+1, "")
	}
	m.from, m.to = max(m.from-skip, 0), m.to-skip
	m.to = max(min(m.to, room), m.from+1)
	return clip(cut, room), m
}
