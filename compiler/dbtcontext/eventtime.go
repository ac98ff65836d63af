package dbtcontext

import (
	"time"

	"elt/compiler/project"
	"elt/compiler/template"
)

// EventTimeFilter keeps the rows of a relation whose event_time lies in [Start, End); a
// zero end is open. Without a Field it keeps all.
type EventTimeFilter struct {
	Field      string // as SQL names the column
	Start, End time.Time
}

// EventTimeHost is what a Host may have beside its methods: the interval that a microbatch
// model is rendered for, and which rows of what it reads belong to it.
type EventTimeHost interface {
	// Batch is that interval, or nil.
	Batch() *project.Batch
	// RefTimes and SourceTimes say which rows of a relation are read.
	RefTimes(call project.RefCall) EventTimeFilter
	SourceTimes(call project.SourceCall) EventTimeFilter
}

// FunctionHost is a [Host] that knows which models are table functions.
type FunctionHost interface {
	// IsFunction reports whether what ref() names is one.
	IsFunction(call project.RefCall) bool
}

// Around puts the filter around a FROM item, byte for byte as dbt-duckdb does.
func (f EventTimeFilter) Around(from string) string {
	if f.Field == "" || f.Start.IsZero() && f.End.IsZero() {
		return from
	}
	return "(select * from " + from + " where " + f.condition() + ")"
}

func (f EventTimeFilter) condition() string {
	from := f.Field + " >= '" + EventTimeText(f.Start) + "'"
	until := f.Field + " < '" + EventTimeText(f.End) + "'"
	switch {
	case f.End.IsZero():
		return from
	case f.Start.IsZero():
		return until
	}
	return from + " and " + until
}

// EventTimeText is a point in time as dbt writes it into SQL: "2024-01-17 00:00:00+00:00".
func EventTimeText(t time.Time) string { return template.Str(DateTime(t.UTC())) }

// value is the filter as templates see it.
func (f EventTimeFilter) value() template.Value {
	if f.Field == "" {
		return nil
	}
	return attributes{"EventTimeFilter", map[string]template.Value{
		"field_name": f.Field, "start": timeOrNone(f.Start), "end": timeOrNone(f.End),
	}}
}

func timeOrNone(t time.Time) template.Value {
	if t.IsZero() {
		return nil
	}
	return DateTime(t.UTC())
}

// filtered makes a relation show the rows that its host says are read.
func (s *Scope) filtered(r *Relation, times func(EventTimeHost) EventTimeFilter) *Relation {
	if host, ok := s.host.(EventTimeHost); ok {
		r.times = times(host)
	}
	return r
}

// batchValue is model.batch.
func batchValue(b *project.Batch) *template.Dict {
	return template.NewDict(item("id", b.ID), item("event_time_start", DateTime(b.Start)), item("event_time_end", DateTime(b.End)))
}
