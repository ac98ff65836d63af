package runner

import (
	"slices"
	"time"

	"elt/compiler/project"
	"elt/runner/materialize"
	"elt/runner/state"
)

// intervals is what is recorded of a microbatch model, in order and without overlaps.
type intervals []state.Interval

// What an interval of the calendar is.
const (
	intervalDone    = state.IntervalDone
	intervalFailed  = state.IntervalFailed
	intervalMissing = "missing"
	// intervalOpen was done before it had ended: what came later is not in it.
	intervalOpen = "open"
)

// status is what is known of [start, end): the worst of what lies in it.
func (in intervals) status(start, end time.Time) string {
	at, open := start, false
	for _, one := range in.overlapping(start, end) {
		if one.Status == state.IntervalFailed {
			return intervalFailed
		}
		if one.BeginsAt.After(at) {
			return intervalMissing
		}
		at = one.EndsAt
		open = open || one.DoneAt.Before(one.EndsAt) && one.RunID != ""
	}
	switch {
	case at.Before(end):
		return intervalMissing
	case open:
		return intervalOpen
	}
	return intervalDone
}

// overlapping are the recorded intervals that share time with [start, end).
func (in intervals) overlapping(start, end time.Time) []state.Interval {
	first, _ := slices.BinarySearchFunc(in, start, func(one state.Interval, t time.Time) int {
		if one.EndsAt.After(t) {
			return 1
		}
		return -1
	})
	last := first
	for last < len(in) && in[last].BeginsAt.Before(end) {
		last++
	}
	return in[first:last]
}

// replace returns the recorded intervals that others take the place of, and what of these
// lies outside and stays.
func (in intervals) replace(others []state.Interval) (overlapped, left []state.Interval) {
	seen := map[time.Time]bool{}
	for _, o := range others {
		for _, one := range in.overlapping(o.BeginsAt, o.EndsAt) {
			if !seen[one.BeginsAt] {
				seen[one.BeginsAt] = true
				overlapped = append(overlapped, one)
			}
		}
	}
	for _, one := range overlapped {
		rest := []state.Interval{one}
		for _, o := range others {
			rest = without(rest, o)
		}
		left = append(left, rest...)
	}
	return overlapped, left
}

// without cuts an interval out of others. How many rows the rest has is not known.
func without(list []state.Interval, cut state.Interval) []state.Interval {
	var out []state.Interval
	for _, one := range list {
		if !one.BeginsAt.Before(cut.EndsAt) || !cut.BeginsAt.Before(one.EndsAt) {
			out = append(out, one)
			continue
		}
		before, after := one, one
		before.EndsAt, after.BeginsAt = cut.BeginsAt, cut.EndsAt
		before.Rows, after.Rows = -1, -1
		for _, rest := range []state.Interval{before, after} {
			if rest.BeginsAt.Before(rest.EndsAt) {
				out = append(out, rest)
			}
		}
	}
	return out
}

// window is which batches a run is asked to do; the zero window leaves it to the model.
type window struct{ start, end time.Time }

// planned are the batches that a run does of a microbatch model, in order.
//
// By dbt's rules these are: those of the window that was asked for; of a table that is
// made anew all from begin to the current one; else the current one and as many before it
// as lookback says. To the latter come those before them that have failed, are missing, or
// were done before they had ended. A retry does what has failed in the run it takes up and
// nothing else, if something has. Other than dbt's, no batch lies before begin.
func (in intervals) planned(b *materialize.Batches, now time.Time, asked window, anew bool, retryOf string) []project.Batch {
	size := b.Size
	begin := size.Floor(b.Begin)
	if failed := in.failedIn(retryOf); len(failed) > 0 && !anew {
		var out []project.Batch
		for _, one := range failed {
			out = append(out, size.Batches(size.Floor(one.BeginsAt), size.Ceiling(one.EndsAt))...)
		}
		return out
	}
	if !asked.start.IsZero() {
		return size.Batches(size.Floor(asked.start), size.Ceiling(asked.end))
	}
	end := size.Ceiling(now)
	if !begin.Before(end) {
		return nil // it has not begun
	}
	if anew {
		return size.Batches(begin, end)
	}
	recent := size.Add(end, -(b.Lookback + 1))
	var out []project.Batch
	for _, one := range size.Batches(begin, end) {
		if !one.Start.Before(recent) || len(in) > 0 && in.status(one.Start, one.End) != intervalDone {
			out = append(out, one)
		}
	}
	return out
}

// failedIn are the intervals that failed in a run; none for "".
func (in intervals) failedIn(run string) intervals {
	var out intervals
	for _, one := range in {
		if run != "" && one.RunID == run && one.Status == state.IntervalFailed {
			out = append(out, one)
		}
	}
	return out
}
