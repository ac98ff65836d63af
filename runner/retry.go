package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"elt/compiler"
	"elt/compiler/diag"
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
	exists     map[string]bool             // keys of the hidden relations there are
	sameSetup  bool                        // same elt, same settings
	unseen     *unseen
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
	if runs[0].Command == "clone" { // what it had to show is in its --state alone
		return nil, diag.New(diag.Unsupported, diag.Place{}, "the last run was `elt clone`, which is not done again").
			WithHint("run it again, with its --state")
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
		if r.opts.Warnings.IsZero() {
			r.opts.Warnings = was.Warnings
		}
		r.opts.Adopt = r.opts.Adopt || was.Adopt
		r.opts.Expire = r.opts.Expire || was.Expire
		r.opts.EventTimeStart, r.opts.EventTimeEnd = was.EventTimeStart, was.EventTimeEnd
	}
	last.sameSetup = last.EltVersion == r.opts.Version && was.Setup == r.setup()
	r.opts.Command, r.opts.Selected, r.retryOf = last.Command, last.Selected, last.RunID
	last.ids = r.unpublishedOf(last)
	if r.addTests(last, was.Tested) {
		last.ids = r.unpublishedOf(last)
	}
	r.selected = last.ids
	return last, nil
}

// unpublishedOf returns what of the selection the last run has not published, or not from
// all that it should have read.
func (r *run) unpublishedOf(last *lastRun) []string {
	inPart := slices.DeleteFunc(r.chosen(), func(id string) bool { return last.results[id].Status != string(PartialSuccess) })
	behind := r.planGraph().Descendants(inPart, -1) // what was made of a part is made again of the whole
	return slices.DeleteFunc(r.chosen(), func(id string) bool {
		return last.results[id].Published && last.results[id].Status != string(PartialSuccess) && !behind.Has(id)
	})
}

// addTests selects tests in the place of those which the last run had and which are
// gone: one whose arguments were mended has another id. Of a build, those of what is done
// again, since nothing may be published that they have not seen; of `elt test`, those of the
// relations it had tested.
func (r *run) addTests(last *lastRun, tested []string) bool {
	gone := func(id string) bool {
		return strings.HasPrefix(id, string(project.Test)+".") && r.plan.Nodes[id] == nil
	}
	if r.opts.Command != "build" && r.opts.Command != "test" || !slices.ContainsFunc(last.Selected, gone) {
		return false
	}
	again := func(id string) bool {
		return slices.Contains(last.ids, id) && r.plan.Nodes[id].Type != project.Test ||
			r.opts.Command == "test" && slices.Contains(tested, id)
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
	last.exists = map[string]bool{}
	for _, rel := range hidden {
		last.exists[rel.Key()] = true
	}
	if last.unseen, err = newUnseen(ctx, r); err != nil {
		return err
	}
	var again []*nodeRun
	for _, n := range r.nodes {
		if n.node.Type == project.Test || n.node.Type == project.UnitTest {
			if r.passedBefore(n, last) {
				delete(r.byID, n.node.UniqueID)
				delete(r.net.work, n.node.UniqueID)
				res := last.results[n.node.UniqueID]
				res.RunID = r.id
				r.carried = append(r.carried, res)
				continue
			}
		} else if err := r.takeUpNode(ctx, n, last, hidden); err != nil {
			return err
		}
		again = append(again, n)
	}
	r.nodes = again
	if len(again) == 0 {
		return ErrNothingToRetry
	}
	return nil
}

// takeUpNode takes a node's candidate over, if it is still good.
func (r *run) takeUpNode(ctx context.Context, n *nodeRun, last *lastRun, hidden []project.Relation) (err error) {
	c, ok := last.candidates[n.node.UniqueID]
	if res, ended := last.results[n.node.UniqueID]; !ok || ended && res.Status != string(Success) {
		return nil // it was not made
	}
	if n.anew = r.whyAnew(ctx, n, last, c); n.anew != "" {
		return nil
	}
	n.resumed = true
	if c.Kind == state.KindView {
		return nil
	}
	n.candidate, n.hidden, n.rows = c.Relation, c.Relation.Identifier, c.Rows
	n.spec.Candidate = c.Relation
	r.useFilesTable(n)
	r.keepAll(c.Relation, hidden)
	n.write, err = materialize.Begin(n.spec, n.state)
	return err
}

// unitPassedBefore reports whether a unit test passed and its model is done.
func (r *run) unitPassedBefore(n *nodeRun, last *lastRun) bool {
	model := r.plan.UnitModel(n.node)
	return last.results[n.node.UniqueID].Status == string(Pass) && r.byID[model.UniqueID] == nil
}

// keepAll keeps a candidate and the hidden relations beside it.
func (r *run) keepAll(candidate project.Relation, hidden []project.Relation) {
	for _, rel := range hidden {
		for _, suffix := range []string{"", "_delta", "_whole", "_files"} {
			beside := candidate
			beside.Identifier += suffix
			if rel.Key() == beside.Key() || rel.Key() == r.filesTable(candidate).Key() {
				r.keep = append(r.keep, rel)
			}
		}
	}
}

// whyAnew says in words why a candidate of the last run may not be what building the node
// now would make; "" if it certainly is: same SQL and config, same files, parents that are taken
// over too or are published as they were, and nothing that elt cannot see.
func (r *run) whyAnew(ctx context.Context, n *nodeRun, last *lastRun, c state.Candidate) string {
	switch {
	case n.spec == nil:
		return "its template asks what only the build of a parent can answer"
	case len(n.node.Changes) > 0:
		return "it reads changes of another model"
	case n.batches != nil:
		return "which batches are missing is looked up anew"
	case n.spec.Keep != nil:
		return "what is too old is looked up anew"
	case !last.sameSetup:
		return "elt, or the settings of the target, are others"
	case c.SQLHash != n.sqlHash && n.node.Type == project.Seed:
		return "its file has changed"
	case c.SQLHash != n.sqlHash:
		return "its SQL has changed"
	case c.ConfigHash != n.confHash:
		return "its config has changed"
	case c.Kind != state.KindView && !last.exists[c.Relation.Key()]:
		return "what was made is gone"
	case !r.fits(n, c):
		return "the relation it becomes is not what it was"
	}
	for _, parent := range r.net.workParents(n.node.UniqueID) {
		if p := r.byID[parent]; p != nil && p.node.Type != project.Test && !p.resumed {
			return fmt.Sprintf("%q is made anew", p.node.Name)
		}
	}
	if source := r.changedSource(n, last); source != "" {
		return fmt.Sprintf("files of source %q have changed", source)
	}
	if len(r.directSources(n.node)) > 0 {
		return "it reads a source that keeps bad rows apart, and they are found again"
	}
	if !r.sameIntake(ctx, n, c, last) {
		return "other files are to be taken in"
	}
	return last.unseen.ofNode(n)
}

// sameIntake reports whether a candidate of a by_file model holds the files that would
// be taken in now.
func (r *run) sameIntake(ctx context.Context, n *nodeRun, c state.Candidate, last *lastRun) bool {
	if n.intake == nil {
		return true
	}
	table := r.filesTable(c.Relation)
	if !last.exists[table.Key()] {
		return false
	}
	had, err := state.ReadFiles(ctx, r.main, table)
	if err != nil {
		return false
	}
	changes, err := n.intake.changes(r.now())
	if err != nil {
		return false
	}
	now := make([]string, len(changes))
	for i, f := range changes {
		now[i] = f.Path + "\x00" + f.Change + "\x00" + f.ModifiedAt.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
	}
	slices.Sort(now)
	return slices.Equal(had, now)
}

// fits reports whether a candidate can become the node's relation: it is in its schema,
// and a delta belongs to a table that is still there.
func (r *run) fits(n *nodeRun, c state.Candidate) bool {
	switch {
	case c.Kind == state.KindView:
		return n.candidate.Identifier == ""
	case n.candidate.Identifier == "",
		!strings.EqualFold(c.Relation.Database, n.candidate.Database), !strings.EqualFold(c.Relation.Schema, n.candidate.Schema):
		return false
	case c.Kind == state.KindDelta:
		return n.write.Delta
	}
	return !n.write.Delta || n.spec.FullCopy
}

// changedSource returns a source whose raw files, which a node reads, are not those of the
// last run, or cannot be looked at.
func (r *run) changedSource(n *nodeRun, last *lastRun) string {
	rows := map[string][]state.LakeFile{}
	for _, f := range r.lakeRows(last.RunID) {
		f.ModifiedAt = f.ModifiedAt.UTC().Truncate(time.Microsecond)
		rows[f.UniqueID] = append(rows[f.UniqueID], f)
	}
	above := r.net.graph.Ancestors([]string{n.node.UniqueID}, -1)
	for _, id := range slices.Sorted(maps.Keys(r.lake.sources)) {
		if above.Has(id) && !n.takesByFile(id) && !slices.EqualFunc(rows[id], last.files[id], func(a, b state.LakeFile) bool {
			return a.Path == b.Path && a.Bytes == b.Bytes && a.Bytes >= 0 && a.ModifiedAt.Equal(b.ModifiedAt)
		}) {
			return r.plan.Nodes[id].Name
		}
	}
	return ""
}

// passedBefore reports whether a test has passed on exactly what would be tested now. A
// retry of `elt test` does again what failed, and takes the rest as it was found.
func (r *run) passedBefore(n *nodeRun, last *lastRun) bool {
	if n.node.Type == project.UnitTest {
		return r.unitPassedBefore(n, last)
	}
	res, ok := last.results[n.node.UniqueID]
	if !ok || res.Status != string(Pass) && res.Status != string(Warned) || res.SQLHash != n.sqlHash || res.ConfigHash != n.confHash {
		return false
	}
	for _, parent := range r.net.workParents(n.node.UniqueID) {
		if !r.byID[parent].resumed {
			return false
		}
	}
	if n.node.IsLoose() && r.opts.Command != "test" {
		return false
	}
	if r.opts.Command == "test" {
		return true
	}
	return last.sameSetup && n.node.Compiled != nil && !n.node.Compiled.Deferred &&
		r.changedSource(n, last) == "" && last.unseen.ofQuery(n.node.Compiled.SQL) == ""
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
