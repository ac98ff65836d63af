package project

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"elt/compiler/template"
)

// BatchSize is how long the intervals of a microbatch model are: hour, day, month or
// year, of UTC's calendar.
type BatchSize string

// The batch sizes, dbt's.
const (
	Hourly  BatchSize = "hour"
	Daily   BatchSize = "day"
	Monthly BatchSize = "month"
	Yearly  BatchSize = "year"
)

// BatchSizes lists the batch sizes, shortest first.
func BatchSizes() []string {
	return []string{string(Hourly), string(Daily), string(Monthly), string(Yearly)}
}

// Batch is one interval of a microbatch model, half-open: [Start, End), in UTC.
type Batch struct {
	ID         string // dbt's: the start without dashes, "20240117" or "20240117T05"
	Start, End time.Time
}

// Floor is the beginning of the interval that holds t.
func (s BatchSize) Floor(t time.Time) time.Time {
	t = t.UTC()
	switch s {
	case Yearly:
		return time.Date(t.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	case Monthly:
		return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	case Daily:
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	}
	return t.Truncate(time.Hour)
}

// Ceiling is the end of the interval that holds t, or t where an interval begins.
func (s BatchSize) Ceiling(t time.Time) time.Time {
	if floor := s.Floor(t); !floor.Equal(t) {
		return s.Add(floor, 1)
	}
	return t.UTC()
}

// Add is the beginning of the interval n intervals after the one that begins at start.
func (s BatchSize) Add(start time.Time, n int) time.Time {
	switch s {
	case Yearly:
		return start.AddDate(n, 0, 0)
	case Monthly:
		return start.AddDate(0, n, 0)
	case Daily:
		return start.AddDate(0, 0, n)
	}
	return start.Add(time.Duration(n) * time.Hour)
}

// Label names the interval that begins at start, as dbt names its files: "2024-01-17",
// "2024-01-17T05", "2024-01" or "2024".
func (s BatchSize) Label(start time.Time) string {
	layout := map[BatchSize]string{Yearly: "2006", Monthly: "2006-01", Daily: "2006-01-02"}[s]
	if layout == "" {
		layout = "2006-01-02T15"
	}
	return start.UTC().Format(layout)
}

// Batches cuts [start, end) into intervals. Like dbt's, the last one ends where it is said
// to, and there is always one.
func (s BatchSize) Batches(start, end time.Time) []Batch {
	var out []Batch
	for at := start; ; {
		next := s.Add(at, 1)
		if !next.Before(end) {
			return append(out, s.Batch(at, end))
		}
		out = append(out, s.Batch(at, next))
		at = next
	}
}

// Batch is the interval [start, end) with its name.
func (s BatchSize) Batch(start, end time.Time) Batch {
	return Batch{ID: strings.ReplaceAll(s.Label(start), "-", ""), Start: start, End: end}
}

// timeLayouts are the forms of a point in time that dbt takes: Python's fromisoformat.
var timeLayouts = []string{
	"2006-01-02", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04", "2006-01-02T15:04",
	"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15", "2006-01-02 15", "20060102",
}

// ParseTime reads a point in time as ISO 8601 writes it. One without a zone is in UTC; one
// with a zone loses it, as in dbt, whose batches are cut on the clock that was written.
func ParseTime(text string) (time.Time, error) {
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no date and no time", text)
}

// IsMicrobatch reports whether a node is a model that is built interval by interval.
func (n *Node) IsMicrobatch() bool {
	return n.Type == Model && n.Materialized() == "incremental" && n.Config.String("incremental_strategy", "") == "microbatch"
}

// BatchSize is a node's batch_size; "" where it has none that is known.
func (n *Node) BatchSize() BatchSize {
	if size := n.Config.String("batch_size", ""); slices.Contains(BatchSizes(), size) {
		return BatchSize(size)
	}
	return ""
}

// Begin is the beginning of a microbatch model's first interval; ok is false where its
// begin is missing or is no point in time.
func (n *Node) Begin() (at time.Time, ok bool) {
	v, _ := n.Config.Get("begin")
	if v.Value == nil {
		return at, false
	}
	at, err := ParseTime(template.Str(v.Value))
	return at, err == nil
}

// EventTime is the column by which a node's rows belong to intervals, as SQL names it: ""
// where it has none. As in dbt it is quoted only where its column asks for quote: true.
func (n *Node) EventTime() string {
	name := n.Config.String("event_time", "")
	for _, c := range n.Columns {
		if c.Name == name && c.Quote {
			return QuoteIdent(name)
		}
	}
	return name
}

// ReadsThis reports whether a node's own template names {{ this }}: its batches may build
// on one another.
func (n *Node) ReadsThis() bool {
	return n.Template != nil && slices.ContainsFunc(n.Template.Calls(), func(c template.StaticCall) bool { return c.Name == "this" })
}
