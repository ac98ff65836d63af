package runner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"elt/runner/materialize"
	"elt/runner/state"
)

// The files of an external model are written beside their place, under a hidden name:
// .elt-<database>-<run>-<number>. Only there they can be renamed into place at once. The
// database is part of the name because whoever holds its lock knows that its other runs
// are dead, but nothing of those of other databases that write to the same folder.
//
// Which folders these are is recorded before the first file is written, with the run and with
// those of the runs before it: so the next run that writes finds what a dead one has left although
// it is about other models, or has none of them any more.
const hiddenFilePrefix = ".elt-"

// unlockedAge is the age from which hidden files of a target without a lock, one in memory, are
// taken for those of a dead run.
const unlockedAge = 24 * time.Hour

// hiddenFiles begins the names of the hidden files of this database.
func (r *run) hiddenFiles() string {
	path, err := filepath.Abs(r.plan.Project.Target.Path)
	if err != nil || !isFile(r.plan.Project.Target.Path) {
		path = r.plan.Project.Root
	}
	sum := sha256.Sum256([]byte(path))
	return hiddenFilePrefix + hex.EncodeToString(sum[:4]) + "-"
}

// fileFolders are the folders in which there may be hidden files of this database: those of
// this run's external models, and those recorded with the run before.
func (r *run) fileFolders(before state.Run) []string {
	var was runOptions
	_ = json.Unmarshal([]byte(before.Options), &was) // what is not JSON names no folder
	folders := slices.DeleteFunc(was.Folders, func(folder string) bool {
		info, err := os.Stat(folder)
		return err != nil || !info.IsDir()
	})
	for _, n := range r.nodes {
		if hasHiddenFiles(n.spec) {
			folders = append(folders, folderOf(n.spec))
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}

// hasHiddenFiles reports whether a node is written to files beside their place.
func hasHiddenFiles(spec *materialize.Spec) bool {
	return spec != nil && spec.External != nil && !spec.External.Remote && !spec.External.Versioned
}

// folderOf is the folder beside the files of an external model.
func folderOf(spec *materialize.Spec) string {
	return filepath.Dir(filepath.FromSlash(spec.External.Location))
}

// noteFolder records the folder of a model that is rendered only while the run goes on.
func (r *run) noteFolder(ctx context.Context, folder string) error {
	r.foldersMu.Lock()
	defer r.foldersMu.Unlock()
	if !r.recorded || slices.Contains(r.folders, folder) {
		return nil
	}
	s, err := r.db.Session(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	r.folders = append(r.folders, folder)
	_, err = s.Exec(ctx, r.book.SetOptions(r.id, r.optionsJSON()))
	return err
}

// dropHiddenFiles removes the files that dead runs have left in some folders, and returns them.
// What cannot be removed is in nobody's way.
func (r *run) dropHiddenFiles(folders []string) []string {
	locked := isFile(r.plan.Project.Target.Path)
	var dropped []string
	for _, folder := range folders {
		entries, _ := os.ReadDir(folder) // one that is not there holds nothing
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), r.hiddenFiles()) {
				continue
			}
			if info, err := e.Info(); !locked && (err != nil || time.Since(info.ModTime()) < unlockedAge) {
				continue // a run that writes to memory at the same time may be writing it
			}
			file := filepath.Join(folder, e.Name())
			if os.RemoveAll(file) == nil {
				dropped = append(dropped, file)
			}
		}
	}
	return dropped
}
