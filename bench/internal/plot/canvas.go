// Package plot draws results as SVG: bars for the tools at each work (Bars), multiples
// on a logarithmic axis (Dots), and the course of a size (Lines).
//
// Each plot is drawn for a light and for a dark page, with colours written out: a page
// picks the one that fits it, and no reader of SVG has to know style sheets. A tool has
// the same colour everywhere; colours differ in lightness too, and every mark has its
// number or name beside it, so that nothing depends on seeing colours. The same input
// gives the same bytes.
package plot

import (
	"fmt"
	"strings"
)

// Theme is the set of colours of a plot.
type Theme struct {
	Name                            string // "light" or "dark", for the file's name
	background, text, muted, ground string
	tools                           map[string]string
}

// Light is for a white page.
func Light() Theme {
	return Theme{Name: "light", background: "#ffffff", text: "#1f2328", muted: "#59636e", ground: "#e4e8ec",
		tools: map[string]string{"elt": "#1f6feb", "dbt": "#d9622b", "sqlmesh": "#12857a", "duckdb": "#8b949e"}}
}

// Dark is for a dark page.
func Dark() Theme {
	return Theme{Name: "dark", background: "#0d1117", text: "#e6edf3", muted: "#9198a1", ground: "#262c36",
		tools: map[string]string{"elt": "#58a6ff", "dbt": "#f0883e", "sqlmesh": "#3fc9b7", "duckdb": "#7d8590"}}
}

func (t Theme) color(tool string) string {
	if c, ok := t.tools[tool]; ok {
		return c
	}
	return t.muted
}

// width of every plot in pixels: that of a page's column.
const width = 780.0

// canvas collects the elements of an SVG.
type canvas struct {
	Theme
	b strings.Builder
}

// document is the SVG around what was drawn. title is what a screen reader says.
func (c *canvas) document(title string, height float64) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]s %[2]s" width="%[1]s" height="%[2]s" role="img" aria-label="%[3]s" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif">`+"\n<title>%[3]s</title>\n",
		number(width), number(height), escape(title)) +
		fmt.Sprintf(`<rect width="%s" height="%s" rx="8" fill="%s"/>`+"\n", number(width), number(height), c.background) + c.b.String() + "</svg>\n"
}

// anchor is where a text stands from its point.
type anchor string

const (
	from   anchor = "start"
	center anchor = "middle"
	until  anchor = "end"
)

// style is how a text is written.
type style struct {
	size  float64
	color string
	bold  bool
	at    anchor
}

func (c *canvas) write(x, y float64, s style, text string) {
	weight := ""
	if s.bold {
		weight = ` font-weight="600"`
	}
	if s.at == "" {
		s.at = from
	}
	if text == "" {
		return
	}
	// A seam in the colour of the page keeps letters apart from the lines that they cross.
	fmt.Fprintf(&c.b, `<text x="%s" y="%s" font-size="%s" fill="%s" text-anchor="%s"%s stroke="%s" stroke-width="3" paint-order="stroke" stroke-linejoin="round">%s</text>`+"\n",
		number(x), number(y), number(s.size), s.color, s.at, weight, c.background, escape(text))
}

func (c *canvas) line(x1, y1, x2, y2 float64, color string, thick float64) {
	fmt.Fprintf(&c.b, `<line x1="%s" y1="%s" x2="%s" y2="%s" stroke="%s" stroke-width="%s"/>`+"\n",
		number(x1), number(y1), number(x2), number(y2), color, number(thick))
}

func (c *canvas) bar(x, y, w, h float64, color string, opacity float64) {
	fmt.Fprintf(&c.b, `<rect x="%s" y="%s" width="%s" height="%s" rx="2" fill="%s" fill-opacity="%s"/>`+"\n",
		number(x), number(y), number(max(w, 1.5)), number(h), color, number(opacity))
}

func (c *canvas) dot(x, y, r float64, color string) {
	fmt.Fprintf(&c.b, `<circle cx="%s" cy="%s" r="%s" fill="%s" stroke="%s" stroke-width="1.5"/>`+"\n",
		number(x), number(y), number(r), color, c.background)
}

func (c *canvas) path(points []point, color string, dashed bool) {
	dashes := ""
	if dashed {
		dashes = ` stroke-dasharray="3 5"`
	}
	var d strings.Builder
	for i, p := range points {
		command := "L"
		if i == 0 {
			command = "M"
		}
		fmt.Fprintf(&d, "%s%s %s", command, number(p.x), number(p.y))
	}
	fmt.Fprintf(&c.b, `<path d="%s" fill="none" stroke="%s" stroke-width="2.2" stroke-linejoin="round" stroke-linecap="round"%s/>`+"\n", d.String(), color, dashes)
}

type point struct{ x, y float64 }

// number has at most one decimal, and none that says nothing.
func number(v float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), ".")
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

// extent is about how wide a text is.
func extent(text string, size float64) float64 {
	return float64(len([]rune(text))) * size * 0.56
}
