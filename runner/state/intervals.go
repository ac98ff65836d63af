package state

import (
	"context"
	"fmt"
	"strings"
	"time"

	"elt/runner/engine"
)

// Interval is a row of _elt.intervals: what is known of a microbatch model's rows between
// two points in time.
type Interval struct {
	BeginsAt, EndsAt time.Time // half-open, UTC
	Status           string    // IntervalDone or IntervalFailed
	Rows             int64     // -1 if not known
	RunID            string    // "" for what was there before elt kept records
	DoneAt           time.Time // when the run began: what came after that, it cannot have seen
	Message          string    // why it failed
}

// What an interval can be. One that has no row is missing.
const (
	IntervalDone   = "done"
	IntervalFailed = "failed"
)

// Intervals returns the intervals of a model, in order.
func Intervals(ctx context.Context, s engine.Session, database, uniqueID string) ([]Interval, error) {
	t, err := s.Query(ctx, "select begins_at, ends_at, status, rows, run_id, done_at, message from "+name(database, "intervals")+
		" where unique_id = "+text(uniqueID)+" order by begins_at, ends_at")
	if err != nil {
		return nil, err
	}
	out := make([]Interval, len(t.Rows))
	for i, r := range t.Rows {
		out[i] = Interval{BeginsAt: when(r[0]), EndsAt: when(r[1]), Status: str(r[2]), Rows: count(r[3]), RunID: str(r[4]),
			DoneAt: when(r[5]), Message: str(r[6])}
	}
	return out, nil
}

// PutIntervals returns the statements that record intervals of a model in the place of all
// that overlap them, or of all there are where the model was made anew. What of the
// overlapped ones lies outside is among the given ones.
func PutIntervals(database, uniqueID string, anew bool, overlapped []Interval, rows []Interval) []string {
	table := name(database, "intervals")
	var out []string
	if anew {
		out = append(out, "delete from "+table+" where unique_id = "+text(uniqueID))
	}
	for start := 0; start < len(overlapped) && !anew; start += batch {
		var at []string
		for _, o := range overlapped[start:min(start+batch, len(overlapped))] {
			at = append(at, "("+Time(o.BeginsAt)+", "+Time(o.EndsAt)+")")
		}
		out = append(out, fmt.Sprintf("delete from %s where unique_id = %s and (begins_at, ends_at) in (%s)",
			table, text(uniqueID), strings.Join(at, ", ")))
	}
	cells := make([][]string, len(rows))
	for i, r := range rows {
		cells[i] = []string{text(uniqueID), Time(r.BeginsAt), Time(r.EndsAt), text(r.Status), known(r.Rows), text(r.RunID), Time(r.DoneAt), text(r.Message)}
	}
	return append(out, insert(table, cells)...)
}

// RedoIntervals returns the statement that lets the intervals of a model which were done be done
// again in which one of some hours lies, or that end after the first of them, and says why.
func RedoIntervals(database, uniqueID string, hours []time.Time, from bool, why string) string {
	touched := "ends_at > " + Time(hours[0])
	if !from {
		list := make([]string, len(hours))
		for i, at := range hours {
			list[i] = "(" + Time(at) + ")"
		}
		touched = "exists (from (values " + strings.Join(list, ", ") + ") as _elt_late(hour) where hour >= begins_at and hour < ends_at)"
	}
	return fmt.Sprintf("update %s set status = %s, message = %s where unique_id = %s and status = %s and %s",
		name(database, "intervals"), text(IntervalFailed), text(why), text(uniqueID), text(IntervalDone), touched)
}
