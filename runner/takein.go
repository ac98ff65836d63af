package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
	"elt/runner/materialize"
	"elt/runner/state"
)

// filesTable is the table that says what is done about which file. It stands with the
// state, where the ledger is written from it; that of a candidate in another database
// stands beside the candidate, since what is published there must not need this run.
func (r *run) filesTable(candidate project.Relation) project.Relation {
	table := candidate
	table.Identifier += "_files"
	if !r.elsewhere(candidate) {
		table.Schema = state.Schema
	}
	return table
}

// elsewhere reports whether a relation is in another database than the target's own.
func (r *run) elsewhere(rel project.Relation) bool {
	return !strings.EqualFold(r.names.full(rel).Database, r.database)
}

// useFilesTable lets a by_file model's statements read the files table of its candidate.
func (r *run) useFilesTable(n *nodeRun) {
	if n.intake == nil {
		return
	}
	n.intake.table = r.filesTable(n.candidate)
	n.spec.Files.Table = n.intake.table
	// Rows and ledger of another database are published one after the other, so that
	// rows of a file may be there which the ledger does not have yet; and a table that
	// has no ledger was filled by other means.
	n.spec.Files.Replaces = n.intake.replaces() || n.intake.unknown || r.elsewhere(n.candidate)
}

// carriesFiles sees to it that what the query of a by_file model has made carries the file column.
// The check ahead has seen to it too, unless it could not bind the query: to bind it here before
// the load would have DuckDB look into each file once more.
func (w *worker) carriesFiles(ctx context.Context, n *nodeRun) error {
	var err error
	if n.columns, err = describe(ctx, w.session, n.write.Made); err != nil {
		return err
	}
	return n.spec.CheckFileColumn(n.columns)
}

// load runs the statements that fill a candidate. Under by_file a file that cannot be
// read is left out, so that it stops itself alone.
func (w *worker) load(ctx context.Context, n *nodeRun, list []materialize.Statement) error {
	if n.batches != nil {
		return w.loadBatches(ctx, n)
	}
	if n.intake == nil {
		return w.statements(ctx, n, list)
	}
	if err := w.inspect(ctx, n); err != nil {
		return err
	}
	for {
		err := w.attempt(ctx, n, list)
		if err == nil {
			return w.keepOrNote(ctx, n)
		}
		if ctx.Err() != nil {
			return err
		}
		if n.intake.searchAgain() { // what is wrong is then told as of other files
			if err := w.inspect(ctx, n); err != nil {
				return err
			}
			continue
		}
		bad := w.culprits(ctx, n, list, err)
		if len(bad) == 0 || !n.intake.leaveOut(bad) {
			return errors.Join(n.intake.whys(), w.located(ctx, n, err))
		}
		w.useFilesTable(n)
	}
}

// keepOrNote makes the files table; of a table that is made anew it first sees to it that nothing is
// lost by a file that cannot be read any more, whose rows are in the table as it is.
func (w *worker) keepOrNote(ctx context.Context, n *nodeRun) error {
	if !slices.ContainsFunc(n.intake.failed, func(f fileFailure) bool { return f.holds }) {
		return w.noteFiles(ctx, n)
	}
	_, err := w.session.Exec(context.WithoutCancel(ctx), "drop table if exists "+n.write.Made.String())
	return errors.Join(n.intake.whys(), err)
}

// attempt runs the statements, and drops what they have made where one fails.
func (w *worker) attempt(ctx context.Context, n *nodeRun, list []materialize.Statement) error {
	before := len(n.result.Statements)
	err := w.statements(ctx, n, list)
	if err == nil {
		err = w.carriesFiles(ctx, n)
	}
	if err != nil {
		n.result.Statements = n.result.Statements[:before]
		if _, dropped := w.session.Exec(context.WithoutCancel(ctx), "drop table if exists "+n.write.Made.String()); dropped != nil {
			return errors.Join(err, dropped)
		}
	}
	return err
}

// culprits returns the files because of which a load has failed, each with its own
// error: the one that the error names, else those that fail by themselves.
func (w *worker) culprits(ctx context.Context, n *nodeRun, list []materialize.Statement, err error) []fileFailure {
	var e *engine.Error
	if !errors.As(err, &e) {
		return nil
	}
	for _, si := range n.intake.sources {
		for _, f := range si.take {
			if e.File == f.path {
				return []fileFailure{{file: f, source: si.src.node.UniqueID, why: diag.From(err, diag.Data)}}
			}
		}
	}
	switch e.Kind {
	case engine.Conversion, engine.Input, engine.Constraint, engine.Other:
	default:
		return nil
	}
	all := n.intake.files()
	if len(all) == 0 {
		return nil
	}
	whole := n.intake.sources
	bad := w.bisect(ctx, n, list, all, err, &attempts{left: maxAttempts})
	n.intake.sources = whole
	if len(bad) == len(all) && len(all) > 1 {
		return nil // what fails for every file is the model's own fault
	}
	for i := range bad[:min(len(bad), mostLocated)] {
		n.intake.sources = only(whole, []intakeFile{bad[i].file})
		for _, d := range bad[i].why {
			_ = w.located(ctx, n, d)
		}
	}
	n.intake.sources = whole
	return bad
}

// mostLocated is of how many files that fail the place in the query is looked for: mostly they
// all fail in one.
const mostLocated = 3

// maxAttempts is how many loads are tried to find the files that make one fail.
const maxAttempts = 60

type attempts struct{ left int }

// bisect finds the files among some that fail by themselves. err is why all of them
// together failed.
func (w *worker) bisect(ctx context.Context, n *nodeRun, list []materialize.Statement, files []intakeFile, err error, a *attempts) []fileFailure {
	if len(files) == 1 {
		return []fileFailure{{file: files[0], source: n.intake.sourceOf(files[0]), why: diag.From(err, diag.Data)}}
	}
	var bad []fileFailure
	whole := n.intake.sources
	for _, half := range [][]intakeFile{files[:len(files)/2], files[len(files)/2:]} {
		if a.left--; a.left < 0 || ctx.Err() != nil {
			return nil
		}
		n.intake.sources = only(whole, half)
		failed := w.attempt(ctx, n, list)
		if failed == nil {
			_, _ = w.session.Exec(ctx, "drop table if exists "+n.write.Made.String())
			continue
		}
		n.intake.sources = whole
		bad = append(bad, w.bisect(ctx, n, list, half, failed, a)...)
	}
	n.intake.sources = whole
	return bad
}

// only are the sources with some of their files.
func only(sources []*sourceIntake, files []intakeFile) []*sourceIntake {
	out := make([]*sourceIntake, len(sources))
	for i, si := range sources {
		part := *si
		part.take = slices.DeleteFunc(slices.Clone(si.take), func(f intakeFile) bool {
			return !slices.ContainsFunc(files, func(g intakeFile) bool { return g.path == f.path })
		})
		out[i] = &part
	}
	return out
}

func (in *intake) sourceOf(file intakeFile) string {
	for _, si := range in.sources {
		if slices.ContainsFunc(si.take, func(f intakeFile) bool { return f.path == file.path }) {
			return si.src.node.UniqueID
		}
	}
	return ""
}

// leaveOut takes files out of what is taken in. It returns false where nothing would be
// left to make the table of.
func (in *intake) leaveOut(bad []fileFailure) bool {
	for i := range bad {
		bad[i].holds = in.had[bad[i].file.name]
	}
	in.failed = append(in.failed, bad...)
	for _, si := range in.sources {
		si.take = slices.DeleteFunc(si.take, func(f intakeFile) bool {
			return slices.ContainsFunc(bad, func(b fileFailure) bool { return b.file.path == f.path })
		})
		si.failed = append(si.failed, bad...)
	}
	if in.anew {
		return len(in.files()) > 0
	}
	for _, si := range in.sources {
		if _, ok := si.sample(); !ok && !si.learned && len(si.src.files) > 0 {
			return false
		}
	}
	return true
}

// searchAgain has all files read with a search for how they are written, and reports whether some were
// not.
func (in *intake) searchAgain() bool {
	again := false
	for _, si := range in.sources {
		again = again || si.plain != ""
		si.plain, si.searched = "", true
	}
	return again
}

// sample is a file that can be read, for the columns of a source that nothing is taken
// of.
func (si *sourceIntake) sample() (lakeFile, bool) {
	text := si.src.node.Table.Format != "parquet"
	for _, f := range slices.Backward(si.src.files) {
		if text && f.isEmpty() {
			continue
		}
		if !slices.ContainsFunc(si.failed, func(b fileFailure) bool { return b.file.path == f.path }) {
			return f, true
		}
	}
	return lakeFile{}, false
}

// whys is why files were left out, one diagnostic a file.
func (in *intake) whys() error {
	var list diag.List
	for _, f := range in.failed {
		list = append(list, f.told()...)
	}
	return list.Err()
}

// noteFiles makes the files table. That of one new file is made with the candidate's row, which is mostly
// never written, since the run publishes both before: see [run.filesStatements].
func (w *worker) noteFiles(ctx context.Context, n *nodeRun) error {
	n.intake.unwritten, n.spec.Files.Taken = nil, nil
	changes, err := n.intake.changes(w.now())
	if err != nil {
		return diag.New(diag.LakeFile, n.node.Place, "a raw file cannot be read: %v", err)
	}
	if len(changes) == 1 && changes[0].Change != state.FileGone && changes[0].Change != state.FileTouched {
		changes[0].Rows = max(n.rows, 0) // that all rows are of files which are taken in is checked yet
		if n.intake.doing().IsNew() && !n.spec.Files.Replaces && utf8.ValidString(changes[0].Path) {
			n.intake.unwritten, n.spec.Files.Taken = changes, []string{changes[0].Path}
			return nil
		}
		return execAll(ctx, w.session, state.CreateFiles(n.intake.table, changes))
	}
	statements := append(state.CreateFiles(n.intake.table, changes), state.CountFileRows(n.intake.table, n.write.Made, n.intake.column))
	return transact(ctx, w.session, func() error { return execAll(ctx, w.session, statements) })
}

// filesStatements make the files tables of candidates that are noted.
func filesStatements(nodes []*nodeRun) (out []string) {
	for _, n := range nodes {
		if n.row != nil && n.intake != nil && n.intake.unwritten != nil {
			out = append(out, state.CreateFiles(n.intake.table, n.intake.unwritten)...)
		}
	}
	return out
}

// partial settles the outcome of a by_file model that was made without some files.
func (n *nodeRun) partial() {
	if n.intake == nil || len(n.intake.failed) == 0 || n.result.Status != Success {
		return
	}
	n.result.Status = PartialSuccess
	tried := len(n.intake.failed) + len(n.intake.files())
	n.result.Message = fmt.Sprintf("%d of %d files could not be taken in", len(n.intake.failed), tried)
	for _, f := range n.intake.failed {
		n.result.Diagnostics = append(n.result.Diagnostics, f.told()...)
	}
}

// told is why a file was left out, with the file's name.
func (f fileFailure) told() diag.List {
	out := slices.Clone(f.why)
	for i, d := range out {
		c := *d
		note := fmt.Sprintf("%s was not taken in, and is tried again by the next build", f.file.name)
		if f.holds {
			note = fmt.Sprintf("the table has rows of %s, so it is not made anew without them: a build that is no full refresh goes on with the other files", f.file.name)
		}
		c.Notes = append(slices.Clone(d.Notes), diag.Note{Message: note})
		out[i] = &c
	}
	return out
}

// lookAtIntakesAgain fails the by_file models that have read a file which is not what it
// was.
func (r *run) lookAtIntakesAgain() {
	told := map[string]*diag.Diagnostic{}
	for _, n := range r.nodes {
		if n.intake == nil || !n.made {
			continue
		}
		for _, si := range n.intake.sources {
			for _, f := range si.take {
				word := f.change()
				if word == "" {
					continue
				}
				d := si.src.changedFile(f.lakeFile, word)
				told[si.src.node.UniqueID] = d
				n.made = false
				n.result.Status, n.result.Message, n.result.Diagnostics = Errored, d.Message, nil
				break
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(told)) {
		r.notice(told[id])
	}
}

// doing is what the ledger has to be told.
func (in *intake) doing() state.Taking {
	t := state.Taking{Anew: in.anew, Removes: in.replaces()}
	for _, si := range in.sources {
		t.Touches = t.Touches || len(si.touched) > 0
	}
	return t
}

// ledgerStatements write the ledgers of published by_file models, and which files could
// not be taken in, published or not.
func (r *run) ledgerStatements(published []*nodeRun, now time.Time) []string {
	var out, models []string
	var failures []state.FileFailure
	for _, n := range published {
		switch {
		case n.intake == nil:
		case n.intake.unwritten != nil:
			out = append(out, r.book.TakeNew(n.node.UniqueID, n.intake.unwritten, r.id, now)...)
		default:
			out = append(out, r.book.TakeFiles(n.node.UniqueID, n.intake.table, n.intake.doing(), r.id, now, r.elsewhere(n.candidate))...)
		}
	}
	for _, n := range r.ended {
		if n.intake == nil || n.result == nil || n.result.Status == Skipped {
			continue
		}
		models = append(models, n.node.UniqueID)
		for _, f := range n.intake.failed {
			row := state.FileFailure{UniqueID: n.node.UniqueID, Source: f.source, Path: f.file.name, Bytes: f.file.size,
				ModifiedAt: f.file.modified, RunID: r.id, FailedAt: now}
			if len(f.why) > 0 {
				row.Message = f.why[0].Message
			}
			failures = append(failures, row)
		}
	}
	if r.filled[state.FailuresTable] {
		out = append(out, state.ForgetFileFailures(r.database, models)...)
	}
	return append(out, state.InsertFileFailures(r.database, failures)...)
}
