package runner

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
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
	views map[string]*viewLook // by schema: views without files that were told
}

// around is how a batch reads the sources of such files.
type around struct {
	from    map[*lakeSource]string      // the FROM item without them
	instead map[string]project.Relation // views over that, by the key of the published ones
}

// brokenFile is one of them.
type brokenFile struct {
	src   *lakeSource
	path  string
	chain []*project.Node // the views by which the batches read the source; none where they read it themselves
	told  bool            // hours are those of all its rows
	hours []time.Time     // in order
	why   diag.List
}

// touches reports whether a file has rows of a batch.
func (f *brokenFile) touches(batch project.Batch) bool {
	i, found := slices.BinarySearchFunc(f.hours, batch.Start, time.Time.Compare)
	return found || i < len(f.hours) && f.hours[i].Before(batch.End)
}

// without is how a batch reads its sources without the files that are none of its own; why is not nil
// where it has rows in one.
func (w *worker) without(ctx context.Context, s engine.Session, n *nodeRun, batch project.Batch) (out around, why diag.List, err error) {
	b := &n.batches.broken
	b.mu.Lock()
	defer b.mu.Unlock()
	left, chains := map[*lakeSource][]lakeFile{}, map[*lakeSource][]*project.Node{}
	for _, f := range b.files {
		if !f.told {
			continue
		}
		if f.touches(batch) {
			return out, f.why, nil
		}
		if left[f.src] == nil {
			left[f.src] = slices.Clone(f.src.files)
		}
		left[f.src] = slices.DeleteFunc(left[f.src], func(one lakeFile) bool { return one.path == f.path })
		chains[f.src] = f.chain
	}
	out = around{from: map[*lakeSource]string{}, instead: map[string]project.Relation{}}
	for src, files := range left {
		from := src.read(files, nil, nil)
		if from == "" {
			from = "(from " + src.pinned + " limit 0)"
		}
		if len(chains[src]) == 0 {
			out.from[src] = from
			continue
		}
		schema := fmt.Sprintf("_elt_without_%d_%d_%s", n.number, len(files), src.node.UniqueID)
		look := b.views[schema]
		if look == nil {
			look = &viewLook{run: w.run, session: s, schema: schema, chain: chains[src], src: src}
			if _, err := look.make(ctx, from); err != nil {
				return out, nil, err
			}
			b.views[schema] = look
		}
		for _, node := range look.chain {
			out.instead[w.names.full(node.Relation).Key()] = look.name(node.Relation)
		}
	}
	return out, nil, nil
}

// setAside looks when the rows of a file happened because of which a batch has failed. It returns
// false where that is not the fault of one file, or was known.
func (w *worker) setAside(ctx context.Context, s engine.Session, n *nodeRun, batch project.Batch, sql string, err error, why *diag.Diagnostic) bool {
	var e *engine.Error
	if !errors.As(err, &e) || e.File == "" {
		return false
	}
	src := w.sourceOfFile(n, e.File)
	if src == nil {
		return false
	}
	chain, ok := w.cutBy(n, src, batch, sql)
	if !ok {
		return false
	}
	b := &n.batches.broken
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.IndexFunc(b.files, func(f *brokenFile) bool { return f.path == e.File }); i >= 0 {
		return b.files[i].told
	}
	if b.views == nil {
		b.views = map[string]*viewLook{}
	}
	f := &brokenFile{src: src, path: e.File, chain: chain, why: diag.List{why}}
	b.files = append(b.files, f)
	f.hours, f.told = w.hoursIn(ctx, s, n, f)
	if !f.told {
		why.WithNote(diag.Place{}, "of which batches %s has rows cannot be told, so it holds all that read it", src.shown(e.File))
	}
	return f.told
}

// cutBy reports whether a batch reads nothing of a source but the rows of its time: by the source's own
// event_time, or by that of a view over it, which is the last of those that are returned.
func (w *worker) cutBy(n *nodeRun, src *lakeSource, batch project.Batch, sql string) (chain []*project.Node, ok bool) {
	for _, id := range n.node.DependsOn {
		through := w.through(w.plan.Nodes[id], src.node.UniqueID)
		if len(through) == 0 {
			continue
		}
		if chain != nil || strings.Contains(sql, src.text) || through[len(through)-1].IsEphemeral() {
			return nil, false
		}
		chain = through
	}
	if chain == nil {
		return nil, cutsOnly(src.node.EventTime(), src.text, batch, sql)
	}
	top := chain[len(chain)-1]
	return chain, cutsOnly(top.EventTime(), top.Relation.String(), batch, sql)
}

// cutsOnly reports whether the query of a batch reads a FROM item only cut to the batch.
func cutsOnly(field, from string, batch project.Batch, sql string) bool {
	if field == "" {
		return false
	}
	times := dbtcontext.EventTimeFilter{Field: field, Start: batch.Start, End: batch.End}
	cut := strings.Count(sql, times.Around(from))
	return cut > 0 && cut == strings.Count(sql, from)
}

// hoursIn are the hours of the rows of a file, if its other columns are all that cannot be read.
func (w *worker) hoursIn(ctx context.Context, s engine.Session, n *nodeRun, f *brokenFile) ([]time.Time, bool) {
	i := slices.IndexFunc(f.src.files, func(one lakeFile) bool { return one.path == f.path })
	if i < 0 {
		return nil, false
	}
	var more []project.Setting
	if f.src.node.Table.Format == "csv" && !f.src.hasOption("null_padding") { // a row that is cut short has its first columns
		more = append(more, project.Setting{Name: "null_padding", Value: true})
	}
	rows := "from " + f.src.read(f.src.files[i:i+1], more, nil)
	if value, ok := f.inFolder(); ok { // whatever is in the file
		rows = "from (select " + project.QuoteString(value) + "::timestamp as " + f.src.node.EventTime() + ")"
	}
	query, err := w.timesOf(ctx, s, n, f, rows)
	if err != nil || query == "" {
		return nil, false
	}
	found, err := hours(ctx, s, query)
	slices.SortFunc(found, time.Time.Compare)
	return found, err == nil
}

// inFolder is the value of the column that says when, where the source has it from the folder of a file.
func (f *brokenFile) inFolder() (string, bool) {
	if on, _ := f.src.option("hive_partitioning"); on != true || len(f.chain) > 0 {
		return "", false
	}
	for folder := range strings.SplitSeq(path.Dir(filepath.ToSlash(f.path)), "/") {
		name, value, ok := strings.Cut(folder, "=")
		if text, err := url.PathUnescape(value); ok && err == nil && strings.EqualFold(name, strings.Trim(f.src.node.EventTime(), `"`)) {
			return text, true
		}
	}
	return "", false
}

// timesOf is a query of the hours of rows of a source, as its batches see them.
func (w *worker) timesOf(ctx context.Context, s engine.Session, n *nodeRun, f *brokenFile, rows string) (string, error) {
	if len(f.chain) > 0 {
		look := &viewLook{run: w.run, session: s, chain: f.chain, src: f.src, schema: fmt.Sprintf("_elt_broken_%d", n.number)}
		return look.times(ctx, rows, rows)
	}
	rows = "select (" + f.src.node.EventTime() + ") as _elt_at " + rows
	columns, err := s.Query(ctx, "describe "+rows)
	if err != nil || len(columns.Rows) != 1 {
		return "", err
	}
	return hoursOf(rows, "_elt_at", describedColumns(columns)[0].Type), nil
}
