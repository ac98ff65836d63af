package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"elt/compiler/diag"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// placeExternal settles where an external model is written, and what is there already.
func (r *run) placeExternal(ctx context.Context, s engine.Session, n *nodeRun) error {
	x := n.spec.External
	if x.Versioned {
		x.Hidden = r.version(n)
		return r.placeObjects(ctx, s, n)
	}
	if x.Remote {
		x.Hidden = x.Location
		n.warnings = append(n.warnings, diag.Warn(diag.Unsupported, n.node.Place,
			"%q is written to its place at once, before it is tested: what is not on a file system cannot be renamed", n.node.Name))
		return nil
	}
	r.hide(n)
	if err := r.noteFolder(ctx, folderOf(n.spec)); err != nil {
		return err
	}
	if !n.spec.Grows() {
		return nil
	}
	x.Token = r.id
	if !n.addsToFiles() {
		return nil
	}
	var err error
	if n.standing, err = standingFiles(n); err != nil {
		return err
	}
	columns, err := describe(ctx, s, n.state.Existing.Relation)
	if err != nil {
		return r.fault(ctx, n, sent{query: -1}, err)
	}
	x.Known = columns
	return nil
}

// addsToFiles reports whether a build leaves files of the model as they are.
func (n *nodeRun) addsToFiles() bool {
	return n.spec.Grows() && !n.spec.FullRefresh && n.state.Existing != nil && !n.state.IsTable()
}

// hide settles the absolute name of an external model's files, and the one under which they
// are written.
func (r *run) hide(n *nodeRun) {
	x := n.spec.External
	if !filepath.IsAbs(x.Location) {
		x.Location = filepath.Join(r.plan.Project.Root, filepath.FromSlash(x.Location))
	}
	x.Location = filepath.ToSlash(filepath.Clean(x.Location))
	x.Hidden = filepath.ToSlash(filepath.Join(filepath.Dir(x.Location), fmt.Sprintf("%s%s-%d", r.hiddenFiles(), r.id, n.number)))
}

// makeRoom makes the folder that an external model is written in.
func (w *worker) makeRoom(n *nodeRun) error {
	x := n.spec.External
	if x.Remote {
		return nil
	}
	folder := filepath.Dir(x.Location)
	if n.spec.Grows() {
		folder = filepath.Dir(x.Written())
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return &diag.Diagnostic{Code: diag.Database, Place: n.node.Place, Node: n.node.UniqueID, Err: err,
			Message: fmt.Sprintf("the folder of %q cannot be made: %v", n.node.Name, err)}
	}
	return nil
}

// loadFiles loads a node; a file that it writes goes to the disk meanwhile.
func (w *worker) loadFiles(ctx context.Context, n *nodeRun, statements []materialize.Statement) error {
	if x := n.spec.External; x != nil && !x.Remote && !x.Versioned {
		defer drain(filepath.FromSlash(x.Written()))()
	}
	return w.load(ctx, n, statements)
}

// writtenFiles looks at what was written for an external model.
func (w *worker) writtenFiles(ctx context.Context, n *nodeRun) error {
	if n.spec.External != nil && n.spec.External.Versioned {
		return w.writtenObjects(ctx, n)
	}
	if n.spec.External == nil || n.spec.External.Remote {
		return nil
	}
	x := n.spec.External
	if n.spec.Grows() {
		if err := w.growFiles(n); err != nil {
			return err
		}
		if err := w.expireFiles(ctx, n); err != nil {
			return err
		}
	}
	info, err := os.Stat(x.Hidden)
	switch {
	case errors.Is(err, fs.ErrNotExist) && x.Folder: // nothing to write makes no folder
		x.Empty = true
		return os.Mkdir(x.Hidden, 0o755)
	case err != nil:
		return err
	case info.IsDir():
		x.Empty = !n.hasFiles(x.Hidden)
		return nil
	}
	f, err := os.Open(x.Hidden)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close()) // it is on the disk before its name is
}

// hasFiles reports whether there is a file in a folder or below that has rows of the model.
func (n *nodeRun) hasFiles(folder string) bool {
	found := false
	_ = filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && n.isData(d.Name()) {
			found = true
			return fs.SkipAll
		}
		return nil
	})
	return found
}

// moveExternal puts the move of the files in front of what publishes an external model.
func (n *nodeRun) moveExternal() {
	if n.objects != "" {
		n.finish.Publish = append([]string{n.objects}, n.finish.Publish...)
	}
	if x := n.spec.External; x != nil && !x.Remote {
		move := fileMove{From: x.Hidden, To: x.Location, Keep: x.Known != nil}.statement()
		n.finish.Publish = append([]string{move}, n.finish.Publish...)
	}
}

// showExternal shows the files of an external model to the run at once: DuckDB opens them
// then, and hooks may name the model.
func (w *worker) showExternal(ctx context.Context, n *nodeRun) error {
	n.query = n.finish.AsView
	if err := w.shadows.put(ctx, n.node.Relation, n.query); err != nil {
		return w.fault(ctx, n, sent{query: -1}, err)
	}
	return nil
}

// isView reports whether a node is published as a view.
func isView(spec *materialize.Spec) bool {
	return spec.Materialized == materialize.View || spec.Materialized == materialize.External
}
