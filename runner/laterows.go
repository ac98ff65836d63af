package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"elt/compiler/project"
	"elt/runner/state"
)

// lateTimes is a query of the hours ("at", UTC) of the rows that a run changes in a model whose own
// record says what is in it (by_file, microbatch); "" where it changes no rows of a table that was
// there, or they have no event_time.
func (r *run) lateTimes(parent *nodeRun) string {
	field := parent.node.EventTime()
	if field == "" || !parent.made || parent.spec == nil || parent.spec.Files == nil && parent.spec.Batches == nil ||
		parent.finish.Changes == nil || r.elsewhere(parent.candidate) {
		return ""
	}
	c := parent.finish.Changes
	changed := "select * from (" + c.In + ")"
	if c.Out != "" {
		changed = fmt.Sprintf("(from (%s) except all from (%s)) union all (from (%s) except all from (%s))", c.In, c.Out, c.Out, c.In)
	}
	at := field + "::timestamp"
	for _, column := range parent.finish.Columns {
		if strings.EqualFold(column.Name, strings.Trim(field, `"`)) && strings.HasPrefix(strings.ToUpper(column.Type), "TIMESTAMP WITH TIME ZONE") {
			at = "(" + field + " at time zone 'UTC')"
		}
	}
	return "select distinct date_trunc('hour', " + at + ") as at from (" + changed + ") where " + field + " is not null"
}

// lateBatches adds the batches of a microbatch model for which this run changes rows that it reads:
// a file that was late or mended, a batch of another model that had failed. A model that is made
// anew, and one that is told which time to do, does what it does anyway.
func (w *worker) lateBatches(ctx context.Context, n *nodeRun) error {
	b, batches := n.batches, n.spec.Batches
	if b.anew || !w.opts.EventTimeStart.IsZero() || w.plan.Project.AsDBT {
		return nil
	}
	planned := map[time.Time]bool{}
	for _, one := range b.plan {
		planned[one.Start] = true
	}
	begin, end := batches.Size.Floor(batches.Begin), batches.Size.Ceiling(w.begun)
	for _, id := range n.node.DependsOn {
		parent := w.byID[id]
		if parent == nil || id == n.node.UniqueID {
			continue
		}
		query := w.lateTimes(parent)
		if query == "" {
			continue
		}
		t, err := w.session.Query(ctx, query)
		if err != nil {
			return w.fault(ctx, n, sent{sql: query, query: -1}, err)
		}
		for _, row := range t.Rows {
			at, ok := row[0].(time.Time)
			start := batches.Size.Floor(at)
			if ok && !planned[start] && !start.Before(begin) && start.Before(end) {
				planned[start] = true
				b.plan = append(b.plan, batches.Size.Batch(start, batches.Size.Add(start, 1)))
			}
		}
	}
	slices.SortFunc(b.plan, func(x, y project.Batch) int { return x.Start.Compare(y.Start) })
	return nil
}

// lateStatements note of the microbatch models that are not published with a model whose rows they
// read: which of their intervals are to be done again. They stand before the statements that change
// the tables.
func (r *run) lateStatements(published []*nodeRun) []string {
	if r.plan.Project.AsDBT {
		return nil
	}
	visible := map[string]bool{}
	for _, n := range published {
		visible[n.node.UniqueID] = true
	}
	var out []string
	for _, n := range published {
		for _, id := range r.planGraph().Children(n.node.UniqueID) {
			child := r.plan.Nodes[id]
			if child == nil || !child.IsMicrobatch() || visible[id] {
				continue
			}
			if query := r.lateTimes(n); query != "" {
				out = append(out, state.RedoIntervals(r.database, id, query, fmt.Sprintf("rows of %q have changed since", n.node.Name)))
			}
		}
	}
	return out
}
