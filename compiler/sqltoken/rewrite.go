package sqltoken

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"

	"elt/compiler/diag"
)

// Edit replaces a span of a text. An empty span is an insertion.
type Edit struct {
	Span diag.Span
	Text string
}

// OffsetMap leads from the offsets of a rewritten text to those of the text it was
// made from, and back. The zero map is that of a text without edits.
type OffsetMap struct {
	edits []placed // ascending
}

// placed is an edit in both texts.
type placed struct{ oldStart, oldEnd, newStart, newEnd int }

// Rewrite applies edits to a text, in whatever order they come; insertions at one
// offset keep theirs. Edits that overlap or lie outside the text are a bug of the
// caller, so they panic.
func Rewrite(sql string, edits []Edit) (string, OffsetMap) {
	if len(edits) == 0 {
		return sql, OffsetMap{}
	}
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b Edit) int {
		return cmp.Or(a.Span.Start-b.Span.Start, a.Span.End-b.Span.End)
	})
	var b strings.Builder
	m := OffsetMap{edits: make([]placed, 0, len(edits))}
	old := 0
	for _, e := range edits {
		if e.Span.Start < old || e.Span.End < e.Span.Start || e.Span.End > len(sql) {
			panic(fmt.Sprintf("sqltoken: edit of %d:%d overlaps another one or leaves the text of %d bytes",
				e.Span.Start, e.Span.End, len(sql)))
		}
		b.WriteString(sql[old:e.Span.Start])
		start := b.Len()
		b.WriteString(e.Text)
		m.edits = append(m.edits, placed{e.Span.Start, e.Span.End, start, b.Len()})
		old = e.Span.End
	}
	b.WriteString(sql[old:])
	return b.String(), m
}

// Old returns the offset in the old text of an offset in the new one. What lies
// inside a replacement leads to the start of what it replaced.
func (m OffsetMap) Old(offset int) int {
	i := sort.Search(len(m.edits), func(i int) bool { return m.edits[i].newEnd > offset })
	if i < len(m.edits) && m.edits[i].newStart <= offset {
		return m.edits[i].oldStart
	}
	if i == 0 {
		return offset
	}
	return offset - m.edits[i-1].newEnd + m.edits[i-1].oldEnd
}

// New returns the offset in the new text of an offset in the old one. What lies
// inside a replaced span leads to the start of its replacement; an offset at which
// text was inserted leads behind that.
func (m OffsetMap) New(offset int) int {
	i := sort.Search(len(m.edits), func(i int) bool { return m.edits[i].oldEnd > offset })
	if i < len(m.edits) && m.edits[i].oldStart <= offset {
		return m.edits[i].newStart
	}
	if i == 0 {
		return offset
	}
	return offset - m.edits[i-1].oldEnd + m.edits[i-1].newEnd
}
