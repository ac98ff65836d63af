package plot

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Mark is a tool's place in a row.
type Mark struct {
	Tool  string
	Value float64 // a multiple; above zero
	Shown string
}

// Row is one work in a plot of multiples.
type Row struct {
	Title string
	Base  string // what 1 stands for in this row: "1.24 s"
	Marks []Mark
}

// Multiples is a plot of how many times something takes, on a logarithmic axis.
type Multiples struct {
	Title, Subtitle string
	Unit            string   // the tool that stands at 1
	Tools           []string // those of the legend, in order
	Names           map[string]string
	Rows            []Row
}

const (
	dotsFrom = 400.0
	dotsTo   = width - margin - 42
	baseAt   = 346.0
	dotsRow  = 32.0
)

// Dots draws multiples.
func Dots(t Theme, m Multiples) string {
	c := &canvas{Theme: t}
	y := c.heading(m.Title, m.Subtitle)
	c.legend(m, y)
	c.write(baseAt, y, style{size: 11.5, color: t.muted, at: until}, m.Unit+" takes")
	y += 30
	low, high := m.bounds()
	at := func(v float64) float64 {
		return dotsFrom + (dotsTo-dotsFrom)*(math.Log10(v)-math.Log10(low))/(math.Log10(high)-math.Log10(low))
	}
	bottom := y + dotsRow*float64(len(m.Rows))
	for _, tick := range ticks(low, high) {
		thick, color := 1.0, c.ground
		if tick == 1 {
			thick, color = 1.5, c.muted
		}
		c.line(at(tick), y-6, at(tick), bottom, color, thick)
		c.write(at(tick), bottom+17, style{size: 11.5, color: c.muted, at: center}, fmt.Sprintf("%g×", tick))
	}
	for _, r := range m.Rows {
		c.multiples(r, y+dotsRow/2, at)
		y += dotsRow
	}
	return c.document(m.Title, bottom+17+margin)
}

func (c *canvas) legend(m Multiples, y float64) {
	x := dotsFrom - 20
	for _, tool := range m.Tools {
		c.dot(x+5, y-4, 6, c.color(tool))
		c.write(x+16, y, style{size: 12, color: c.text, bold: tool == m.Unit}, m.Names[tool])
		x += 16 + extent(m.Names[tool], 12) + 22
	}
}

// multiples draws one row: a line from the first mark to the last, and the marks with
// their numbers: those at the ends beside them, the others above where there is room.
func (c *canvas) multiples(r Row, y float64, at func(float64) float64) {
	c.write(margin, y+4, style{size: 12.5, color: c.text}, r.Title)
	c.write(baseAt, y+4, style{size: 12.5, color: c.color("elt"), bold: true, at: until}, r.Base)
	marks := append(slices.Clone(r.Marks), Mark{Tool: "elt", Value: 1})
	slices.SortStableFunc(marks, func(a, b Mark) int { return cmp.Compare(a.Value, b.Value) })
	last := len(marks) - 1
	c.line(at(marks[0].Value), y, at(marks[last].Value), y, c.ground, 3)
	edge := math.Inf(-1) // where the last number above ends
	for i, m := range marks {
		x, s := at(m.Value), style{size: 11, color: c.text}
		switch wide := extent(m.Shown, s.size); {
		case i == 0:
			s.at = until
			c.write(x-10, y+4, s, m.Shown)
		case i == last:
			c.write(x+10, y+4, s, m.Shown)
		case x-wide/2 > edge:
			s.at = center
			c.write(x, y-9, s, m.Shown)
			edge = x + wide/2 + 3
		}
	}
	for _, m := range marks { // above lines and numbers
		c.dot(at(m.Value), y, 6, c.color(m.Tool))
	}
}

// bounds are powers of ten, or 2 and 5 times those, around all marks and 1.
func (m Multiples) bounds() (low, high float64) {
	low, high = 1, 2
	for _, r := range m.Rows {
		for _, mark := range r.Marks {
			low, high = min(low, mark.Value), max(high, mark.Value)
		}
	}
	for _, step := range steps() {
		if step <= low*0.97 {
			return step, ceiling(high)
		}
	}
	return low, ceiling(high)
}

func ceiling(high float64) float64 {
	all := steps()
	slices.Reverse(all)
	for _, step := range all {
		if step >= high*1.03 {
			return step
		}
	}
	return high
}

// steps are the numbers an axis may begin and end with, from large to small.
func steps() []float64 {
	var out []float64
	for power := 5; power >= -4; power-- {
		for _, n := range []float64{5, 2, 1} {
			out = append(out, n*math.Pow10(power))
		}
	}
	return out
}

// ticks are those steps that lie on the axis; powers of ten alone if it is long.
func ticks(low, high float64) []float64 {
	var out []float64
	long := high/low > 2000
	for _, step := range steps() {
		power := math.Log10(step)
		if step < low*0.999 || step > high*1.001 || long && math.Abs(power-math.Round(power)) > 1e-9 {
			continue
		}
		out = append(out, step)
	}
	slices.Reverse(out)
	return out
}
