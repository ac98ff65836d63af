package runner

import (
	"context"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// A model may say how long its rows are kept. What is too old is told by every run, and
// removed by a run with [Options.Expire] only, with all else that the run changes: tests and
// models above read the table without it before it is published. Which files a by_file model has
// taken in stays known, so that none of them comes back.

// expire counts the rows that are older than a model keeps them, and removes them from what was
// made where the publish does not.
func (w *worker) expire(ctx context.Context, n *nodeRun) error {
	e := n.finish.Expiry
	if e == nil {
		return nil
	}
	t, err := w.session.Query(ctx, e.Count)
	if err != nil {
		return w.fault(ctx, n, sent{query: -1}, err)
	}
	count, _ := t.Rows[0][0].(int64)
	if count == 0 {
		return nil
	}
	first, _ := t.Rows[0][1].(string)
	last, _ := t.Rows[0][2].(string)
	n.tellExpiry(count, "row", first, last)
	return w.statements(ctx, n, e.Apply)
}

// tellExpiry says what is too old, and what becomes of it.
func (n *nodeRun) tellExpiry(count int64, what, first, last string) {
	one, old := count == 1, "are older than "+n.spec.Keep.Text
	switch {
	case n.spec.Keep.Remove && one:
		old = "older than " + n.spec.Keep.Text + " goes with the publish"
	case n.spec.Keep.Remove:
		old = "older than " + n.spec.Keep.Text + " go with the publish"
	case one:
		old = "is older than " + n.spec.Keep.Text
	}
	if !one {
		what += "s"
	}
	d := diag.New(diag.IncrementalConfig, diag.Place{}, "%s %s %s: %s", thousands(count), what, old, timeRange(first, last))
	d.Severity, d.Node = diag.Remark, n.node.UniqueID
	if !n.spec.Keep.Remove {
		d.WithHint("elt build --expire removes what is too old")
	}
	n.warnings = append(n.warnings, d)
}

// timeRange is a range of times, or one of them.
func timeRange(first, last string) string {
	if first == last {
		return first
	}
	return first + " to " + last
}

// oldFile is a file of an external model in which there is nothing but rows that are too old.
type oldFile struct {
	name        string
	rows        int64
	first, last string
}

// expireFiles removes from the folder of an external model that grows, which nobody reads
// yet, the files in which all rows are too old.
func (w *worker) expireFiles(ctx context.Context, n *nodeRun) error {
	x := n.spec.External
	if !n.hasFiles(x.Hidden) {
		return nil
	}
	old, err := w.expired(ctx, n)
	if err != nil || len(old) == 0 {
		return err
	}
	return removeFiles(x, old)
}

// expired are the files of an external model that go since they are too old, told. Where they stay
// they are told, too, and none is returned.
func (w *worker) expired(ctx context.Context, n *nodeRun) ([]oldFile, error) {
	x := n.spec.External
	if n.spec.Keep == nil || x.Empty {
		return nil, nil
	}
	columns := x.Known
	if columns == nil {
		columns = x.Columns
	}
	old, err := w.oldFiles(ctx, n, columns)
	if err != nil || len(old) == 0 {
		return nil, err
	}
	first, last := old[0].first, old[0].last
	for _, f := range old {
		first, last = min(first, f.first), max(last, f.last)
	}
	n.tellExpiry(int64(len(old)), "file", first, last)
	if !n.spec.Keep.Remove {
		return nil, nil
	}
	return old, nil
}

// oldFiles finds these files. It reads the files in which there are such rows, and of the others what
// says that there are none: their folders, or the statistics of Parquet.
func (w *worker) oldFiles(ctx context.Context, n *nodeRun, columns []engine.Column) ([]oldFile, error) {
	t, err := w.session.Query(ctx, n.spec.TooOldByFile(columns))
	if err != nil {
		return nil, w.fault(ctx, n, sent{query: -1}, err)
	}
	var some []oldFile
	var names []string
	for _, row := range t.Rows {
		f := oldFile{}
		f.name, _ = row[0].(string)
		f.rows, _ = row[1].(int64)
		f.first, _ = row[2].(string)
		f.last, _ = row[3].(string)
		some, names = append(some, f), append(names, f.name)
	}
	if len(some) == 0 {
		return nil, nil
	}
	if t, err = w.session.Query(ctx, n.spec.RowsByFile(columns, names)); err != nil {
		return nil, w.fault(ctx, n, sent{query: -1}, err)
	}
	all := map[string]int64{}
	for _, row := range t.Rows {
		name, _ := row[0].(string)
		all[name], _ = row[1].(int64)
	}
	return slices.DeleteFunc(some, func(f oldFile) bool { return f.rows != all[f.name] }), nil
}

// removeFiles removes files from a folder that nobody reads yet, and from its list.
func removeFiles(x *materialize.ExternalSpec, old []oldFile) error {
	m, err := readManifest(x.Hidden)
	if err != nil {
		return err
	}
	gone := map[string]bool{}
	for _, f := range old {
		inside := strings.TrimPrefix(strings.TrimPrefix(filepath.ToSlash(f.name), x.Hidden), "/")
		gone[inside] = true
		if err := os.Remove(filepath.FromSlash(path.Join(x.Hidden, inside))); err != nil {
			return err
		}
		for at := path.Dir(inside); at != "."; at = path.Dir(at) {
			if err := os.Remove(filepath.FromSlash(path.Join(x.Hidden, at))); err != nil {
				break // it holds other files
			}
		}
	}
	m.Files = slices.DeleteFunc(m.Files, func(f manifestFile) bool { return gone[f.Path] })
	return m.write(x.Hidden)
}
