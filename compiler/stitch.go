package compiler

import (
	"sort"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// stitch builds a text from pieces of others and remembers where each piece comes
// from, so that offsets of the result still lead back to templates.
type stitch struct {
	text   strings.Builder
	pieces []piece
}

type piece struct {
	start  int            // offset in the result
	origin project.Origin // of a copied piece
	shift  int            // offset in the copied text at start
	place  diag.Place     // of an inserted piece
}

// copy appends text[from:to], whose offsets origin explains.
func (s *stitch) copy(text string, from, to int, origin project.Origin) {
	if from >= to {
		return
	}
	s.pieces = append(s.pieces, piece{start: s.text.Len(), origin: origin, shift: from})
	s.text.WriteString(text[from:to])
}

// insert appends a text that stands for one place, which may be zero.
func (s *stitch) insert(text string, place diag.Place) {
	if text == "" {
		return
	}
	s.pieces = append(s.pieces, piece{start: s.text.Len(), place: place})
	s.text.WriteString(text)
}

func (s *stitch) done() (string, project.Origin) { return s.text.String(), stitchMap(s.pieces) }

// stitchMap is the Origin of a stitched text.
type stitchMap []piece

// Origin finds the piece that holds the offset and asks it.
func (m stitchMap) Origin(offset int) (diag.Place, bool) {
	i := sort.Search(len(m), func(i int) bool { return m[i].start > offset }) - 1
	if i < 0 {
		return diag.Place{}, false
	}
	p := m[i]
	if p.origin == nil {
		return p.place, !p.place.IsZero()
	}
	return p.origin.Origin(offset - p.start + p.shift)
}

// wholeMap maps every offset to one place.
type wholeMap diag.Place

// Origin returns the place.
func (m wholeMap) Origin(int) (diag.Place, bool) { return diag.Place(m), !diag.Place(m).IsZero() }
