package materialize

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/engine"
)

// Batches is what a microbatch model replaces: the rows of whole intervals of time.
type Batches struct {
	EventTime string // the column by which a row belongs to an interval, or an expression
	Size      project.BatchSize
	Begin     time.Time
	Lookback  int // intervals before the current one that are done again
	// Concurrent is concurrent_batches; nil where the config does not say.
	Concurrent *bool
	// Done are the intervals that the delta holds, set by the caller. Rows of the delta
	// outside of them count for nothing.
	Done []project.Batch
}

// microbatch reads what only the strategy microbatch has; as dbt, event_time, begin and
// batch_size are asked for, and a unique_key is refused.
func (r *reader) microbatch(spec *Spec) {
	b := &Batches{EventTime: r.text("event_time"), Lookback: 1}
	need := func(key, hint string) {
		r.refuse("incremental_strategy", "microbatch needs %q", key).WithHint("%s", hint)
	}
	if b.EventTime == "" {
		need("event_time", "name the column of the model that says when a row happened, as in event_time: ordered_at")
	}
	if _, ok := r.get("batch_size"); ok {
		b.Size = project.BatchSize(r.choice("batch_size", "", project.BatchSizes()...))
	} else {
		need("batch_size", "say how long a batch is: hour, day, month or year")
	}
	r.begin(b, need)
	if v, ok := r.get("lookback"); ok {
		n, isInt := v.(int64)
		if b.Lookback = int(n); !isInt || n < 0 {
			r.wrong("lookback", "%q must be a number of batches", "lookback")
		}
	}
	if v, ok := r.get("concurrent_batches"); ok {
		if on, isBool := v.(bool); isBool {
			b.Concurrent = &on
		} else {
			r.wrong("concurrent_batches", "%q must be true or false", "concurrent_batches")
		}
	}
	if len(spec.UniqueKey) > 0 {
		r.refuse("unique_key", "microbatch replaces whole batches, so a unique_key has no meaning").
			WithHint("take it out, or use incremental_strategy: merge")
	}
	spec.Batches = b
}

func (r *reader) begin(b *Batches, need func(key, hint string)) {
	v, ok := r.get("begin")
	if !ok {
		need("begin", "say when the first batch begins, as in begin: '2024-01-01'")
		return
	}
	at, err := project.ParseTime(template.Str(v))
	if err != nil {
		r.wrong("begin", "%q must be a date or a time: %v", "begin", err).WithHint("write begin: '2024-01-01'")
	}
	b.Begin = at
}

// createBatches makes an empty table for the rows of batches.
func createBatches(spec *Spec, rel project.Relation) []Statement {
	if spec.Contract != nil {
		return []Statement{createTable(rel, spec.Contract)}
	}
	return []Statement{around(fmt.Sprintf("create table %s as (\n", rel), spec.SQL, "\n) with no data")}
}

// InsertBatch adds the rows of one batch to what [Begin] has made, which has the given
// columns: those that query, the model rendered for the batch, returns for its interval.
func (s *Spec) InsertBatch(made project.Relation, query string, batch project.Batch, columns []engine.Column) Statement {
	list := names(columns)
	before := fmt.Sprintf("insert into %s (%s)\nselect %s from (\n", made, list, list)
	return around(before, query, "\n) as _elt_batch\nwhere "+s.within([]project.Batch{batch}, columns))
}

// DropBatches deletes the rows of batches that are not among [Batches.Done].
func (s *Spec) DropBatches(made project.Relation, columns []engine.Column) string {
	return fmt.Sprintf("delete from %s where (%s) is not true", made, s.within(s.Batches.Done, columns))
}

// DoneRows is the query for the rows of [Batches.Done] in what was made.
func (s *Spec) DoneRows(made project.Relation, columns []engine.Column) string {
	return fmt.Sprintf("select *\nfrom %s\nwhere %s", made, s.within(s.Batches.Done, columns))
}

// CheckEventTime makes sure that the query returns the column that says when.
func (s *Spec) CheckEventTime(columns []engine.Column) error { return checkKeys(s, columns) }

// EventTimeType is the type of the column that says when; "" where that is an expression.
func (s *Spec) EventTimeType(columns []engine.Column) string {
	c, _ := find(columns, s.Batches.EventTime)
	return c.Type
}

// within is the condition that a row belongs to one of some batches; neighbours become
// one range.
func (s *Spec) within(batches []project.Batch, columns []engine.Column) string {
	at := expression(s.Batches.EventTime, columns)
	kind := s.EventTimeType(columns)
	var parts []string
	for _, r := range ranges(batches) {
		parts = append(parts, fmt.Sprintf("%s >= %s and %s < %s", at, moment(r.Start, kind), at, moment(r.End, kind)))
	}
	switch len(parts) {
	case 0:
		return "false"
	case 1:
		return parts[0]
	}
	return "(" + strings.Join(parts, ")\n  or (") + ")"
}

// ranges joins batches that follow one another.
func ranges(batches []project.Batch) []project.Batch {
	sorted := slices.Clone(batches)
	slices.SortFunc(sorted, func(a, b project.Batch) int { return a.Start.Compare(b.Start) })
	var out []project.Batch
	for _, b := range sorted {
		if n := len(out); n > 0 && !b.Start.After(out[n-1].End) {
			if b.End.After(out[n-1].End) {
				out[n-1].End = b.End
			}
			continue
		}
		out = append(out, b)
	}
	return out
}

// moment is a point in time to compare a column of a type with. As in dbt the batches are
// UTC's, whatever the session's time zone is.
func moment(t time.Time, kind string) string {
	text := t.UTC().Format("2006-01-02 15:04:05")
	switch {
	case kind == "TIMESTAMP WITH TIME ZONE":
		return "timestamptz '" + text + "+00:00'"
	case kind == "DATE", strings.HasPrefix(kind, "TIMESTAMP"):
		return "timestamp '" + text + "'"
	}
	return "'" + text + "+00:00'"
}

// replaced is the condition that a row of the table is replaced by the delta.
func (c *change) replaced() string {
	condition := c.spec.within(c.spec.Batches.Done, c.target)
	for _, p := range c.spec.Predicates {
		condition = "(" + condition + ") and (" + p + ")"
	}
	return condition
}

func (c *change) deleteBatchesSQL(rel project.Relation) string {
	return fmt.Sprintf("delete from %s\nwhere %s", rel, c.replaced())
}

// batchesView shows the table as it will be.
func (c *change) batchesView() string {
	return fmt.Sprintf("select %s\nfrom %s\nwhere (%s) is not true\nunion all\nselect %s\nfrom %s\nwhere %s",
		names(c.target), c.oldRows(), c.replaced(), c.newItems(""), c.newRows(), c.spec.within(c.spec.Batches.Done, c.target))
}
