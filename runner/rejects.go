package runner

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
	"elt/runner/state"
)

// rejectStatements write the rows that are kept apart, in the transaction that publishes
// the rows beside which they stood: those of a source that a published node has read whole,
// and those of the files that published by_file models have taken in. They replace what was
// kept of the same files before, so that a corrected file has none.
func (r *run) rejectStatements(published []*nodeRun, now time.Time) []string {
	var out []string
	done := map[string]bool{}
	put := func(s *sieved, names func(string) string) {
		rows := make([]state.Reject, len(s.rejects))
		for i, rej := range s.rejects {
			rows[i] = state.Reject{Source: s.src.node.UniqueID, Path: names(rej.path), Line: rej.line, Column: rej.column,
				Reason: rej.reason, Text: rej.text, RunID: r.id, At: now}
		}
		out = append(out, state.InsertRejects(r.database, rows)...)
	}
	for _, n := range published {
		for _, id := range r.directSources(n.node) {
			if s := r.sievedOf(id); s != nil && !done[id] && !n.takesByFile(id) {
				done[id] = true
				out = append(out, state.DeleteRejects(r.database, id, nil)...)
				put(s, r.shownPath)
			}
		}
	}
	for _, n := range published {
		if n.intake == nil {
			continue
		}
		for _, si := range n.intake.sources {
			id := si.src.node.UniqueID
			if !si.src.node.Quarantines() || done[id] {
				continue
			}
			var paths []string
			for _, f := range si.take {
				paths = append(paths, f.name)
			}
			for _, f := range n.intake.gone {
				paths = append(paths, f.Path)
			}
			if n.intake.anew {
				paths = nil
			} else if len(paths) == 0 {
				continue
			}
			out = append(out, state.DeleteRejects(r.database, id, paths)...)
			if si.sieved != nil {
				put(si.sieved, r.shownPath)
			}
		}
	}
	return out
}

// sievedInRun is what was sieved of each source: whole, or what was taken in of it.
func (r *run) sievedInRun() map[string]*sieved {
	all := map[string]*sieved{}
	for id, s := range r.sievedSources() {
		all[id] = s
	}
	for _, n := range r.nodes {
		if n.intake == nil {
			continue
		}
		for _, si := range n.intake.sources {
			if id := si.src.node.UniqueID; si.sieved != nil && all[id] == nil {
				all[id] = si.sieved
			}
		}
	}
	return all
}

// tellRejects says of each source that keeps bad rows apart how many there were.
func (r *run) tellRejects() {
	all := r.sievedInRun()
	for _, id := range slices.Sorted(maps.Keys(all)) {
		s := all[id]
		c := s.counts()
		if c.rejected == 0 || s.allowed() != nil {
			continue // there is nothing to say, or it was said
		}
		d := diag.Warn(diag.Rejects, s.src.node.Place, "%d of %d rows of source %q are kept apart", c.rejected, c.read, sourceName(s.src.node))
		d.Node = id
		first := s.rejects[0]
		d.WithNote(diag.Place{}, "the first is %s: %s", first.where(s.src), first.reason)
		r.notice(d.WithHint("elt source rejects %s lists them; mend a file, and its rows are taken in", sourceName(s.src.node)))
	}
}

// Reject is a row of a raw file that is kept apart.
type Reject struct {
	Source     string // unique_id
	Path       string // relative to the project where it is inside
	Line       int64  // on which the row begins, from 1; of Parquet and JSON arrays the number of the row; 0 where it is not known
	Column     string // "" where it is not about one
	Reason     string
	Text       string // the row as it stands in the file; of Parquet as JSON
	RunID      string
	RejectedAt time.Time
}

// Rejects lists the rows that are kept apart of sources, by source, path and line, as they
// were when what was built from their files was published. It changes nothing.
func Rejects(ctx context.Context, plan *compiler.Plan, opts SourceOptions) ([]Reject, error) {
	r := newRun(plan, Options{Command: "source", Wait: opts.Wait}, nil)
	sources, err := chosenSources(plan, opts.Source)
	if err != nil {
		return nil, err
	}
	if opts.Source != "" && !slices.ContainsFunc(sources, (*project.Node).Quarantines) {
		return nil, diag.New(diag.Rejects, sources[0].Place, "source %q keeps no bad rows apart", sourceName(sources[0])).
			WithHint("on_bad_rows: quarantine makes it do so; without it a bad row stops the build")
	}
	if err := r.openToRead(ctx, true); err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.readState(ctx); err != nil {
		return nil, err
	}
	if r.stateVersion < state.LedgersVersion {
		return nil, nil
	}
	all, err := state.Rejects(ctx, r.main, r.database)
	if err != nil {
		return nil, diagnostics(err)
	}
	var out []Reject
	for _, rej := range all {
		if opts.Source == "" || slices.ContainsFunc(sources, func(n *project.Node) bool { return n.UniqueID == rej.Source }) {
			out = append(out, Reject{Source: rej.Source, Path: rej.Path, Line: rej.Line, Column: rej.Column, Reason: rej.Reason,
				Text: rej.Text, RunID: rej.RunID, RejectedAt: rej.At})
		}
	}
	return out, nil
}

// sieveTaken sieves the files that a by_file model takes in of a source. Those that cannot
// be read at all are left out.
func (w *worker) sieveTaken(ctx context.Context, n *nodeRun, si *sourceIntake) error {
	w.quarantine.mu.Lock()
	s, bad, err := w.sieve(ctx, w.session, si.src, lakeFiles(si.take))
	w.quarantine.mu.Unlock()
	if err != nil {
		return err
	}
	si.sieved = s
	for i := range bad { // as the intake knows them
		at := slices.IndexFunc(si.take, func(f intakeFile) bool { return f.path == bad[i].file.path })
		bad[i].file = si.take[at]
	}
	if len(bad) > 0 && !n.intake.leaveOut(bad) {
		return n.intake.whys()
	}
	w.useFilesTable(n)
	si.settled = si.known
	return s.allowed()
}

// withFile is the FROM item of the sieved rows of some files, with a column that names the
// file of each row.
func (s *sieved) withFile(column string, files []intakeFile) string {
	inside := s.src.root + "/"
	var paths []string
	for _, f := range files {
		paths = append(paths, project.QuoteString(f.path))
	}
	name := fmt.Sprintf("case when starts_with(_elt_file, %s) then substr(_elt_file, %d) else _elt_file end", project.QuoteString(inside), len([]rune(inside))+1)
	query := fmt.Sprintf("select * exclude (_elt_file), %s as %s from %s", name, project.QuoteIdent(column), s.table)
	if len(paths) < len(s.files) {
		query += " where _elt_file in (" + strings.Join(paths, ", ") + ")"
	}
	return "(" + query + ")"
}

// keptBySieve reports whether a test of a source is a rule that its rows are sieved by, and a
// by_file model of the run takes them in: rows that break it are kept apart file by file, and
// to read all files for it would cost what the history costs, and fail where one of them is
// broken.
func (r *run) keptBySieve(test *project.Node) bool {
	if test.Test == nil || !r.builtIn(test) || !isRowRule(test) {
		return false
	}
	source := r.plan.Nodes[test.Test.Attached]
	if source == nil || !source.Quarantines() {
		return false
	}
	if _, ok := ruleOf(test.Test); !ok {
		return false
	}
	return slices.ContainsFunc(r.readersOf(source.UniqueID), func(id string) bool {
		n := r.byID[id]
		return n != nil && n.node.TakenByFile(source)
	})
}

// declare settles the columns of a source that keeps bad rows apart: those declared.
func (si *sourceIntake) declare(columns []engine.Column) { si.known, si.learned = columns, true }
