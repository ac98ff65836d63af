// Package stats says what a handful of timings amount to: their median, their spread,
// and the ratio of two series that were measured in turn.
//
// It promises nothing about distributions: with five runs a median and the two extremes
// are all that can honestly be said. Start at Summarize and PairedRatio.
package stats

import (
	"math"
	"slices"
)

// Summary describes a series of measurements in their own unit.
type Summary struct {
	N      int     `json:"n"`      // how many measurements
	Median float64 `json:"median"` // the middle one, or the mean of the two in the middle
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// Spread is how far the extremes lie apart, as a share of the median: 0.1 is ten per
// cent. It is 0 for a series without a median above zero.
func (s Summary) Spread() float64 {
	if s.Median <= 0 {
		return 0
	}
	return (s.Max - s.Min) / s.Median
}

// Summarize returns the summary of a series; that of an empty one is zero.
func Summarize(series []float64) Summary {
	if len(series) == 0 {
		return Summary{}
	}
	sorted := slices.Sorted(slices.Values(series))
	return Summary{N: len(sorted), Median: median(sorted), Min: sorted[0], Max: sorted[len(sorted)-1]}
}

func median(sorted []float64) float64 {
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// PairedRatio summarizes a[i]/b[i]: what the i-th run of one tool took against that of
// the other in the same round. A machine that was busy in one round slows both, so the
// ratio of a round says more than that of two medians. A round without a measurement on
// either side, which NaN or a missing end marks, is left out, and so is one with b zero.
func PairedRatio(a, b []float64) Summary {
	var ratios []float64
	for i := range min(len(a), len(b)) {
		if ratio := a[i] / b[i]; !math.IsNaN(ratio) && !math.IsInf(ratio, 0) {
			ratios = append(ratios, ratio)
		}
	}
	return Summarize(ratios)
}
