package runner

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/compiler/sqltoken"
	"elt/runner/culprit"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// searchTime is for how long the piece of a failed query is looked for because of which it
// has failed. Pieces that do not fail read all of their data.
const searchTime = 10 * time.Second

// failed is [run.fault] of a statement that has failed while it ran, with the place that
// DuckDB does not name.
func (w *worker) failed(ctx context.Context, session engine.Session, n *nodeRun, s sent, err error) *diag.Diagnostic {
	return w.search(ctx, w.hunt(ctx, session, n), s, err)
}

func (w *worker) hunt(ctx context.Context, session engine.Session, n *nodeRun) *hunt {
	return &hunt{session: session, n: n, prepare: func(sql string) (sent, error) {
		return w.prepare(ctx, n, materialize.Statement{SQL: sql, Query: -1}, nil)
	}}
}

// search is [run.fault] of a statement that has failed while it ran. Where DuckDB names no
// place, pieces of the node's query are run by themselves, until the one is found that fails
// in the same way: a run that succeeds pays nothing for it.
func (r *run) search(ctx context.Context, h *hunt, s sent, err error) *diag.Diagnostic {
	d := r.fault(ctx, h.n, s, err)
	var e *engine.Error
	if !errors.As(err, &e) || e.File != "" || ctx.Err() != nil {
		return d
	}
	switch e.Kind {
	case engine.Conversion:
	case engine.Input:
		d.Code = diag.Data
	default:
		return d
	}
	ofQuery := s.query >= 0 || h.n.node.Type == project.Test // a test has nothing else
	switch {
	case e.Position >= 0 && s.query >= 0 || !ofQuery:
	case h.n.intake != nil && h.n.intake.unplaced != nil:
		h.n.intake.unplaced[d] = true // a load is tried with fewer files first: see located
	default:
		r.locate(ctx, h, d, e)
	}
	return d
}

// located gives the error of a load by file the place that DuckDB does not name. The files with
// which the load has failed are those that the node takes in now.
func (w *worker) located(ctx context.Context, n *nodeRun, err error) error {
	var d *diag.Diagnostic
	var e *engine.Error
	if errors.As(err, &d) && errors.As(err, &e) && n.intake.unplaced[d] && ctx.Err() == nil {
		delete(n.intake.unplaced, d)
		w.locate(ctx, w.hunt(ctx, w.session, n), d, e)
	}
	return err
}

// locate looks for the piece of a node's query that fails as the node did.
func (r *run) locate(ctx context.Context, h *hunt, d *diag.Diagnostic, e *engine.Error) {
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	h.run, h.ctx, h.first = r, ctx, e
	if !h.place(d, h.n.node) {
		h.loosely = true
		h.place(d, h.n.node)
	}
}

// hunt looks for what made a node's query fail. It is a [culprit.Database].
type hunt struct {
	run     *run
	ctx     context.Context
	session engine.Session
	prepare func(sql string) (sent, error) // puts the run's names into a piece
	n       *nodeRun
	first   *engine.Error // why the node has failed
	loosely bool          // the values that a message names may differ
	last    *engine.Error // the last failure that was as the first
}

// place puts a diagnostic at what makes the query of a node fail: the node that has failed,
// or a view that it reads.
func (h *hunt) place(d *diag.Diagnostic, node *project.Node) bool {
	if view := h.view(node); view != nil {
		if !h.place(d, view) {
			d.Place, d.Compiled = view.Place, nil
		}
		if d.Node == node.UniqueID {
			d.Node = view.UniqueID
		}
		if node == h.n.node {
			d.WithNote(node.Place, "in the view %q, which %q reads", view.Name, node.Name)
		}
		return true
	}
	if node.Compiled == nil || !sqltoken.IsQuery(node.Compiled.SQL) || counts().MatchString(node.Compiled.SQL) {
		return false
	}
	sql := node.Compiled.SQL
	at, ok := culprit.Find(sql, h)
	if !ok {
		return false
	}
	if h.loosely && h.last != nil {
		d.Message, d.Hint = h.run.publicText(h.last.Message), h.run.hintOf(h.last)
	}
	switch {
	case d.Hint != "":
	case h.first.Kind == engine.Conversion:
		d.Hint = "try(...) around the expression makes NULL of what it cannot compute"
	case raises().MatchString(sql[at.Start:at.End]):
		d.Hint = "the query raises it itself: mend the data, or what the query asks of it"
	}
	return h.run.placeAt(d, &nodeRun{node: node}, culprit.Narrow(sql, at, h.first.Original))
}

// raises is a call of error().
var raises = regex.Lazy(`(?i)\berror\s*\(`)

// counts are functions that change something when a piece of a query is run once more.
var counts = regex.Lazy(`(?i)\b(?:nextval|setseed)\s*\(`)

// view is a view among what a node reads that fails by itself.
func (h *hunt) view(node *project.Node) *project.Node {
	ids := h.run.readBy(node, nil)
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		parent := h.run.plan.Nodes[id]
		if parent == nil || parent.Type != project.Model || parent.Materialized() != "view" {
			continue
		}
		if h.Fails("select bit_xor(hash(_elt_t)) from " + parent.Relation.String() + " as _elt_t") {
			return parent
		}
	}
	return nil
}

// ephemeralAt is the ephemeral model in whose query, as a part of what reads it, a diagnostic has
// its place, or "": the mistake is that model's, and not that of each of its readers.
func (r *run) ephemeralAt(d *diag.Diagnostic) string {
	node := r.plan.Nodes[d.Node]
	if d.Compiled == nil || node == nil || node.Compiled == nil {
		return ""
	}
	sql, offset := d.Compiled.Source.Text, d.Compiled.Span.Start
	for _, id := range node.Compiled.CTEs {
		parent := r.plan.Nodes[id]
		if parent == nil || parent.Compiled == nil {
			continue
		}
		const open = "(\n" // as the compiler writes it around the query
		start := strings.Index(sql, open+parent.Compiled.Own+"\n)")
		if start >= 0 && start+len(open) <= offset && offset < start+len(open)+len(parent.Compiled.Own) {
			return id
		}
	}
	return ""
}

// Fails reports whether a query fails as the node did.
func (h *hunt) Fails(sql string) bool {
	if h.ctx.Err() != nil {
		return false
	}
	s, err := h.prepare(sql)
	if err != nil {
		return false
	}
	_, err = h.session.Query(h.ctx, s.sql)
	var e *engine.Error
	if !errors.As(err, &e) || e.Kind != h.first.Kind || h.core(e) != h.core(h.first) {
		return false
	}
	h.last = e
	return true
}

// Columns is how many columns a query has.
func (h *hunt) Columns(sql string) int {
	s, err := h.prepare(sql)
	if err != nil {
		return 0
	}
	columns, err := describeQuery(h.ctx, h.session, &s)
	if err != nil {
		return 0
	}
	return len(columns)
}

var (
	castSource = regex.Lazy(`(?s) when casting from source column .*$`)
	aValue     = regex.Lazy(`(?s)'.*'|".*"|-?\d[\w.:-]*`)
)

// core is what two messages about one mistake have in common. A query with several threads
// tells of whichever value one of them meets first.
func (h *hunt) core(e *engine.Error) string {
	text := strings.TrimSpace(castSource().ReplaceAllString(e.Original, ""))
	if h.loosely {
		text = aValue().ReplaceAllString(text, "?")
	}
	return text
}
