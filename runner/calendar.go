package runner

import (
	"time"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// Calendar is what is known of a microbatch model's intervals: every one from its begin to
// the current one, in order.
type Calendar struct {
	Node  *project.Node
	Size  project.BatchSize
	Begin time.Time
	Days  []CalendarDay
	// Recorded says that anything is recorded at all; of a table that elt did not build batch by
	// batch nothing is.
	Recorded bool
}

// CalendarDay is one interval: a day, or whatever the batch size is.
type CalendarDay struct {
	Start, End time.Time
	Status     string // "done", "failed", "missing", or "open": done before it had ended
	Rows       int64  // -1 if not known
	RunID      string
	DoneAt     time.Time // when the run that did it began; zero if not known
	Message    string    // why it failed
}

// newCalendar is the empty calendar of a model.
func newCalendar(node *project.Node) (*Calendar, error) {
	begin, ok := node.Begin()
	if !node.IsMicrobatch() || node.BatchSize() == "" || !ok {
		return nil, diag.New(diag.IncrementalConfig, node.Place, "%s %q has no intervals", node.Type, node.Name).
			WithHint("models of incremental_strategy: microbatch have")
	}
	return &Calendar{Node: node, Size: node.BatchSize(), Begin: node.BatchSize().Floor(begin)}, nil
}

// fill puts in what is recorded. The calendar ends with the current interval, or the last one that is
// recorded.
func (c *Calendar) fill(known intervals, now time.Time) {
	if c == nil {
		return
	}
	c.Recorded = len(known) > 0
	end := c.Size.Ceiling(now)
	if n := len(known); n > 0 {
		if last := c.Size.Ceiling(known[n-1].EndsAt); last.After(end) {
			end = last
		}
		if first := c.Size.Floor(known[0].BeginsAt); first.Before(c.Begin) {
			c.Begin = first
		}
	}
	if !c.Begin.Before(end) {
		return
	}
	for _, one := range c.Size.Batches(c.Begin, end) {
		day := CalendarDay{Start: one.Start, End: one.End, Status: known.status(one.Start, one.End), Rows: -1}
		for _, at := range known.overlapping(one.Start, one.End) {
			if day.RunID == "" || at.Status == day.Status {
				day.RunID, day.DoneAt, day.Message = at.RunID, at.DoneAt, at.Message
			}
			if at.BeginsAt.Equal(one.Start) && at.EndsAt.Equal(one.End) {
				day.Rows = at.Rows
			}
		}
		c.Days = append(c.Days, day)
	}
}
