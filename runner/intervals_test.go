package runner

import (
	"strings"
	"testing"
	"time"

	"elt/compiler/project"
	"elt/runner/materialize"
	"elt/runner/state"
)

// recorded reads intervals as "2024-01-01..2024-01-03 done": done long after they had ended.
func recorded(t *testing.T, lines ...string) intervals {
	t.Helper()
	var out intervals
	for _, line := range lines {
		span, status, _ := strings.Cut(line, " ")
		from, until, _ := strings.Cut(span, "..")
		row := state.Interval{BeginsAt: day(t, from), EndsAt: day(t, until), Status: status, RunID: "r", DoneAt: day(t, "2025-01-01"), Rows: 1}
		if status == "early" {
			row.Status, row.DoneAt = state.IntervalDone, row.BeginsAt
		}
		out = append(out, row)
	}
	return out
}

func day(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := project.ParseTime(text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestPlannedBatches checks which batches a run does.
func TestPlannedBatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		size     project.BatchSize
		begin    string
		lookback int
		now      string
		known    []string
		window   string
		anew     bool
		retryOf  string
		want     string
	}{
		{name: "a new table is done from its begin", size: "day", begin: "2024-01-30T12:00", now: "2024-02-01T06:00", anew: true, want: "2024-01-30 2024-01-31 2024-02-01"},
		{name: "a model that has not begun has none", size: "day", begin: "2024-03-01", now: "2024-02-01", anew: true},
		{name: "nothing recorded: the current batch and the ones before, as dbt", size: "day", begin: "2024-01-01", lookback: 2, now: "2024-01-10T06:00", want: "2024-01-08 2024-01-09 2024-01-10"},
		{name: "at the stroke of a batch the last one has ended", size: "day", begin: "2024-01-01", lookback: 1, now: "2024-01-10", want: "2024-01-08 2024-01-09"},
		{name: "no batch lies before begin", size: "month", begin: "2024-01-15", lookback: 5, now: "2024-02-10", want: "2024-01 2024-02"},
		{name: "what is missing, failed or was done too early is done", size: "day", begin: "2024-01-01", lookback: 0, now: "2024-01-08T06:00",
			known: []string{"2024-01-02..2024-01-03 done", "2024-01-03..2024-01-04 failed", "2024-01-04..2024-01-05 early", "2024-01-05..2024-01-08 done"},
			want:  "2024-01-01 2024-01-03 2024-01-04 2024-01-08"},
		{name: "days that were done cover part of a month", size: "month", begin: "2024-01-01", lookback: 0, now: "2024-04-08",
			known: []string{"2024-01-01..2024-02-01 done", "2024-02-01..2024-02-20 done", "2024-03-01..2024-04-01 done"}, want: "2024-02 2024-04"},
		{name: "a month that was done covers its days", size: "day", begin: "2024-01-01", lookback: 0, now: "2024-02-01T01:00", known: []string{"2024-01-01..2024-02-01 done"}, want: "2024-02-01"},
		{name: "a window is done whatever is recorded", size: "day", begin: "2024-01-01", now: "2024-06-01", known: []string{"2024-01-01..2024-06-01 done"}, window: "2024-01-03T05:00..2024-01-04T05:00", want: "2024-01-03 2024-01-04"},
		{name: "a retry does what has failed in its run", size: "day", begin: "2024-01-01", now: "2024-01-09", known: []string{"2024-01-01..2024-01-04 done", "2024-01-04..2024-01-05 failed"}, window: "2024-01-01..2024-01-09", retryOf: "r", want: "2024-01-04"},
		{name: "hours are named as dbt names them", size: "hour", begin: "2024-01-01", lookback: 1, now: "2024-01-01T05:30", want: "2024-01-01T04 2024-01-01T05"},
		{name: "years", size: "year", begin: "2020-06-01", now: "2022-06-01", anew: true, want: "2020 2021 2022"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var asked window
			if from, until, ok := strings.Cut(c.window, ".."); ok {
				asked = window{day(t, from), day(t, until)}
			}
			b := &materialize.Batches{Size: c.size, Begin: day(t, c.begin), Lookback: c.lookback}
			var got []string
			for _, one := range recorded(t, c.known...).planned(b, day(t, c.now), asked, c.anew, c.retryOf) {
				got = append(got, c.size.Label(one.Start))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, " "), c.want)
			}
		})
	}
}

// TestReplaceIntervals checks what stays of intervals that others overlap.
func TestReplaceIntervals(t *testing.T) {
	t.Parallel()
	known := recorded(t, "2024-01-01..2024-02-01 done", "2024-02-01..2024-03-01 failed", "2024-03-01..2024-04-01 done")
	overlapped, left := known.replace(recorded(t, "2024-01-10..2024-01-11 done", "2024-01-20..2024-02-05 done"))
	show := func(list []state.Interval) string {
		var out []string
		for _, one := range list {
			out = append(out, one.BeginsAt.Format("01-02")+".."+one.EndsAt.Format("01-02")+" "+one.Status)
		}
		return strings.Join(out, ", ")
	}
	if got, want := show(overlapped), "01-01..02-01 done, 02-01..03-01 failed"; got != want {
		t.Errorf("overlapped\ngot  %s\nwant %s", got, want)
	}
	if got, want := show(left), "01-01..01-10 done, 01-11..01-20 done, 02-05..03-01 failed"; got != want {
		t.Errorf("left\ngot  %s\nwant %s", got, want)
	}
}
