package plot

// Bar is one tool at one work.
type Bar struct {
	Tool    string // decides the colour
	Label   string
	Value   float64 // what the bar shows; not drawn where Shown is empty
	Low     float64 // the extremes of Value, as a thin line
	High    float64
	Shown   string  // the value as text
	Second  float64 // the bar of the second column
	Shown2  string
	Instead string // said in the place of both
}

// Group is one work: its bars share their scales.
type Group struct {
	Title string
	Bars  []Bar
}

// Chart is a plot of bars.
type Chart struct {
	Title, Subtitle string
	First, Second   string // headings of the two columns
	Groups          []Group
}

// columns of a chart of bars, in pixels.
const (
	margin    = 20.0
	barsFrom  = 206.0
	barsTo    = 516.0
	otherFrom = 560.0
	otherTo   = width - margin
	rowHeight = 21.0
	barHeight = 13.0
	groupGap  = 15.0
	groupHead = 21.0
)

// Bars draws a chart.
func Bars(t Theme, chart Chart) string {
	c := &canvas{Theme: t}
	y := c.heading(chart.Title, chart.Subtitle)
	small := style{size: 11.5, color: t.muted}
	c.write(barsFrom, y, small, chart.First)
	if chart.Second != "" {
		c.write(otherFrom, y, small, chart.Second)
	}
	y += 8
	for _, g := range chart.Groups {
		y = c.group(g, y)
	}
	return c.document(chart.Title, y+margin-groupGap+4)
}

// heading writes a title and a line below it, and returns where to go on.
func (c *canvas) heading(title, subtitle string) float64 {
	c.write(margin, 32, style{size: 16, color: c.text, bold: true}, title)
	if subtitle == "" {
		return 58
	}
	c.write(margin, 51, style{size: 12, color: c.muted}, subtitle)
	return 78
}

func (c *canvas) group(g Group, y float64) float64 {
	c.line(margin, y, width-margin, y, c.ground, 1)
	y += groupHead
	c.write(margin, y-5, style{size: 12.5, color: c.text, bold: true}, g.Title)
	var most, most2 float64
	for _, b := range g.Bars {
		most, most2 = max(most, b.Value, b.High), max(most2, b.Second)
	}
	y += 3
	for _, b := range g.Bars {
		c.row(b, y, most, most2)
		y += rowHeight
	}
	return y + groupGap - 6
}

func (c *canvas) row(b Bar, y, most, most2 float64) {
	base := y + barHeight - 2.5
	own := b.Tool == "elt"
	c.write(barsFrom-10, base, style{size: 12, color: c.text, at: until, bold: own}, b.Label)
	if b.Instead != "" {
		c.write(barsFrom, base, style{size: 12, color: c.muted}, b.Instead)
		return
	}
	color := c.color(b.Tool)
	if b.Shown != "" && most > 0 {
		scale := (barsTo - barsFrom - 62) / most // room for the number behind the longest bar
		c.bar(barsFrom, y, b.Value*scale, barHeight, color, 1)
		if b.High > b.Low {
			middle := y + barHeight/2
			c.line(barsFrom+b.Low*scale, middle, barsFrom+b.High*scale, middle, c.text, 1)
		}
		c.write(barsFrom+max(b.Value, b.High)*scale+7, base, style{size: 12, color: c.text, bold: own}, b.Shown)
	}
	if b.Shown2 != "" && most2 > 0 {
		length := b.Second * (otherTo - otherFrom - 62) / most2
		c.bar(otherFrom, y, length, barHeight, color, 0.55)
		c.write(otherFrom+max(length, 1.5)+7, base, style{size: 12, color: c.text}, b.Shown2)
	}
}
