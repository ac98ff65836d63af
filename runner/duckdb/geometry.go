package duckdb

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
)

// wkt renders DuckDB's GEOMETRY, which is little-endian WKB with ISO codes for Z and M,
// as well-known text the way DuckDB casts it. What is not such WKB comes out as "".
func wkt(raw []byte) string {
	g := geometry{rest: raw}
	g.shape(true)
	if g.broken {
		return ""
	}
	return g.out.String()
}

// geometry reads WKB and writes WKT.
type geometry struct {
	rest   []byte
	out    strings.Builder
	dims   int
	broken bool
}

// The codes of WKB, Z and M aside.
const (
	wkbPoint = iota + 1
	wkbLine
	wkbPolygon
	wkbMultiPoint
	wkbMultiLine
	wkbMultiPolygon
	wkbCollection
)

// shape writes one geometry; tagged says whether its name is written.
func (g *geometry) shape(tagged bool) {
	if order := g.take(1); order == nil || order[0] != 1 {
		g.broken = true
		return
	}
	code := int(g.count())
	kind, axes := code%1000, code/1000
	names := []string{"", "POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"}
	if g.broken || kind < wkbPoint || kind > wkbCollection || axes > 3 {
		g.broken = true
		return
	}
	g.dims = []int{2, 3, 3, 4}[axes]
	if tagged {
		g.out.WriteString(names[kind] + []string{" ", " Z ", " M ", " ZM "}[axes])
	}
	switch kind {
	case wkbPoint:
		g.point()
	case wkbLine:
		g.list(g.vertex)
	case wkbPolygon:
		g.list(func() { g.list(g.vertex) })
	case wkbMultiPoint:
		g.list(g.member)
	case wkbMultiLine, wkbMultiPolygon:
		g.list(func() { g.shape(false) })
	case wkbCollection:
		g.list(func() { g.shape(true) })
	}
}

// list writes (a, b), or EMPTY.
func (g *geometry) list(item func()) {
	n := g.count()
	if n == 0 {
		g.out.WriteString("EMPTY")
		return
	}
	g.out.WriteByte('(')
	for i := uint32(0); i < n && !g.broken; i++ {
		if i > 0 {
			g.out.WriteString(", ")
		}
		item()
	}
	g.out.WriteByte(')')
}

// point writes (1 2), or EMPTY for a point of NaNs.
func (g *geometry) point() {
	text, empty := g.coordinates()
	if empty {
		g.out.WriteString("EMPTY")
		return
	}
	g.out.WriteString("(" + text + ")")
}

func (g *geometry) vertex() {
	text, _ := g.coordinates()
	g.out.WriteString(text)
}

// member writes a point of a MULTIPOINT, which DuckDB writes without parentheses.
func (g *geometry) member() {
	if g.take(5) == nil { // order and code, the same as the MULTIPOINT's
		return
	}
	text, empty := g.coordinates()
	if empty {
		text = "EMPTY"
	}
	g.out.WriteString(text)
}

func (g *geometry) coordinates() (text string, empty bool) {
	parts := make([]string, g.dims)
	empty = true
	for i := range parts {
		raw := g.take(8)
		if raw == nil {
			return "", true
		}
		f := math.Float64frombits(binary.LittleEndian.Uint64(raw))
		empty = empty && math.IsNaN(f)
		parts[i] = coordinate(f)
	}
	return strings.Join(parts, " "), empty
}

func coordinate(f float64) string {
	if math.IsNaN(f) {
		return "nan"
	}
	if a := math.Abs(f); a != 0 && (a >= 1e16 || a < 1e-4) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

func (g *geometry) count() uint32 {
	raw := g.take(4)
	if raw == nil {
		return 0
	}
	return binary.LittleEndian.Uint32(raw)
}

func (g *geometry) take(n int) []byte {
	if len(g.rest) < n {
		g.broken = true
		return nil
	}
	raw := g.rest[:n]
	g.rest = g.rest[n:]
	return raw
}
