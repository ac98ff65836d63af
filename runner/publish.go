package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/duckdb"
	"elt/runner/engine"
	"elt/runner/materialize"
	"elt/runner/state"
)

// publish makes visible what is not held back, together with the run's history. Nodes of
// the target's own database are published in one transaction. DuckDB writes to one
// database in one transaction; what comes after, in attached databases, is promised by
// that commit and carried out by further ones: see promise.go. left are the nodes that are
// not visible where there is an error.
func (r *run) publish(ctx context.Context, nodes []*nodeRun) (left []*nodeRun, err error) {
	steps := r.publishSteps(nodes)
	late, err := r.lateStatements(ctx, nodes) // which looks at views, and makes some in another database
	if err != nil {
		return nodes, publishFault(err)
	}
	p, err := r.promise(ctx, steps[1:])
	defer p.close()
	if err == nil {
		r.promised = p.promised()
		err = r.transact(ctx, func() error { return r.publishOwn(ctx, steps[0], nodes, late, p) })
	}
	if err != nil {
		r.promised = nil
		return nodes, publishFault(err)
	}
	return p.keep(ctx)
}

// publishOwn publishes in the target's own database and records everything: what it
// commits decides what becomes visible.
func (r *run) publishOwn(ctx context.Context, own *publishStep, nodes []*nodeRun, late []string, p *promise) error {
	r.point("publish-begun")
	for _, sql := range append(late, r.changeStatements(nodes)...) {
		if _, err := r.main.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := r.perform(ctx, r.main, append(r.tablePhases(own), r.viewPhases(own)...)); err != nil {
		return err
	}
	if err := r.recordOutcome(ctx, nodes, r.now()); err != nil {
		return err
	}
	for _, sql := range state.InsertIntents(r.database, p.intents()) {
		if _, err := r.main.Exec(ctx, sql); err != nil {
			return err
		}
	}
	r.point("publish-recorded")
	return nil
}

// transact runs work in a transaction of the main session.
func (r *run) transact(ctx context.Context, work func() error) error {
	return transact(ctx, r.main, work)
}

// transact runs work in a transaction. DuckDB leaves a transaction open after some
// errors, and a later commit would apply half of it, so any error rolls back by its own
// statement. A commit is not interrupted.
func transact(ctx context.Context, s engine.Session, work func() error) error {
	if _, err := s.Exec(ctx, "begin transaction"); err != nil {
		return err
	}
	err := work()
	if err == nil {
		err = ctx.Err()
	}
	return end(ctx, s, err)
}

// end commits a transaction, or rolls it back where there was an error.
func end(ctx context.Context, s engine.Session, err error) error {
	ctx = context.WithoutCancel(ctx)
	if err == nil {
		_, err = s.Exec(ctx, "commit")
	}
	if err != nil {
		_, _ = s.Exec(ctx, "rollback") // fails where the commit has ended it already
	}
	return err
}

// shown reports whether what was made of a node is published.
func (n *nodeRun) shown() bool { return n.result != nil && n.result.Published }

// viewStatements are the publish statements of a view. Its lake files are named
// absolutely: those of this run where views are pinned, else the globs.
func (r *run) viewStatements(n *nodeRun) []string {
	out := make([]string, len(n.finish.Publish))
	for i, sql := range n.finish.Publish {
		edits := r.lake.edits(sql)
		if r.plan.Project.LakeViews == "live" {
			edits = r.lake.liveEdits(sql)
		}
		out[i], _ = sqltoken.Rewrite(sql, edits)
	}
	return out
}

// pointerSuffix is what dbt calls the view on the latest version of a model, behind the model's
// unique_id: it is recorded as a relation that elt has made.
const pointerSuffix = "__latest_version_pointer"

// recordOutcome writes the run's history, and the state of what is published with it.
func (r *run) recordOutcome(ctx context.Context, published []*nodeRun, now time.Time) error {
	var statements []string
	if r.noted {
		statements = append(statements, r.book.DeleteResults(r.id))
	}
	statements = append(statements, r.book.InsertResults(append(r.resultRows(r.ended), r.carried...))...)
	var ids []string
	var states []state.NodeState
	for _, n := range published {
		ids = append(ids, n.node.UniqueID)
		if rel := n.spec.Pointer; rel.Identifier != "" {
			states = append(states, state.NodeState{
				UniqueID: n.node.UniqueID + pointerSuffix, Relation: r.names.full(rel), Materialized: materialize.View,
				RunID: r.id, PublishedAt: now, Rows: -1,
			})
		}
		made := ""
		if f, ok := r.prints[n.node.UniqueID]; ok {
			made = f.String()
		}
		states = append(states, state.NodeState{
			UniqueID: n.node.UniqueID, Relation: r.names.full(n.node.Relation), Materialized: n.spec.Materialized,
			RunID: r.id, PublishedAt: now, SQLHash: n.sqlHash, ConfigHash: n.confHash, Rows: n.rows, Fingerprint: made,
		})
	}
	note := r.book.PutNodeStates
	if r.made {
		note = r.book.InsertNodeStates
	}
	statements = append(statements, note(states)...)
	statements = append(statements, r.rejectStatements(published, now)...)
	statements = append(statements, r.ledgerStatements(published, now)...)
	statements = append(statements, r.intervalStatements(published)...)
	if r.noted { // those of earlier runs are forgotten when a run begins
		statements = append(statements, state.ForgetCandidates(r.database, ids)...)
	}
	var left []state.Candidate
	for _, n := range r.unnoted {
		if n.row != nil && (n.result == nil || !n.result.Published) {
			left = append(left, *n.row)
			statements = append(statements, filesStatements([]*nodeRun{n})...)
		}
	}
	statements = append(statements, state.InsertCandidates(r.database, left)...)
	statements = append(statements, r.runOutcome(published, now))
	return execAll(ctx, r.main, statements)
}

// runOutcome says how the run came out. It does not yet where a part of the publish is only
// promised; see promise.go.
func (r *run) runOutcome(published []*nodeRun, now time.Time) string {
	var at time.Time
	if len(published) > len(r.promised) {
		at = now
	}
	if len(r.promised) > 0 {
		return r.book.NotePublish(r.id, at)
	}
	return r.book.FinishRun(r.id, r.outcome(), now, at)
}

// outcome is the run's outcome by what is known so far.
func (r *run) outcome() string {
	if r.interrupted {
		return state.OutcomeInterrupted
	}
	if r.unpublished {
		return state.OutcomeFailed
	}
	for _, n := range r.ended {
		if n.result == nil || n.result.HeldFor != "" {
			return state.OutcomeFailed
		}
		switch n.result.Status {
		case Failed, Errored, Skipped, PartialSuccess:
			return state.OutcomeFailed
		}
	}
	return state.OutcomeSuccess
}

// resultRows are results of nodes for the history.
func (r *run) resultRows(nodes []*nodeRun) []state.Result {
	var rows []state.Result
	for _, n := range nodes {
		res := n.result
		if res == nil {
			continue
		}
		row := state.Result{
			RunID: r.id, UniqueID: n.node.UniqueID, ResourceType: string(n.node.Type), Status: string(res.Status),
			StartedAt: res.StartedAt, CompileTime: res.CompileTime, ExecuteTime: res.ExecuteTime,
			Rows: res.Rows, Failures: -1, Message: res.Message, SkippedFor: res.SkippedFor,
			HeldFor: res.HeldFor, Published: res.Published && !r.promised[n.node.UniqueID], SQLHash: n.sqlHash, ConfigHash: n.confHash,
		}
		if n.node.Type == project.Test || n.node.Type == project.UnitTest {
			row.Failures = res.Failures
			row.Sample = sampleJSON(res.Sample)
		}
		rows = append(rows, row)
	}
	return rows
}

// publishStatementFault says what a database error about a statement that publishes a node
// means: elt wrote it but for the texts of the node's config.
func (r *run) publishStatementFault(ctx context.Context, n *nodeRun, err error) *diag.Diagnostic {
	var e *engine.Error
	if n.spec != nil && errors.As(err, &e) && codeOf(e) == diag.SQL {
		if text, ok := textAtFault(n.spec, e.SQL, e); ok {
			return r.configDiagnostic(n.node, n.spec, text, e)
		}
	}
	return r.fault(ctx, n, sent{query: -1}, err)
}

// publishFault is what to say when the publish itself failed. Nothing of it is visible.
func publishFault(err error) error {
	list := diag.From(err, diag.Database)
	for _, d := range list {
		d.Message = fmt.Sprintf("nothing was published: %s", d.Message)
	}
	return list
}

// checkpoint writes the logs into the files, so that what was replaced makes room.
func checkpoint(ctx context.Context, db *duckdb.DB, databases []string) error {
	for _, name := range databases {
		if err := db.Checkpoint(ctx, name); err != nil {
			return err
		}
	}
	return nil
}
