package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"elt/compiler"
	"elt/compiler/project"
	"elt/runner/state"
)

// History reads what is recorded of past runs. A database that does not exist, or that
// elt has not written yet, has none.
func History(ctx context.Context, plan *compiler.Plan, opts HistoryOptions) (*HistoryReport, error) {
	report := &HistoryReport{}
	if opts.Intervals != "" {
		var err error
		if report.Calendar, err = newCalendar(plan.Nodes[opts.Intervals]); err != nil {
			return nil, err
		}
	}
	if missing(plan.Project.Target) {
		report.Calendar.fill(nil, time.Now())
		return report, nil
	}
	r := newRun(plan, Options{Command: "history", Wait: opts.Wait}, nil)
	if err := r.openToRead(ctx, false); err != nil {
		return nil, err
	}
	defer r.close()
	version, err := state.ReadVersion(ctx, r.main, r.database)
	if err != nil || version == 0 {
		report.Calendar.fill(nil, time.Now())
		return report, diagnostics(err)
	}
	if err := state.Check(version); err != nil {
		return nil, err
	}
	if report.Calendar != nil {
		var known intervals
		if version >= state.LedgersVersion {
			known, err = state.Intervals(ctx, r.main, r.database, opts.Intervals)
		}
		report.Calendar.fill(known, time.Now())
		return report, diagnostics(err)
	}
	return report, diagnostics(r.readHistory(ctx, opts, report))
}

func (r *run) readHistory(ctx context.Context, opts HistoryOptions, report *HistoryReport) error {
	limit := opts.Runs
	if limit == 0 {
		limit = 20
	}
	runs, err := state.Runs(ctx, r.main, r.database, opts.Node, limit)
	if err != nil || len(runs) == 0 {
		return err
	}
	ids := make([]string, len(runs))
	for i, run := range runs {
		ids[i] = run.RunID
	}
	results, err := state.Results(ctx, r.main, r.database, ids...)
	if err != nil {
		return err
	}
	byRun := map[string][]state.Result{}
	for _, res := range results {
		if opts.Node == "" || res.UniqueID == opts.Node {
			byRun[res.RunID] = append(byRun[res.RunID], res)
		}
	}
	for _, run := range runs {
		report.Runs = append(report.Runs, pastRun(run, byRun[run.RunID]))
	}
	if opts.LastFailure {
		report.Incident, err = r.incident(ctx)
	}
	return err
}

// pastRun is a run as the report has it.
func pastRun(run state.Run, results []state.Result) PastRun {
	past := PastRun{
		RunID: run.RunID, Command: run.Command, Target: run.Target, Version: run.EltVersion,
		StartedAt: run.StartedAt, FinishedAt: run.FinishedAt, Outcome: run.Outcome,
	}
	if past.Outcome == "" {
		past.Outcome = "killed"
	}
	for _, res := range results {
		past.Nodes = append(past.Nodes, pastNode(res))
	}
	return past
}

func pastNode(res state.Result) PastNode {
	return PastNode{
		UniqueID: res.UniqueID, Status: Status(res.Status), StartedAt: res.StartedAt,
		Duration: res.CompileTime + res.ExecuteTime, Rows: res.Rows, Failures: res.Failures,
		Message: res.Message, SkippedFor: res.SkippedFor, HeldFor: res.HeldFor, Published: res.Published,
	}
}

// incident tells the story of the newest run that failed; nil where none has.
func (r *run) incident(ctx context.Context) (*Incident, error) {
	runs, err := state.Runs(ctx, r.main, r.database, "", -1)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(runs, func(run state.Run) bool { return run.Outcome == state.OutcomeFailed })
	if i < 0 {
		return nil, nil
	}
	all, err := state.Results(ctx, r.main, r.database)
	if err != nil {
		return nil, err
	}
	past, since := newPast(runs[i:], all), newPast(runs[:i], all)
	states, err := state.NodeStates(ctx, r.main, r.database)
	if err != nil {
		return nil, err
	}
	failed := runs[i]
	incident := &Incident{Run: pastRun(failed, past.of(failed.RunID))}
	for _, res := range past.of(failed.RunID) {
		switch {
		case res.Status == string(Failed) || res.Status == string(Errored) || res.Status == string(PartialSuccess):
			node, err := r.incidentNode(ctx, past, failed.RunID, res)
			if err != nil {
				return nil, err
			}
			if again, ok := since.first(res.UniqueID, works); ok {
				node.WorksAgain, node.WorksAgainRunID = again.StartedAt, again.RunID
			}
			incident.Failures = append(incident.Failures, node)
		}
		_, renewed := since.first(res.UniqueID, func(o state.Result) bool { return o.Published })
		if stale, because := staleBecause(res); stale && !renewed {
			incident.Stale = append(incident.Stale, StaleNode{
				UniqueID: res.UniqueID, Because: because, PublishedAt: states[res.UniqueID].PublishedAt,
			})
		}
	}
	return incident, nil
}

// staleBecause says whether a node's relation was not brought up to date, and why.
func staleBecause(res state.Result) (bool, string) {
	if res.ResourceType == string(project.Test) || res.Published {
		return false, ""
	}
	switch {
	case res.HeldFor != "":
		return true, res.HeldFor
	case res.SkippedFor != "":
		return true, res.SkippedFor
	case res.Status == string(Errored):
		return true, res.UniqueID
	}
	return false, ""
}

// past answers questions about earlier results.
type past struct {
	order   map[string]int // run → 0 for the newest
	results map[string][]state.Result
	byNode  map[string]map[string]state.Result // node → run → result
}

func newPast(runs []state.Run, all []state.Result) *past {
	p := &past{order: map[string]int{}, results: map[string][]state.Result{}, byNode: map[string]map[string]state.Result{}}
	for i, run := range runs {
		p.order[run.RunID] = i
	}
	for _, res := range all {
		if _, ok := p.order[res.RunID]; !ok {
			continue
		}
		p.results[res.RunID] = append(p.results[res.RunID], res)
		if p.byNode[res.UniqueID] == nil {
			p.byNode[res.UniqueID] = map[string]state.Result{}
		}
		p.byNode[res.UniqueID][res.RunID] = res
	}
	return p
}

func (p *past) of(runID string) []state.Result { return p.results[runID] }

// before returns the newest result of a node that is not newer than a run and that ok
// accepts.
func (p *past) before(id, runID string, ok func(state.Result) bool) (state.Result, bool) {
	best, found := state.Result{}, false
	for run, res := range p.byNode[id] {
		if p.order[run] < p.order[runID] || !ok(res) {
			continue
		}
		if !found || p.order[run] < p.order[best.RunID] {
			best, found = res, true
		}
	}
	return best, found
}

// first returns the oldest result of a node that ok accepts.
func (p *past) first(id string, ok func(state.Result) bool) (state.Result, bool) {
	best, found := state.Result{}, false
	for run, res := range p.byNode[id] {
		if ok(res) && (!found || p.order[run] > p.order[best.RunID]) {
			best, found = res, true
		}
	}
	return best, found
}

// works reports whether a result mends a failure: a test that holds, anything else that readers see.
func works(res state.Result) bool {
	switch Status(res.Status) {
	case Pass, Warned:
		return true
	case Success:
		return res.Published
	}
	return false
}

// incidentNode says since when a node has not worked and what is different.
func (r *run) incidentNode(ctx context.Context, p *past, runID string, res state.Result) (IncidentNode, error) {
	node := IncidentNode{PastNode: pastNode(res)}
	good, ok := p.before(res.UniqueID, runID, func(o state.Result) bool {
		return o.Status == string(Success) || o.Status == string(Pass) || o.Status == string(Warned)
	})
	if !ok {
		return node, nil
	}
	node.LastSuccess, node.LastRunID = good.StartedAt, good.RunID
	node.Changed = append(node.Changed, differences("its", good, res)...)
	above := r.net.graph.Ancestors([]string{res.UniqueID}, -1)
	for _, id := range r.plan.Order {
		if !above.Has(id) {
			continue
		}
		now, ok1 := p.before(id, runID, func(o state.Result) bool { return o.SQLHash != "" })
		then, ok2 := p.before(id, good.RunID, func(o state.Result) bool { return o.SQLHash != "" })
		if ok1 && ok2 {
			node.Changed = append(node.Changed, differences(id+":", then, now)...)
		}
	}
	files, err := r.fileDifferences(ctx, above.Has, good.RunID, runID)
	node.Changed = append(node.Changed, files...)
	return node, err
}

// differences says in words what is different between two results of a node.
func differences(whose string, then, now state.Result) []string {
	var out []string
	if then.SQLHash != now.SQLHash {
		out = append(out, whose+" SQL")
	}
	if then.ConfigHash != now.ConfigHash {
		out = append(out, whose+" config")
	}
	return out
}

// fileDifferences says which raw files came, changed and went between two runs.
func (r *run) fileDifferences(ctx context.Context, concerns func(id string) bool, then, now string) ([]string, error) {
	before, err := state.LakeFiles(ctx, r.main, r.database, then)
	if err != nil {
		return nil, err
	}
	after, err := state.LakeFiles(ctx, r.main, r.database, now)
	if err != nil {
		return nil, err
	}
	old := map[string]state.LakeFile{}
	for _, f := range before {
		old[f.UniqueID+"\x00"+f.Path] = f
	}
	var out []string
	for _, f := range after {
		if !concerns(f.UniqueID) {
			continue
		}
		was, ok := old[f.UniqueID+"\x00"+f.Path]
		delete(old, f.UniqueID+"\x00"+f.Path)
		switch {
		case !ok:
			out = append(out, fmt.Sprintf("%s: new file %q", f.UniqueID, f.Path))
		case was.Bytes != f.Bytes || !was.ModifiedAt.Equal(f.ModifiedAt):
			out = append(out, fmt.Sprintf("%s: file %q", f.UniqueID, f.Path))
		}
	}
	var gone []string
	for key := range old {
		id, path, _ := strings.Cut(key, "\x00")
		if concerns(id) {
			gone = append(gone, fmt.Sprintf("%s: file %q is gone", id, path))
		}
	}
	slices.Sort(gone)
	return append(out, gone...), nil
}
