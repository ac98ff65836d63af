package plot

import (
	"fmt"
	"math"
	"slices"
)

// Course is how a value of one tool goes on.
type Course struct {
	Tool, Label string
	Values      []float64 // at 1, 2, 3, ...
}

// Courses is a plot of several.
type Courses struct {
	Title, Subtitle string
	Across          string                 // what the horizontal axis counts
	Text            func(v float64) string // a value as text
	Lines           []Course
}

const (
	linesFrom   = 78.0
	linesTo     = width - 190
	linesHeight = 230.0
)

// Lines draws courses, from zero.
func Lines(t Theme, p Courses) string {
	c := &canvas{Theme: t}
	top := c.heading(p.Title, p.Subtitle) + 2
	bottom := top + linesHeight
	most, count := 0.0, 2
	for _, line := range p.Lines {
		count = max(count, len(line.Values))
		most = max(most, slices.Max(append([]float64{0}, line.Values...)))
	}
	step := roundStep(most / 4)
	most = max(step*math.Ceil(most/step), step)
	x := func(i int) float64 { return linesFrom + (linesTo-linesFrom)*float64(i)/float64(count-1) }
	y := func(v float64) float64 { return bottom - linesHeight*v/most }
	for v := 0.0; v <= most*1.0001; v += step {
		c.line(linesFrom, y(v), linesTo, y(v), c.ground, 1)
		c.write(linesFrom-9, y(v)+4, style{size: 11.5, color: c.muted, at: until}, p.Text(v))
	}
	for i := range count {
		c.write(x(i), bottom+18, style{size: 11.5, color: c.muted, at: center}, fmt.Sprint(i+1))
	}
	c.write((linesFrom+linesTo)/2, bottom+37, style{size: 11.5, color: c.muted, at: center}, p.Across)
	c.courses(p, x, y)
	return c.document(p.Title, bottom+37+margin)
}

// courses draws the lines and writes names at their ends, apart from each other.
func (c *canvas) courses(p Courses, x func(int) float64, y func(float64) float64) {
	// The floor is dashed and comes last, so that a line under it still shows.
	lines := slices.DeleteFunc(slices.Clone(p.Lines), func(l Course) bool { return len(l.Values) == 0 })
	last := func(l Course) float64 { return y(l.Values[len(l.Values)-1]) }
	slices.SortStableFunc(lines, func(a, b Course) int {
		if last(a) > last(b) {
			return -1
		}
		return 1
	})
	previous := math.Inf(1) // from the bottom up
	var dashed []func()
	for _, line := range lines {
		var points []point
		for i, v := range line.Values {
			points = append(points, point{x(i), y(v)})
		}
		draw := func() { c.path(points, c.color(line.Tool), line.Tool == "duckdb") }
		if line.Tool == "duckdb" {
			dashed = append(dashed, draw)
		} else {
			draw()
		}
		end := points[len(points)-1]
		c.dot(end.x, end.y, 4.5, c.color(line.Tool))
		at := min(end.y+4, previous-16)
		previous = at
		c.write(end.x+12, at, style{size: 12, color: c.text, bold: line.Tool == "elt"},
			line.Label+"  "+p.Text(line.Values[len(line.Values)-1]))
	}
	for _, draw := range dashed {
		draw()
	}
}

// roundStep is the next of 1, 2, 2.5, 5 times a power of ten.
func roundStep(v float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow10(int(math.Floor(math.Log10(v))))
	for _, n := range []float64{1, 2, 2.5, 5, 10} {
		if n*power >= v {
			return n * power
		}
	}
	return 10 * power
}
