package runner

import (
	"context"
	"errors"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/materialize"
	"elt/runner/state"
)

// statements runs statements of a materialization. The first error ends it.
func (w *worker) statements(ctx context.Context, n *nodeRun, list []materialize.Statement) error {
	for _, st := range list {
		s, err := w.prepare(ctx, n, st, nil)
		if err != nil {
			return err
		}
		n.result.Statements = append(n.result.Statements, n.publicStatement(st.SQL))
		done, err := w.session.Exec(ctx, s.sql)
		if err != nil {
			return w.failed(ctx, w.session, n, s, err)
		}
		if done.Rows >= 0 {
			n.rows = done.Rows
		}
	}
	return nil
}

// header runs sql_header, which may hold several statements.
func (w *worker) header(ctx context.Context, n *nodeRun, text string) error {
	for _, at := range sqltoken.SplitStatements(text) {
		if err := w.statements(ctx, n, []materialize.Statement{{SQL: text[at.Start:at.End], Query: -1}}); err != nil {
			return err
		}
	}
	return nil
}

// checkRows is how many of the rows that a check finds are looked at.
const checkRows = 100

// checks runs checks of a materialization; rows they find fail the node.
func (w *worker) checks(ctx context.Context, n *nodeRun, list []materialize.Check) error {
	for _, c := range list {
		s, err := w.prepare(ctx, n, materialize.Statement{SQL: c.Head(checkRows), Query: -1}, nil)
		if err != nil {
			return err
		}
		t, err := w.session.Query(ctx, s.sql)
		if err != nil {
			return w.fault(ctx, n, s, err)
		}
		if len(t.Rows) > 0 {
			n.result.Sample = sampleOf(t, w.sampleRows())
			return diag.List{c.Diagnostic(n.node.UniqueID)}
		}
	}
	return nil
}

// count reads how many rows a candidate has after hooks have worked on it.
func (w *worker) count(ctx context.Context, n *nodeRun, made project.Relation) error {
	if made.Identifier == "" {
		return nil
	}
	t, err := w.session.Query(ctx, "select count(*) from "+made.String())
	if err != nil {
		return w.fault(ctx, n, sent{query: -1}, err)
	}
	n.rows, _ = t.Rows[0][0].(int64)
	return nil
}

// prepare puts the run's names into a statement. own is what the node's own name
// becomes; nil leaves it as it is, the published relation.
func (w *worker) prepare(ctx context.Context, n *nodeRun, st materialize.Statement, own *project.Relation) (sent, error) {
	return w.prepareWith(ctx, n, st, own, nil)
}

// prepareWith is prepare with more edits.
func (w *worker) prepareWith(ctx context.Context, n *nodeRun, st materialize.Statement, own *project.Relation, edits []sqltoken.Edit) (sent, error) {
	var failed error
	by := func(rel project.Relation) (project.Relation, bool) {
		if rel.Key() == n.key {
			if own == nil {
				return rel, false
			}
			return *own, true
		}
		if instead, ok := n.around.instead[rel.Key()]; ok {
			return instead, true
		}
		if candidate, ok := w.tableFor(n, rel, st.SQL); ok {
			return candidate, true
		}
		shadow, ok, err := w.shadowFor(ctx, n, rel)
		failed = errors.Join(failed, err)
		return shadow, ok
	}
	files, err := w.editsSieved(ctx, n, st.SQL)
	if err != nil {
		return sent{}, err
	}
	catalog, err := w.catalogEdits(ctx, n, st.SQL)
	if err != nil {
		return sent{}, err
	}
	files = append(files, catalog...)
	sql, back := w.names.rewriteFor(n.node, st.SQL, append(edits, files...), by)
	return sent{sql: sql, back: offsets{inner: back}, query: st.Query}, failed
}

// record notes the candidate, for `elt show --candidate` and `elt retry`. The note is
// written to the database later, see [run.note].
func (w *worker) record(n *nodeRun) {
	c := w.candidateRow(n, n.candidate, state.KindTable)
	switch {
	case n.candidate.Identifier == "":
		c.Kind, c.ViewSQL = state.KindView, n.finish.AsView
	case n.finish.AsView != "":
		c.Kind, c.ViewSQL = state.KindDelta, n.finish.AsView
	}
	n.row = &c
}

// keepFailed notes a table that was made and found bad, so that it can be looked at.
func (w *worker) keepFailed(n *nodeRun) {
	if n.written.Identifier != "" {
		c := w.candidateRow(n, n.written, state.KindFailed)
		n.row = &c
	}
}

func (w *worker) candidateRow(n *nodeRun, rel project.Relation, kind string) state.Candidate {
	return state.Candidate{
		RunID: w.id, UniqueID: n.node.UniqueID, Relation: rel, Kind: kind,
		SQLHash: n.sqlHash, ConfigHash: n.confHash, Rows: n.rows, MadeAt: w.now(),
	}
}

// publicStatement is a statement with the node's published name.
func (n *nodeRun) publicStatement(sql string) string {
	if n.spec != nil && n.spec.External != nil {
		x := n.spec.External
		sql = strings.ReplaceAll(sql, project.QuoteString(x.Written()), project.QuoteString(x.Location))
		sql = strings.ReplaceAll(sql, project.QuoteString(project.LiteralPath(x.Hidden)), project.QuoteString(project.LiteralPath(x.Location)))
		return strings.ReplaceAll(sql, project.QuoteString(x.Hidden), project.QuoteString(x.Location))
	}
	if n.candidate.Identifier == "" {
		return sql
	}
	return replaceWord(sql, n.candidate.Identifier, n.node.Relation.Identifier)
}
