package plot

import (
	"encoding/xml"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
)

func wellFormed(t *testing.T, svg string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := decoder.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
	}
}

func TestTextsAreEscaped(t *testing.T) {
	t.Parallel()
	svg := Bars(Light(), Chart{Title: `a < b & "c"`, Groups: []Group{{Title: "<g>", Bars: []Bar{{Tool: "elt", Label: "a&b", Value: 1, Shown: "<1 s"}, {Tool: "other", Label: "x", Instead: "failed"}}}}})
	wellFormed(t, svg)
	if !strings.Contains(svg, "a &lt; b &amp; &quot;c&quot;") || !strings.Contains(svg, "a&amp;b") {
		t.Error(svg)
	}
}

func TestNothingToDrawIsStillAPlot(t *testing.T) {
	t.Parallel()
	wellFormed(t, Bars(Dark(), Chart{Title: "none"}))
	wellFormed(t, Dots(Dark(), Multiples{Title: "none", Unit: "elt"}))
	wellFormed(t, Lines(Dark(), Courses{Title: "none", Text: func(float64) string { return "" }, Lines: []Course{{Tool: "elt"}}}))
	for _, svg := range []string{
		Bars(Light(), Chart{Groups: []Group{{Bars: []Bar{{Tool: "elt", Shown: "0 s"}}}}}),
		Lines(Light(), Courses{Text: func(float64) string { return "" }, Lines: []Course{{Tool: "elt", Values: []float64{0}}}}),
		Dots(Light(), Multiples{Rows: []Row{{Title: "alone"}}}),
	} {
		wellFormed(t, svg)
		if strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
			t.Error(svg)
		}
	}
}

func TestBarsShareTheScaleOfTheirGroup(t *testing.T) {
	t.Parallel()
	svg := Bars(Light(), Chart{Groups: []Group{{Bars: []Bar{{Tool: "elt", Value: 1, Shown: "1"}, {Tool: "dbt", Value: 4, Shown: "4"}}}, {Bars: []Bar{{Tool: "elt", Value: 8, Shown: "8"}}}}})
	longest := number(barsTo - barsFrom - 62)
	quarter := number((barsTo - barsFrom - 62) / 4)
	if strings.Count(svg, `width="`+longest+`"`) != 2 || !strings.Contains(svg, `width="`+quarter+`"`) {
		t.Errorf("no two bars of %s and one of a quarter in\n%s", longest, svg)
	}
}

func TestAxisOfMultiples(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		values    []float64
		low, high float64
		ticks     []float64
	}{
		{"none", nil, 0.5, 5, []float64{0.5, 1, 2, 5}},
		{"near one", []float64{0.9, 1.2}, 0.5, 5, []float64{0.5, 1, 2, 5}},
		{"far", []float64{0.3, 47}, 0.2, 50, []float64{0.2, 0.5, 1, 2, 5, 10, 20, 50}},
		{"very far: powers of ten alone", []float64{0.08, 900}, 0.05, 1000, []float64{0.1, 1, 10, 100, 1000}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := Multiples{Rows: []Row{{}}}
			for _, v := range tt.values {
				m.Rows[0].Marks = append(m.Rows[0].Marks, Mark{Value: v})
			}
			low, high := m.bounds()
			close := func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }
			if !close(low, tt.low) || !close(high, tt.high) || !slices.EqualFunc(ticks(low, high), tt.ticks, close) {
				t.Errorf("from %v to %v, ticks %v", low, high, ticks(low, high))
			}
		})
	}
}

func TestRoundStep(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]float64{0: 1, 1: 1, 1.2: 2, 2.1: 2.5, 3: 5, 7e6: 1e7, 0.03: 0.05} {
		if got := roundStep(v); math.Abs(got-want) > want*1e-9 {
			t.Errorf("roundStep(%v) = %v, want %v", v, got, want)
		}
	}
}
