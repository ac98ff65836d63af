package stats_test

import (
	"math"
	"testing"

	"elt/bench/internal/stats"
)

func TestSummarize(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		series []float64
		want   stats.Summary
	}{
		{"nothing", nil, stats.Summary{}},
		{"one", []float64{3}, stats.Summary{N: 1, Median: 3, Min: 3, Max: 3}},
		{"an odd number, unsorted", []float64{5, 1, 3}, stats.Summary{N: 3, Median: 3, Min: 1, Max: 5}},
		{"an even number", []float64{4, 1, 2, 100}, stats.Summary{N: 4, Median: 3, Min: 1, Max: 100}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := stats.Summarize(tt.series); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestSummarizeLeavesTheSeriesAsItIs(t *testing.T) {
	t.Parallel()
	series := []float64{3, 1, 2}
	stats.Summarize(series)
	if series[0] != 3 || series[1] != 1 || series[2] != 2 {
		t.Errorf("the series is now %v", series)
	}
}

func TestPairedRatio(t *testing.T) {
	t.Parallel()
	none := math.NaN()
	tests := []struct {
		name string
		a, b []float64
		want stats.Summary
	}{
		{"one slow round is slow for both", []float64{2, 20, 2}, []float64{1, 10, 1}, stats.Summary{N: 3, Median: 2, Min: 2, Max: 2}},
		{"a missing end", []float64{2, 4, 6}, []float64{2}, stats.Summary{N: 1, Median: 1, Min: 1, Max: 1}},
		{"a round that does not count", []float64{2, none, 6}, []float64{1, 1, 2}, stats.Summary{N: 2, Median: 2.5, Min: 2, Max: 3}},
		{"nothing to divide by", []float64{1}, []float64{0}, stats.Summary{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := stats.PairedRatio(tt.a, tt.b); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestSpread(t *testing.T) {
	t.Parallel()
	if got := stats.Summarize([]float64{9, 10, 12}).Spread(); got != 0.3 {
		t.Errorf("got %v, want 0.3", got)
	}
	if got := (stats.Summary{}).Spread(); got != 0 {
		t.Errorf("of nothing: got %v, want 0", got)
	}
}
