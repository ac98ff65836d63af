package main

import (
	"strconv"
	"strings"
	"time"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"

	"github.com/urfave/cli/v2"
)

// sample is the window of --sample; zero where there is none.
type sample struct{ start, end time.Time }

func sampleFlag() cli.Flag {
	return &cli.StringFlag{Name: "sample", Category: groupRun, Usage: "read only the newest data: `'3 days'`, or '{start: 2024-01-01, end: 2024-02-01}'"}
}

// parseSample reads --sample as dbt does: a number and hours, days, months or years up to now, or
// a mapping of start and end, in UTC.
func parseSample(text string, now time.Time) (sample, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return sample{}, nil
	case strings.HasPrefix(text, "{"):
		return sampleBetween(text)
	}
	number, grain, ok := strings.Cut(text, " ")
	if !ok {
		return sample{}, badSample("--sample is a number and a unit, not %q", text)
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 {
		return sample{}, badSample("--sample: %q is not a whole number", number)
	}
	end := now.UTC().Truncate(time.Microsecond)
	switch unit := strings.TrimSuffix(strings.ToLower(strings.TrimSpace(grain)), "s"); unit {
	case "hour":
		return sample{end.Add(-time.Duration(n) * time.Hour), end}, nil
	case "day":
		return sample{end.AddDate(0, 0, -n), end}, nil
	case "month":
		return sample{monthsBefore(end, n), end}, nil
	case "year":
		return sample{monthsBefore(end, 12*n), end}, nil
	}
	known := []string{"days", "hours", "months", "years"}
	if s := diag.Suggest(grain, known); s != "" {
		return sample{}, usagef("--sample: %q is no unit", grain).withHint("did you mean %s?", s)
	}
	return sample{}, badSample("--sample: %q is no unit", grain)
}

func badSample(format string, args ...any) error {
	return usagef(format, args...).withHint("for example --sample '3 days', in hours, days, months or years, or '{start: 2024-01-01, end: 2024-02-01}'")
}

func sampleBetween(text string) (sample, error) {
	window, err := parseMapping("--sample", text, "{start: 2024-01-01, end: 2024-02-01}")
	if err != nil {
		return sample{}, err
	}
	var out sample
	for _, end := range []struct {
		key string
		to  *time.Time
	}{{"start", &out.start}, {"end", &out.end}} {
		v, ok := window.Get(end.key)
		if !ok || v == nil {
			return sample{}, badSample("--sample has no %s", end.key)
		}
		if *end.to, err = project.ParseTime(template.Str(v)); err != nil {
			return sample{}, badSample("--sample: %s: %v", end.key, err)
		}
	}
	if !out.start.Before(out.end) {
		return sample{}, badSample("--sample: the start is not before the end")
	}
	return out, nil
}

// monthsBefore is the same day and time so many months earlier; the last day of a shorter month,
// as Python's relativedelta has it.
func monthsBefore(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month(), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC).AddDate(0, -n, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}
