package runner

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
)

// A raw file that cannot be read would fail every batch of a microbatch model, since each reads all files
// of the source. It holds only the batches that have rows in it, where these can be told: the
// column that says when can mostly be read though another one cannot. The other batches then read the
// source without the file, whose rows are none of theirs.

// brokenFiles are the raw files that batches of a model could not read.
type brokenFiles struct {
	mu    sync.Mutex
	files []*brokenFile
}

// brokenFile is one of them.
type brokenFile struct {
	src   *lakeSource
	path  string
	told  bool        // hours are those of all its rows
	hours []time.Time // in order
	why   diag.List
}

// touches reports whether a file has rows of a batch.
func (f *brokenFile) touches(batch project.Batch) bool {
	i, found := slices.BinarySearchFunc(f.hours, batch.Start, time.Time.Compare)
	return found || i < len(f.hours) && f.hours[i].Before(batch.End)
}

// known are the files that are known to be broken.
func (b *brokenFiles) known() []*brokenFile {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.files)
}

// without are the FROM items by which a batch reads its sources without the files that are none of its
// own; why is not nil where it has rows in one.
func (b *brokenFiles) without(batch project.Batch) (from map[*lakeSource]string, why diag.List) {
	left := map[*lakeSource][]lakeFile{}
	for _, f := range b.known() {
		if !f.told {
			continue
		}
		if f.touches(batch) {
			return nil, f.why
		}
		if left[f.src] == nil {
			left[f.src] = slices.Clone(f.src.files)
		}
		left[f.src] = slices.DeleteFunc(left[f.src], func(one lakeFile) bool { return one.path == f.path })
	}
	from = map[*lakeSource]string{}
	for src, files := range left {
		if from[src] = src.read(files, nil, nil); from[src] == "" {
			from[src] = "(from " + src.pinned + " limit 0)"
		}
	}
	return from, nil
}

// setAside looks when the rows of a file happened because of which a batch has failed. It returns
// false where that is not the fault of one file, or was known.
func (w *worker) setAside(ctx context.Context, s engine.Session, n *nodeRun, batch project.Batch, sql string, err error, why *diag.Diagnostic) bool {
	var e *engine.Error
	if !errors.As(err, &e) || e.File == "" {
		return false
	}
	src := w.sourceOfFile(n, e.File)
	if src == nil || !cutsOnly(src, batch, sql) {
		return false
	}
	b := &n.batches.broken
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.files, func(f *brokenFile) bool { return f.path == e.File })
	if i >= 0 {
		return b.files[i].told
	}
	f := &brokenFile{src: src, path: e.File, why: diag.List{why}}
	b.files = append(b.files, f)
	f.hours, f.told = w.hoursIn(ctx, s, src, e.File)
	if !f.told {
		why.WithNote(diag.Place{}, "of which batches %s has rows cannot be told, so it holds all that read it", src.shown(e.File))
	}
	return f.told
}

// cutsOnly reports whether a batch reads nothing of a source but the rows of its time.
func cutsOnly(src *lakeSource, batch project.Batch, sql string) bool {
	times := dbtcontext.EventTimeFilter{Field: src.node.EventTime(), Start: batch.Start, End: batch.End}
	if times.Field == "" {
		return false
	}
	cut := strings.Count(sql, times.Around(src.text))
	return cut > 0 && cut == strings.Count(sql, src.text)
}

// hoursIn are the hours of the rows of a file, if its other columns are all that cannot be read.
func (w *worker) hoursIn(ctx context.Context, s engine.Session, src *lakeSource, path string) ([]time.Time, bool) {
	i := slices.IndexFunc(src.files, func(f lakeFile) bool { return f.path == path })
	if i < 0 {
		return nil, false
	}
	var more []project.Setting
	if src.node.Table.Format == "csv" && !src.hasOption("null_padding") { // a row that is cut short has its first columns
		more = append(more, project.Setting{Name: "null_padding", Value: true})
	}
	field := src.node.EventTime()
	rows := "select (" + field + ") as _elt_at from " + src.read(src.files[i:i+1], more, nil)
	columns, err := s.Query(ctx, "describe "+rows)
	if err != nil || len(columns.Rows) != 1 {
		return nil, false
	}
	found, err := hours(ctx, s, hoursOf(rows, "_elt_at", describedColumns(columns)[0].Type))
	slices.SortFunc(found, time.Time.Compare)
	return found, err == nil
}
