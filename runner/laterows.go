package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
	"elt/runner/state"
)

// changedRows is a query of the rows that a run changes in a model whose own record says what is in it
// (by_file, microbatch); "" where it changes no rows of a table that was there.
func (n *nodeRun) changedRows() string {
	if !n.made || n.spec == nil || n.spec.Files == nil && n.spec.Batches == nil || n.finish.Changes == nil {
		return ""
	}
	c := n.finish.Changes
	if c.Out == "" {
		return "select * from (" + c.In + ")"
	}
	return fmt.Sprintf("(from (%s) except all from (%s)) union all (from (%s) except all from (%s))", c.In, c.Out, c.Out, c.In)
}

// lateTimes is a query of the hours ("at", UTC) of the rows that a run changes in a model; "" where
// they have no event_time.
func (r *run) lateTimes(parent *nodeRun) string {
	field, changed := parent.node.EventTime(), parent.changedRows()
	if field == "" || changed == "" || r.elsewhere(parent.candidate) {
		return ""
	}
	kind := ""
	for _, column := range parent.finish.Columns {
		if strings.EqualFold(column.Name, strings.Trim(field, `"`)) {
			kind = strings.ToUpper(column.Type)
		}
	}
	return hoursOf(changed, field, kind)
}

// hoursOf is a query of the hours of a column of a type in the rows of another.
func hoursOf(rows, field, kind string) string {
	at := "(" + field + ")::timestamp"
	if strings.HasPrefix(kind, "TIMESTAMP WITH TIME ZONE") {
		at = "((" + field + ") at time zone 'UTC')"
	}
	return "select distinct date_trunc('hour', " + at + ") as at from (" + rows + ") where (" + field + ") is not null"
}

// lateness is when rows that a microbatch model reads are changed by a run.
type lateness struct {
	hours []time.Time
	// from says that all may have changed from the first hour on: that of other rows than these
	// cannot be told. via is the node that does not tell.
	from bool
	via  *project.Node
}

// late finds when rows change that a microbatch model reads, for each model that changes them.
func (r *run) late(ctx context.Context, s engine.Session, reader *project.Node) (map[*nodeRun]lateness, error) {
	out := map[*nodeRun]lateness{}
	for _, id := range reader.DependsOn {
		if id == reader.UniqueID {
			continue
		}
		parents := r.lateParents(id)
		for _, parent := range parents {
			found, err := r.lateBy(ctx, s, parent, r.plan.Nodes[id])
			if err != nil {
				return nil, err
			}
			if known := out[parent]; len(known.hours) > 0 {
				found.hours, found.from = append(found.hours, known.hours...), found.from || known.from
				if found.via == nil {
					found.via = known.via
				}
			}
			if len(found.hours) > 0 {
				slices.SortFunc(found.hours, time.Time.Compare)
				out[parent] = found
			}
		}
	}
	return out, nil
}

// lateParents are the nodes of the run that change rows which a node shows: itself, or what it reads
// as a view or an ephemeral model, in plan order.
func (r *run) lateParents(id string) []*nodeRun {
	var out []*nodeRun
	if n := r.byID[id]; n != nil && n.changedRows() != "" {
		return []*nodeRun{n}
	}
	node := r.plan.Nodes[id]
	if node == nil || node.Type != project.Model || !node.IsEphemeral() && node.Materialized() != "view" {
		return nil
	}
	for _, n := range r.nodes {
		if n.changedRows() != "" && !r.elsewhere(n.candidate) && len(r.through(node, n.node.UniqueID)) > 0 {
			out = append(out, n)
		}
	}
	return out
}

// lateBy finds when rows change that a node shows, by what a run changes in a model.
func (r *run) lateBy(ctx context.Context, s engine.Session, parent *nodeRun, shows *project.Node) (out lateness, err error) {
	own := r.lateTimes(parent)
	if shows.UniqueID == parent.node.UniqueID {
		out.hours, err = hours(ctx, s, own)
		return out, err
	}
	query, err := r.lateThrough(ctx, s, parent, shows)
	if err != nil {
		return out, err
	}
	if query == "" {
		query, out.from, out.via = own, true, shows
	}
	out.hours, err = hours(ctx, s, query)
	return out, err
}

func hours(ctx context.Context, s engine.Session, query string) ([]time.Time, error) {
	if query == "" {
		return nil, nil
	}
	t, err := s.Query(ctx, query)
	if err != nil {
		return nil, err
	}
	var out []time.Time
	for _, row := range t.Rows {
		if at, ok := row[0].(time.Time); ok {
			out = append(out, at)
		}
	}
	return out, nil
}

// lateBatches adds the batches of a microbatch model for which this run changes rows that it reads:
// a file that was late or mended, a batch of another model that had failed. A model that is made
// anew, and one that is told which time to do, does what it does anyway.
func (w *worker) lateBatches(ctx context.Context, n *nodeRun) error {
	b, batches := n.batches, n.spec.Batches
	if b.anew || !w.opts.EventTimeStart.IsZero() || w.plan.Project.AsDBT {
		return nil
	}
	late, err := w.late(ctx, w.session, n.node)
	if err != nil {
		return w.fault(ctx, n, sent{query: -1}, err)
	}
	planned := map[time.Time]bool{}
	for _, one := range b.plan {
		planned[one.Start] = true
	}
	begin, end := batches.Size.Floor(batches.Begin), batches.Size.Ceiling(w.begun)
	add := func(start time.Time) bool {
		if planned[start] || start.Before(begin) || !start.Before(end) {
			return false
		}
		planned[start] = true
		b.plan = append(b.plan, batches.Size.Batch(start, batches.Size.Add(start, 1)))
		return true
	}
	for _, parent := range w.nodes {
		l, ok := late[parent]
		if !ok {
			continue
		}
		for _, at := range l.hours {
			add(batches.Size.Floor(at))
		}
		if !l.from {
			continue
		}
		first, more := batches.Size.Floor(l.hours[0]), 0
		for start := first; start.Before(end); start = batches.Size.Add(start, 1) {
			if add(start) {
				more++
			}
		}
		if more > 0 {
			w.notice(doneFrom(n, parent, l.via, batches.Size.Label(first)))
		}
	}
	slices.SortFunc(b.plan, func(x, y project.Batch) int { return x.Start.Compare(y.Start) })
	return nil
}

// doneFrom says that more is done again than may be needed.
func doneFrom(n, parent *nodeRun, via *project.Node, first string) *diag.Diagnostic {
	d := diag.New(diag.IncrementalConfig, n.node.Place, "all batches of %q are done again from %s on: rows of %q have changed, and of %q it cannot be told which of its rows change with them",
		n.node.Name, first, parent.node.Name, via.Name)
	d.Severity, d.Node = diag.Remark, n.node.UniqueID
	if via.EventTime() == "" {
		return d.WithHint("name the column of %q that says when a row happened, as in event_time: ordered_at", via.Name)
	}
	return d
}

// lateStatements note of the microbatch models that are not published with a model whose rows they
// read: which of their intervals are to be done again. They are carried out before the statements that
// change the tables.
func (r *run) lateStatements(ctx context.Context, published []*nodeRun) ([]string, error) {
	if r.plan.Project.AsDBT || !slices.ContainsFunc(published, func(n *nodeRun) bool { return n.changedRows() != "" }) {
		return nil, nil
	}
	visible := map[string]bool{}
	for _, n := range published {
		visible[n.node.UniqueID] = true
	}
	var out []string
	for _, id := range r.plan.Order {
		child := r.plan.Nodes[id]
		if !child.IsMicrobatch() || visible[id] {
			continue
		}
		late, err := r.late(ctx, r.main, child)
		if err != nil {
			return nil, err
		}
		for _, parent := range published {
			l, ok := late[parent]
			if !ok {
				continue
			}
			why := fmt.Sprintf("rows of %q have changed since", parent.node.Name)
			out = append(out, state.RedoIntervals(r.database, id, l.hours, l.from, why))
		}
	}
	return out, nil
}
