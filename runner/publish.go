package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
	"elt/runner/materialize"
	"elt/runner/state"
)

// publish makes visible what is not held back, together with the run's history, in one
// transaction. DuckDB writes to one database in one transaction; nodes of other
// attached databases are published first, each database by itself.
func (r *run) publish(ctx context.Context, nodes []*nodeRun) error {
	var own []*nodeRun
	others := map[string][]*nodeRun{}
	for _, n := range nodes {
		// DuckDB's names have no case.
		if db := strings.ToLower(r.names.full(n.node.Relation).Database); db != strings.ToLower(r.database) {
			others[db] = append(others[db], n)
			continue
		}
		own = append(own, n)
	}
	databases := make([]string, 0, len(others))
	for db := range others {
		databases = append(databases, db)
	}
	slices.Sort(databases)
	for _, db := range databases {
		r.notice(diag.Warn(diag.Unsupported, diag.Place{}, "nodes of database %q are published by themselves: DuckDB has no transaction across databases", db))
		if err := r.transact(ctx, func() error { return r.swap(ctx, others[db]) }); err != nil {
			return err
		}
	}
	err := r.transact(ctx, func() error {
		if err := r.swap(ctx, own); err != nil {
			return err
		}
		if err := r.recordOutcome(ctx, nodes, r.now()); err != nil {
			return err
		}
		r.point("publish-recorded")
		return nil
	})
	if err != nil && len(databases) > 0 {
		r.notice(diag.Warn(diag.Unsupported, diag.Place{}, "what was built in database %s is published all the same", strings.Join(databases, ", ")))
	}
	return err
}

// transact runs work in a transaction of the main session. DuckDB leaves a transaction
// open after some errors, and a later commit would apply half of it, so any error
// rolls back by its own statement. A commit is not interrupted.
func (r *run) transact(ctx context.Context, work func() error) error {
	if _, err := r.main.Exec(ctx, "begin transaction"); err != nil {
		return err
	}
	err := work()
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		_, err = r.main.Exec(context.WithoutCancel(ctx), "commit")
	}
	if err != nil {
		_, _ = r.main.Exec(context.WithoutCancel(ctx), "rollback") // fails where the commit has ended it already
	}
	return err
}

// swap runs the publish statements of nodes: tables and deltas, then views, whose
// tables must exist by then, then indexes, and last what is left over.
func (r *run) swap(ctx context.Context, nodes []*nodeRun) error {
	r.point("publish-begun")
	steps := []struct {
		name string
		of   func(n *nodeRun) []string
	}{
		{"publish-swapped", func(n *nodeRun) []string {
			if n.spec.Materialized == materialize.View {
				return nil
			}
			return n.finish.Publish
		}},
		{"publish-views", func(n *nodeRun) []string {
			if n.spec.Materialized != materialize.View {
				return nil
			}
			return r.viewStatements(n)
		}},
		{"publish-indexes", func(n *nodeRun) []string { return n.finish.Indexes }},
		{"", func(n *nodeRun) []string { return n.finish.Discard }},
	}
	for _, step := range steps {
		for _, n := range nodes {
			for _, sql := range step.of(n) {
				if _, err := r.main.Exec(ctx, sql); err != nil {
					return r.fault(n, sent{query: -1}, err)
				}
			}
		}
		r.point(step.name)
	}
	return nil
}

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

// recordOutcome writes the run's history, and the state of what is published with it.
func (r *run) recordOutcome(ctx context.Context, published []*nodeRun, now time.Time) error {
	var statements []string
	statements = append(statements, state.InsertResults(r.database, r.resultRows())...)
	var ids []string
	var states []state.NodeState
	for _, n := range published {
		ids = append(ids, n.node.UniqueID)
		states = append(states, state.NodeState{
			UniqueID: n.node.UniqueID, Relation: r.names.full(n.node.Relation), Materialized: n.spec.Materialized,
			RunID: r.id, PublishedAt: now, SQLHash: n.sqlHash, ConfigHash: n.confHash, Rows: n.rows,
		})
	}
	statements = append(statements, state.PutNodeStates(r.database, states)...)
	statements = append(statements, state.ForgetCandidates(r.database, ids)...)
	var left []state.Candidate
	for _, n := range r.unnoted {
		if n.result == nil || !n.result.Published {
			left = append(left, *n.row)
		}
	}
	statements = append(statements, state.InsertCandidates(r.database, left)...)
	at := now
	if len(published) == 0 {
		at = time.Time{}
	}
	statements = append(statements, state.FinishRun(r.database, r.id, r.outcome(), now, at))
	for _, sql := range statements {
		if _, err := r.main.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
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
		case Failed, Errored, Skipped:
			return state.OutcomeFailed
		}
	}
	return state.OutcomeSuccess
}

// resultRows are the results for the history.
func (r *run) resultRows() []state.Result {
	var rows []state.Result
	for _, n := range r.ended {
		res := n.result
		if res == nil {
			continue
		}
		row := state.Result{
			RunID: r.id, UniqueID: n.node.UniqueID, ResourceType: string(n.node.Type), Status: string(res.Status),
			StartedAt: res.StartedAt, CompileTime: res.CompileTime, ExecuteTime: res.ExecuteTime,
			Rows: res.Rows, Failures: -1, Message: res.Message, SkippedFor: res.SkippedFor,
			HeldFor: res.HeldFor, Published: res.Published, SQLHash: n.sqlHash, ConfigHash: n.confHash,
		}
		if n.node.Type == project.Test {
			row.Failures = res.Failures
			row.Sample = sampleJSON(res.Sample)
		}
		rows = append(rows, row)
	}
	return rows
}

// publishFault is what to say when the publish itself failed. Nothing of it is visible.
func publishFault(err error) error {
	list := diag.From(err, diag.Database)
	for _, d := range list {
		d.Message = fmt.Sprintf("nothing was published: %s", d.Message)
	}
	return list
}

// checkpoint writes the log into the files, so that what was replaced makes room.
func checkpoint(ctx context.Context, s engine.Session, databases []string) error {
	for _, db := range databases {
		if _, err := s.Exec(ctx, "checkpoint "+project.QuoteIdent(db)); err != nil {
			return err
		}
	}
	return nil
}
