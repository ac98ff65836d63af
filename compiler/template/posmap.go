package template

import (
	"sort"

	"elt/compiler/diag"
)

// PosMap maps offsets of a rendered text back to what made them: literal text maps
// byte by byte, the output of an expression to the expression, the text that a macro
// makes to the call. It is immutable; [PosMap.Edit] returns a changed copy.
type PosMap struct {
	src  *diag.Source
	segs []segment
	size int
}

// segment is a stretch of rendered text that begins at out.
type segment struct {
	out int32
	// at is the span of the source; of literal text it is where the text starts, with
	// end negative.
	at  pos
	off int32 // how far into the literal text the segment begins
	ext *external
}

// external is text that does not come from the map's source.
type external struct {
	place diag.Place
	m     *PosMap
	from  int // offset in m
}

// Origin returns the place that made the byte at offset of the rendered text. ok is
// false where nothing of the source did.
func (m *PosMap) Origin(offset int) (place diag.Place, ok bool) {
	if m == nil || offset < 0 || offset > m.size {
		return diag.Place{}, false
	}
	i := sort.Search(len(m.segs), func(i int) bool { return int(m.segs[i].out) > offset }) - 1
	if i < 0 {
		return diag.Place{}, false
	}
	s := m.segs[i]
	into := offset - int(s.out)
	switch {
	case s.ext != nil && s.ext.m != nil:
		return s.ext.m.Origin(s.ext.from + into)
	case s.ext != nil:
		return s.ext.place, !s.ext.place.IsZero()
	case m.src == nil:
		return diag.Place{}, false
	case s.at.end < 0:
		start := sourceOffset(m.src.Text, int(s.at.start), int(s.off)+into)
		return diag.Place{Source: m.src, Span: diag.Span{Start: start, End: min(start+1, len(m.src.Text))}}, true
	}
	return diag.Place{Source: m.src, Span: diag.Span{Start: int(s.at.start), End: int(s.at.end)}}, true
}

// sourceOffset walks n bytes of normalized text, in which CRLF is one byte.
func sourceOffset(text string, from, n int) int {
	for ; n > 0 && from < len(text); n-- {
		if text[from] == '\r' && from+1 < len(text) && text[from+1] == '\n' {
			from++
		}
		from++
	}
	return from
}

// Edit is one replacement in a rendered text: Delete bytes at At give way to Insert
// bytes that stand for Place, which may be zero.
type Edit struct {
	At, Delete, Insert int
	Place              diag.Place
}

// Edit returns the map of the text after the replacements, which must be in order
// and must not overlap; their offsets are those of the text before.
func (m *PosMap) Edit(edits ...Edit) *PosMap {
	out := &PosMap{src: m.src}
	at := 0
	for _, e := range edits {
		out.copyFrom(m, at, e.At)
		if e.Insert > 0 {
			out.segs = append(out.segs, segment{out: int32(out.size), ext: &external{place: e.Place}})
			out.size += e.Insert
		}
		at = e.At + e.Delete
	}
	out.copyFrom(m, at, m.size)
	return out
}

// copyFrom appends the stretch from..to of another map of the same source.
func (m *PosMap) copyFrom(o *PosMap, from, to int) {
	if from >= to {
		return
	}
	first := max(0, sort.Search(len(o.segs), func(i int) bool { return int(o.segs[i].out) > from })-1)
	for _, s := range o.segs[first:] {
		if int(s.out) >= to {
			break
		}
		if skip := from - int(s.out); skip > 0 {
			s = s.skip(skip)
			s.out = int32(from)
		}
		s.out += int32(m.size - from)
		m.segs = append(m.segs, s)
	}
	m.size += to - from
}

// skip drops the first n bytes of a segment.
func (s segment) skip(n int) segment {
	switch {
	case s.ext != nil && s.ext.m != nil:
		s.ext = &external{m: s.ext.m, from: s.ext.from + n}
	case s.ext == nil && s.at.end < 0:
		s.off += int32(n)
	}
	return s
}

// buffer collects text and, for the text of a template, where it comes from.
type buffer struct {
	text  []byte
	segs  []segment
	track bool
}

func (b *buffer) literal(x *textStmt) {
	if b.track {
		b.segs = append(b.segs, segment{out: int32(len(b.text)), at: pos{x.pos.start, -1}})
	}
	b.text = append(b.text, x.text...)
}

func (b *buffer) made(s string, at pos) {
	if b.track && s != "" {
		b.segs = append(b.segs, segment{out: int32(len(b.text)), at: at})
	}
	b.text = append(b.text, s...)
}

func (b *buffer) output(src *diag.Source) Output {
	return Output{string(b.text), &PosMap{src, b.segs, len(b.text)}}
}
