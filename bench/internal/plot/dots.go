package plot

import (
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
	dotsFrom = 330.0
	dotsTo   = width - margin - 30
	dotsRow  = 31.0
)

// Dots draws multiples.
func Dots(t Theme, m Multiples) string {
	c := &canvas{Theme: t}
	y := c.heading(m.Title, m.Subtitle)
	c.legend(m, y)
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
	x := dotsFrom
	for _, tool := range m.Tools {
		c.dot(x+5, y-4, 6, c.color(tool))
		c.write(x+16, y, style{size: 12, color: c.text, bold: tool == m.Unit}, m.Names[tool])
		x += 16 + extent(m.Names[tool], 12) + 22
	}
}

// multiples draws one row: a line from the unit to the farthest mark, and the marks with
// their numbers, which move apart where they would touch.
func (c *canvas) multiples(r Row, y float64, at func(float64) float64) {
	c.write(margin, y+4, style{size: 12.5, color: c.text}, r.Title)
	c.write(dotsFrom-38, y+4, style{size: 12, color: c.color("elt"), bold: true, at: until}, r.Base)
	marks := slices.Clone(r.Marks)
	slices.SortFunc(marks, func(a, b Mark) int {
		if a.Value < b.Value {
			return -1
		}
		return 1
	})
	if len(marks) > 0 {
		c.line(min(at(1), at(marks[0].Value)), y, max(at(1), at(marks[len(marks)-1].Value)), y, c.ground, 3)
	}
	c.dot(at(1), y, 6, c.color("elt"))
	edge := math.Inf(-1) // where the last number ends
	for _, m := range marks {
		x := at(m.Value)
		c.dot(x, y, 6, c.color(m.Tool))
		wide := extent(m.Shown, 11)
		if left := x - wide/2; left > edge {
			c.write(x, y-9, style{size: 11, color: c.muted, at: center}, m.Shown)
			edge = x + wide/2 + 3
		}
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
