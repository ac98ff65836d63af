package runner

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"elt/compiler"
	"elt/compiler/project"
	"elt/runner/materialize"
	"elt/runner/state"
)

// Retry does again what failed or was skipped in the last run, with the command and
// the selection of that run. Candidates which that run made and whose inputs are
// unchanged are taken over. [ErrNothingToRetry] says that there is nothing to do.
func Retry(ctx context.Context, plan *compiler.Plan, opts Options, obs Observer) (*Summary, error) {
	opts.retry = true
	return newRun(plan, opts, obs).do(ctx)
}

// lastRun is what a retry knows of the run it takes up.
type lastRun struct {
	state.Run
	ids        []string // what is to be looked at again, in plan order
	results    map[string]state.Result
	candidates map[string]state.Candidate
	files      map[string][]state.LakeFile // by source
}

// lastRun reads the last run, whose command and options become this run's.
func (r *run) lastRun(ctx context.Context) (*lastRun, error) {
	version, err := state.ReadVersion(ctx, r.main, r.database)
	if err != nil {
		return nil, err
	}
	if version == 0 {
		return nil, ErrNothingToRetry
	}
	if err := state.Check(version); err != nil {
		return nil, err
	}
	runs, err := state.Runs(ctx, r.main, r.database, "", 1)
	if err != nil {
		return nil, err
	}
	if len(runs) == 0 || runs[0].Outcome == state.OutcomeSuccess {
		return nil, ErrNothingToRetry
	}
	last := &lastRun{
		Run: runs[0], results: map[string]state.Result{},
		candidates: map[string]state.Candidate{}, files: map[string][]state.LakeFile{},
	}
	if err := last.read(ctx, r); err != nil {
		return nil, err
	}
	var was runOptions
	if json.Unmarshal([]byte(last.Options), &was) == nil {
		r.opts.FullRefresh = r.opts.FullRefresh || was.FullRefresh
		r.opts.AllOrNothing = r.opts.AllOrNothing || was.AllOrNothing
		r.opts.StoreFailures = r.opts.StoreFailures || was.StoreFailures
		r.opts.WarnError = r.opts.WarnError || was.WarnError
	}
	r.opts.Command, r.opts.Selected, r.retryOf = last.Command, last.Selected, last.RunID
	last.ids = r.unpublishedOf(last)
	if r.addTests(last) {
		last.ids = r.unpublishedOf(last)
	}
	return last, nil
}

// unpublishedOf returns what of the selection the last run has not published.
func (r *run) unpublishedOf(last *lastRun) []string {
	return slices.DeleteFunc(r.chosen(), func(id string) bool { return last.results[id].Published })
}

// addTests selects the tests of what is done again, where a test that the last run had
// is gone: one whose arguments were mended has another id, and nothing may be published
// that it has not seen.
func (r *run) addTests(last *lastRun) bool {
	gone := func(id string) bool {
		return strings.HasPrefix(id, string(project.Test)+".") && r.plan.Nodes[id] == nil
	}
	if r.opts.Command != "build" || !slices.ContainsFunc(last.Selected, gone) {
		return false
	}
	again := func(id string) bool {
		return slices.Contains(last.ids, id) && r.plan.Nodes[id].Type != project.Test
	}
	selected := slices.Clone(last.Selected)
	for _, id := range r.plan.Order {
		node := r.plan.Nodes[id]
		if node.Type == project.Test && !slices.Contains(selected, id) && slices.ContainsFunc(node.DependsOn, again) {
			selected = append(selected, id)
		}
	}
	r.opts.Selected = selected
	return true
}

// read reads what the last run has recorded.
func (l *lastRun) read(ctx context.Context, r *run) error {
	results, err := state.Results(ctx, r.main, r.database, l.RunID)
	if err != nil {
		return err
	}
	for _, res := range results {
		l.results[res.UniqueID] = res
	}
	candidates, err := state.Candidates(ctx, r.main, r.database)
	if err != nil {
		return err
	}
	for _, c := range candidates {
		if c.RunID == l.RunID && c.Kind != state.KindFailed {
			l.candidates[c.UniqueID] = c
		}
	}
	files, err := state.LakeFiles(ctx, r.main, r.database, l.RunID)
	for _, f := range files {
		l.files[f.UniqueID] = append(l.files[f.UniqueID], f)
	}
	return err
}

// takeUp decides which candidates are still good, and leaves out the tests that have
// passed on them.
func (r *run) takeUp(ctx context.Context, last *lastRun) error {
	hidden, err := leftovers(ctx, r.main)
	if err != nil {
		return err
	}
	exists := map[string]bool{}
	for _, rel := range hidden {
		exists[rel.Key()] = true
	}
	var again []*nodeRun
	for _, n := range r.nodes {
		switch {
		case n.node.Type == project.Test:
			if r.passedBefore(n, last) {
				delete(r.byID, n.node.UniqueID)
				delete(r.net.work, n.node.UniqueID)
				continue
			}
		case r.stillGood(n, last, exists):
			n.resumed = true
			if c := last.candidates[n.node.UniqueID]; c.Kind != state.KindView {
				n.candidate, n.rows = c.Relation, c.Rows
				n.spec.Candidate = c.Relation
				if n.write, err = materialize.Begin(n.spec, n.state); err != nil {
					return err
				}
				r.keepAll(c.Relation, hidden)
			}
		}
		again = append(again, n)
	}
	r.nodes = again
	if len(again) == 0 {
		return ErrNothingToRetry
	}
	return nil
}

// keepAll keeps a candidate and the hidden relations beside it.
func (r *run) keepAll(candidate project.Relation, hidden []project.Relation) {
	for _, rel := range hidden {
		for _, suffix := range []string{"", "_delta", "_whole"} {
			beside := candidate
			beside.Identifier += suffix
			if rel.Key() == beside.Key() {
				r.keep = append(r.keep, rel)
			}
		}
	}
}

// stillGood reports whether a candidate of the last run is what building the node now
// would make: same SQL and config, same files, and parents that are taken over too or
// are published as they were.
func (r *run) stillGood(n *nodeRun, last *lastRun, exists map[string]bool) bool {
	c, ok := last.candidates[n.node.UniqueID]
	if !ok || n.spec == nil || c.SQLHash != n.sqlHash || c.ConfigHash != n.confHash {
		return false
	}
	if res, ok := last.results[n.node.UniqueID]; ok && res.Status != string(Success) {
		return false
	}
	if c.Kind != state.KindView && !exists[c.Relation.Key()] {
		return false
	}
	for _, parent := range r.net.workParents(n.node.UniqueID) {
		if !r.byID[parent].resumed {
			return false
		}
	}
	return r.sameFiles(n, last)
}

// sameFiles reports whether the raw files a node reads are those of the last run.
func (r *run) sameFiles(n *nodeRun, last *lastRun) bool {
	rows := map[string][]state.LakeFile{}
	for _, f := range r.lake.rows(last.RunID) {
		f.ModifiedAt = f.ModifiedAt.UTC().Truncate(time.Microsecond)
		rows[f.UniqueID] = append(rows[f.UniqueID], f)
	}
	above := r.net.graph.Ancestors([]string{n.node.UniqueID}, -1)
	for id := range r.lake.sources {
		if above.Has(id) && !slices.EqualFunc(rows[id], last.files[id], func(a, b state.LakeFile) bool {
			return a.Path == b.Path && a.Bytes == b.Bytes && a.Bytes >= 0 && a.ModifiedAt.Equal(b.ModifiedAt)
		}) {
			return false
		}
	}
	return true
}

// passedBefore reports whether a test has passed on exactly what would be tested now.
func (r *run) passedBefore(n *nodeRun, last *lastRun) bool {
	res, ok := last.results[n.node.UniqueID]
	if !ok || res.Status != string(Pass) && res.Status != string(Warned) || res.SQLHash != n.sqlHash || res.ConfigHash != n.confHash {
		return false
	}
	for _, parent := range r.net.workParents(n.node.UniqueID) {
		if !r.byID[parent].resumed {
			return false
		}
	}
	return true
}

// takeOver uses a candidate of an earlier run: it is described and shown as if it had
// just been made.
func (w *worker) takeOver(ctx context.Context, n *nodeRun) error {
	n.written = n.write.Made
	if err := w.end(ctx, n, n.write.Made, false); err != nil {
		return err
	}
	w.record(n)
	return nil
}
