package project

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"elt/compiler/diag"
)

// Embedded is a text that stands in a file: a block of a property file, or a file of
// its own. It knows where each of its lines is.
type Embedded struct {
	Text string

	whole diag.Place
	exact bool  // the text stands in the file as it is, from the start of whole
	lines []int // offset in the file of each line of a block; -1 where it is not as it stands there
}

// IsEmpty reports whether nothing is written.
func (e Embedded) IsEmpty() bool { return strings.TrimSpace(e.Text) == "" }

// Whole is the place of the text as a whole.
func (e Embedded) Whole() diag.Place { return e.whole }

// Place is where a part of the text stands; the place of the whole text where that
// cannot be said.
func (e Embedded) Place(span diag.Span) diag.Place {
	if e.exact {
		at := e.whole.Span.Start
		return diag.Place{Source: e.whole.Source, Span: diag.Span{Start: at + span.Start, End: at + span.End}}
	}
	line := strings.Count(e.Text[:min(span.Start, len(e.Text))], "\n")
	if line >= len(e.lines) || e.lines[line] < 0 {
		return e.whole
	}
	start := 1 + strings.LastIndexByte(e.Text[:span.Start], '\n')
	at := e.lines[line] - start
	return diag.Place{Source: e.whole.Source, Span: diag.Span{Start: at + span.Start, End: at + span.End}}
}

// Origin makes the text an [Origin]: where a byte of it comes from.
func (e Embedded) Origin(offset int) (diag.Place, bool) {
	return e.Place(diag.Span{Start: offset, End: offset + 1}), e.whole.Source != nil
}

// embedded is what became of a scalar's text, with the places of its lines where it
// stands in the file as a literal block. Lines that rendering has changed have none.
func (c cursor) embedded(text string) Embedded {
	out := Embedded{Text: text, whole: c.place()}
	n := c.resolve()
	if n == nil || out.whole.Source == nil || c.node.Kind == yaml.AliasNode {
		return out
	}
	if n.Style&yaml.LiteralStyle == 0 {
		if inner := c.inner(diag.Span{End: len(text)}); inner.Text() == text {
			out.whole, out.exact = inner, true
		}
		return out
	}
	lines := strings.Split(text, "\n")
	out.lines = make([]int, len(lines))
	for i, line := range lines {
		have, start := out.whole.Source.Line(n.Line + 1 + i)
		out.lines[i] = -1
		if strings.HasSuffix(have, line) {
			out.lines[i] = start + len(have) - len(line)
		}
	}
	return out
}

// lineStarts returns the offset of each line of a text.
func lineStarts(text string) []int {
	starts := []int{0}
	for i := 0; i < len(text); i++ {
		if text[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}
