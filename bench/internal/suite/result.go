package suite

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"elt/bench/internal/peers"
	"elt/bench/internal/stats"
)

// CaseResult is what a case came to.
type CaseResult struct {
	Name      string           `json:"name"`
	Title     string           `json:"title"`
	About     string           `json:"about"`
	Started   string           `json:"started"` // RFC 3339, UTC
	Seconds   float64          `json:"seconds"` // that the whole case took
	Skipped   string           `json:"skipped,omitempty"`
	Scenarios []ScenarioResult `json:"scenarios"`
}

// ScenarioResult is what a scenario came to.
type ScenarioResult struct {
	Name       string            `json:"name"`
	Title      string            `json:"title"`
	Series     bool              `json:"series,omitempty"`
	Contenders []ContenderResult `json:"contenders"`
}

// overLimit begins what Failed says of a command that took longer than it was given.
const overLimit = "more than "

// ContenderResult is what one tool needed. Of Absent, Failed and Wrong at most one is
// set; where Wrong is set, no time of that round or a later one counts.
type ContenderResult struct {
	Label   string   `json:"label"`
	Tool    string   `json:"tool"`
	Note    string   `json:"note,omitempty"`
	Absent  string   `json:"absent,omitempty"` // why it took no part
	Failed  string   `json:"failed,omitempty"` // why it did not get to its end
	Wrong   string   `json:"wrong,omitempty"`  // what it made that others did not
	Samples []Sample `json:"samples"`

	Wall stats.Summary `json:"wall"` // seconds
	CPU  stats.Summary `json:"cpu"`  // seconds, user and system
	Peak stats.Summary `json:"peak"` // bytes
	File stats.Summary `json:"file"` // bytes of the database after the run
	// ToFloor is the time against DuckDB's own shell, ToElt that against elt, both by
	// rounds; N is 0 where there is nothing to compare with.
	ToFloor stats.Summary `json:"to_floor"`
	ToElt   stats.Summary `json:"to_elt"`
}

// Sample is one run.
type Sample struct {
	Round int     `json:"round"` // from 0
	Wall  float64 `json:"wall"`  // seconds
	CPU   float64 `json:"cpu"`   // seconds
	Peak  int64   `json:"peak"`  // bytes
	File  int64   `json:"file,omitempty"`
	// Others are the processor seconds that went to anything else meanwhile; nil where the
	// system does not tell.
	Others *float64 `json:"others,omitempty"`
}

// Others is how many processors, in the mean of all samples, were at work on anything but
// what was measured. It is false where no sample tells.
func (c *CaseResult) Others() (processors float64, told bool) {
	var others, wall float64
	for _, s := range c.Scenarios {
		for _, contender := range s.Contenders {
			for _, sample := range contender.Samples {
				if sample.Others != nil {
					others, wall = others+*sample.Others, wall+sample.Wall
				}
			}
		}
	}
	return others / wall, wall > 0
}

// String is a sample for a person.
func (s Sample) String() string {
	return fmt.Sprintf("%8.3f s  cpu %8.3f s  peak %5d MB", s.Wall, s.CPU, s.Peak/1e6)
}

// wrongFrom drops the sample of a round: what was measured before was still right.
func (c *ContenderResult) wrongFrom(round int) {
	c.Samples = slices.DeleteFunc(c.Samples, func(s Sample) bool { return s.Round >= round })
}

// finish drops the warm-up and computes the summaries.
func (c *ContenderResult) finish() {
	var kept []Sample
	for _, s := range c.Samples {
		if s.Round >= 0 {
			kept = append(kept, s)
		}
	}
	c.Samples = kept
	c.Wall = stats.Summarize(c.each(func(s Sample) float64 { return s.Wall }))
	c.CPU = stats.Summarize(c.each(func(s Sample) float64 { return s.CPU }))
	c.Peak = stats.Summarize(c.each(func(s Sample) float64 { return float64(s.Peak) }))
	c.File = stats.Summarize(c.each(func(s Sample) float64 { return float64(s.File) }))
}

func (c *ContenderResult) each(value func(Sample) float64) []float64 {
	out := make([]float64, len(c.Samples))
	for i, s := range c.Samples {
		out[i] = value(s)
	}
	return out
}

// rounds are the times by round, NaN where there is none.
func (c *ContenderResult) rounds() []float64 {
	var out []float64
	for _, s := range c.Samples {
		for len(out) <= s.Round {
			out = append(out, math.NaN())
		}
		out[s.Round] = s.Wall
	}
	return out
}

// Counts reports whether there is a time to show.
func (c *ContenderResult) Counts() bool { return len(c.Samples) > 0 }

// Summarize computes the summaries of the samples, without those of warm-up rounds, and
// the ratios, by rounds.
func (s *ScenarioResult) Summarize() {
	for i := range s.Contenders {
		s.Contenders[i].finish()
	}
	floor, own := s.first(peers.DuckDB), s.first(peers.Elt)
	for i := range s.Contenders {
		c := &s.Contenders[i]
		if floor != nil {
			c.ToFloor = stats.PairedRatio(c.rounds(), floor.rounds())
		}
		if own != nil {
			c.ToElt = stats.PairedRatio(c.rounds(), own.rounds())
		}
	}
}

// first returns the first contender of a tool that has a time.
func (s *ScenarioResult) first(tool string) *ContenderResult {
	for i := range s.Contenders {
		if c := &s.Contenders[i]; c.Tool == tool && c.Counts() {
			return c
		}
	}
	return nil
}

// GivenUp reports whether the tool was stopped because it took longer than the limit, which
// is no fault of its own.
func (c ContenderResult) GivenUp() bool { return strings.HasPrefix(c.Failed, overLimit) }
