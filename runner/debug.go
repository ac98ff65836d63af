package runner

import (
	"context"
	"errors"
	"os"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/runner/state"
)

// Debug gathers facts about the target. What is wrong with the database is a fact too;
// the error is for what keeps even the facts away.
func Debug(ctx context.Context, plan *compiler.Plan) (*DebugFacts, error) {
	target := plan.Project.Target
	facts := &DebugFacts{Path: target.Path, Workers: target.Threads}
	if facts.Workers <= 0 {
		facts.Workers = defaultWorkers()
	}
	if info, err := os.Stat(target.Path); err == nil && isFile(target.Path) {
		facts.Exists, facts.Size = true, info.Size()
	}
	r := newRun(plan, Options{Command: "debug"}, nil)
	if err := r.openToRead(ctx, true); err != nil {
		if errors.Is(err, ErrInterrupted) {
			return nil, err
		}
		facts.Problem = diag.From(err, diag.Database)[0]
		return facts, nil
	}
	defer r.close()
	if d := r.mistypedAttachment(); d != nil {
		facts.Problem = d
		return facts, nil
	}
	if err := r.gather(ctx, facts); err != nil {
		facts.Problem = diag.From(diagnostics(err), diag.Database)[0]
	}
	return facts, nil
}

// gather asks the open database.
func (r *run) gather(ctx context.Context, facts *DebugFacts) error {
	facts.Relations = len(r.published.relations)
	t, err := r.main.Query(ctx, "select version(), current_setting('threads'), current_setting('memory_limit')")
	if err != nil {
		return err
	}
	facts.EngineVersion = t.Text(0, 0)
	threads, _ := t.Rows[0][1].(int64)
	facts.Threads, facts.MemoryLimit = int(threads), t.Text(0, 2)
	if facts.StateVersion, err = state.ReadVersion(ctx, r.main, r.database); err != nil || facts.StateVersion == 0 {
		return err
	}
	if err := state.Check(facts.StateVersion); err != nil {
		return err
	}
	runs, err := state.Runs(ctx, r.main, r.database, "", 1)
	if err != nil || len(runs) == 0 {
		return err
	}
	last := pastRun(runs[0], nil)
	facts.LastRun = &last
	return nil
}
