package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/runner/materialize"
)

// An external model that grows is a folder. A build makes the folder as it will be under
// a hidden name: hard links to the files that stay, which cost no space, and the new files.
// So tests and models read the table as it will be, and it becomes visible as any other
// folder does, by one change of names (see [fileMove]): no step of a build ever changes the
// folder that readers see. Names of files are never used twice, so that a reader that has
// listed the folder finds a file as it was or not at all.

// manifestName is the list of the files of a folder, in the folder, so that both change
// at the same moment. Programs that read folders skip names with a dot; so does "*" of a shell.
const manifestName = ".elt-manifest"

// manifest lists the files of an external model that grows.
type manifest struct {
	Version int            `json:"version"` // 1
	Model   string         `json:"model"`   // unique_id
	Format  string         `json:"format"`
	Columns []modelColumn  `json:"columns"` // as the view reads them
	Files   []manifestFile `json:"files"`   // by path
}

type modelColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// manifestFile is a file that holds rows.
type manifestFile struct {
	Path  string `json:"path"` // within the folder, with slashes
	Bytes int64  `json:"bytes"`
	Run   string `json:"run,omitempty"` // that wrote it; "" where that is not known
}

// checkGrowing looks whether there is a folder to which a build can add.
func checkGrowing(n *nodeRun) error {
	x := n.spec.External
	info, err := os.Stat(filepath.FromSlash(x.Location))
	if err == nil && info.IsDir() {
		return nil
	}
	message := "the folder of %q is gone: %q"
	if err == nil {
		message = "%q adds to a folder, and its location is a file: %q"
	}
	d := diag.New(diag.LakeFile, n.node.Config.Place("incremental_strategy"), message, n.node.Name, x.Location).
		WithHint("bring it back, or write all files anew with --full-refresh")
	d.Node = n.node.UniqueID
	return diag.List{d}
}

// isData reports whether a file of the folder of an external model holds rows.
func (n *nodeRun) isData(name string) bool {
	return isDataFile(name, n.spec.External.Format)
}

func isDataFile(name, format string) bool {
	return strings.HasSuffix(name, "."+format) && !strings.HasPrefix(name, ".")
}

// growFiles makes the folder as it will be, once the new rows are written.
func (w *worker) growFiles(n *nodeRun) error {
	x := n.spec.External
	if err := os.MkdirAll(x.Hidden, 0o755); err != nil {
		return err
	}
	if x.Known != nil {
		if x.Written() != x.Fresh() && n.rows == 0 { // no file for no rows
			if err := os.Remove(x.Written()); err != nil {
				return err
			}
		}
	}
	fresh, err := filesBelow(x.Fresh())
	if err != nil {
		return err
	}
	m := manifest{Version: 1, Model: n.node.UniqueID, Format: x.Format, Columns: modelColumns(x)}
	replaced := map[string]bool{}
	for _, f := range fresh {
		if err := syncFile(filepath.Join(x.Fresh(), filepath.FromSlash(f.Path))); err != nil {
			return err
		}
		f.Run = w.id
		m.Files = append(m.Files, f)
		replaced[path.Dir(f.Path)] = n.spec.Strategy == materialize.InsertOverwrite
	}
	for _, f := range n.standing {
		if replaced[path.Dir(f.Path)] && isDataFile(path.Base(f.Path), x.Format) {
			continue
		}
		err := stay(x.Location, x.Hidden, f.Path)
		if errors.Is(err, fs.ErrNotExist) {
			return foreignFile(n, fmt.Sprintf("file %q of %q is gone", f.Path, n.node.Name))
		}
		if err != nil {
			return err
		}
		if isDataFile(path.Base(f.Path), x.Format) {
			m.Files = append(m.Files, f)
		}
	}
	if x.Known != nil {
		if err := moveIn(x.Fresh(), x.Hidden, fresh); err != nil {
			return err
		}
	}
	return m.write(x.Hidden)
}

// standingFiles are the files of the folder as readers see it. One that the manifest does
// not name has been put there by somebody else, and nobody has tested it; one that is gone
// leaves a hole that nobody would see.
func standingFiles(n *nodeRun) ([]manifestFile, error) {
	x := n.spec.External
	if err := checkGrowing(n); err != nil {
		return nil, err
	}
	found, err := filesBelow(x.Location)
	if err != nil {
		return nil, err
	}
	m, err := readManifest(x.Location)
	if errors.Is(err, fs.ErrNotExist) {
		return found, shownAsBefore(n, x.Format, found) // written before the model grew: what is there is taken for its own
	}
	if err != nil {
		return nil, foreignFile(n, fmt.Sprintf("the list of the files of %q cannot be read: %v", n.node.Name, err))
	}
	if err := shownAsBefore(n, m.Format, found); err != nil {
		return nil, err
	}
	known := make(map[string]manifestFile, len(m.Files))
	for _, f := range m.Files {
		known[f.Path] = f
	}
	for i, f := range found {
		was, ok := known[f.Path]
		delete(known, f.Path)
		switch {
		case ok && was.Bytes != f.Bytes:
			return nil, foreignFile(n, fmt.Sprintf("file %q of %q has %d bytes, it was written with %d", f.Path, n.node.Name, f.Bytes, was.Bytes))
		case ok:
			found[i].Run = was.Run
		case n.isData(path.Base(f.Path)):
			return nil, foreignFile(n, fmt.Sprintf("file %q in the folder of %q was not written by elt", f.Path, n.node.Name))
		}
	}
	for _, f := range m.Files { // in their order, so that the message is always the same
		if _, gone := known[f.Path]; gone {
			return nil, foreignFile(n, fmt.Sprintf("file %q of %q is gone", f.Path, n.node.Name))
		}
	}
	return found, nil
}

func foreignFile(n *nodeRun, message string) error {
	d := diag.New(diag.LakeFile, n.node.Config.Place("location"), "%s", message).
		WithNote(diag.Place{}, "the folder is %s", n.spec.External.Location).
		WithHint("put the folder right, or write all its files anew with --full-refresh")
	d.Node = n.node.UniqueID
	return diag.List{d}
}

// shownAsBefore refuses a config with which the view would no longer show the files that are there:
// it reads the files of one format, in folders by the columns of partition_by.
func shownAsBefore(n *nodeRun, format string, found []manifestFile) error {
	x := n.spec.External
	refuse := func(key, message, hint string) error {
		d := diag.New(diag.LakeFile, n.node.Config.Place(key), "%s", message).
			WithNote(diag.Place{}, "the folder is %s", x.Location).
			WithHint("%s, or write all files anew with --full-refresh", hint)
		d.Node = n.node.UniqueID
		return diag.List{d}
	}
	if format != x.Format {
		return refuse("format", fmt.Sprintf("the files of %q are %s, and its format is %s now", n.node.Name, format, x.Format), "bring the format back")
	}
	for _, f := range found {
		if n.isData(path.Base(f.Path)) && !x.Reads(f.Path) {
			return refuse("partition_by", fmt.Sprintf("file %q of %q is not where its partition_by has it", f.Path, n.node.Name), "bring partition_by back")
		}
	}
	return nil
}

// filesBelow lists the files of a folder and all below it by path, without the manifest.
// A folder that is not there holds none.
func filesBelow(folder string) ([]manifestFile, error) {
	var out []manifestFile
	err := filepath.WalkDir(filepath.FromSlash(folder), func(at string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && filepath.ToSlash(at) == folder {
			return fs.SkipAll
		}
		if err != nil || d.IsDir() {
			return err
		}
		info, err := os.Stat(at)
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(filepath.FromSlash(folder), at)
		if inside = filepath.ToSlash(inside); inside != manifestName {
			out = append(out, manifestFile{Path: inside, Bytes: info.Size()})
		}
		return err
	})
	slices.SortFunc(out, func(a, b manifestFile) int { return strings.Compare(a.Path, b.Path) })
	return out, err
}

// stay gives a file a second name below another folder. Where a file system knows one name
// a file only, it is copied.
func stay(from, to, inside string) error {
	old, name := filepath.Join(filepath.FromSlash(from), filepath.FromSlash(inside)), filepath.Join(filepath.FromSlash(to), filepath.FromSlash(inside))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if os.Link(old, name) == nil {
		return nil
	}
	in, err := os.Open(old)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// moveIn moves files from one hidden folder to another and removes the first.
func moveIn(from, to string, files []manifestFile) error {
	for _, f := range files {
		name := filepath.Join(filepath.FromSlash(to), filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(filepath.FromSlash(from), filepath.FromSlash(f.Path)), name); err != nil {
			return err
		}
	}
	return os.RemoveAll(from)
}

// syncFile has the disk take what was written to a file.
func syncFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// modelColumns are the columns of an external model, in the order of its view.
func modelColumns(x *materialize.ExternalSpec) []modelColumn {
	columns := x.Known
	if columns == nil {
		columns = x.Order(x.Columns)
	}
	out := make([]modelColumn, len(columns))
	for i, c := range columns {
		out[i] = modelColumn{c.Name, c.Type}
	}
	return out
}

// readManifest reads the list of the files of a folder.
func readManifest(folder string) (*manifest, error) {
	text, err := os.ReadFile(filepath.Join(filepath.FromSlash(folder), manifestName))
	if err != nil {
		return nil, err
	}
	return parseManifest(text)
}

func parseManifest(text []byte) (*manifest, error) {
	m := &manifest{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, err
	}
	if m.Version != 1 {
		return nil, fmt.Errorf("it is of version %d, and this elt knows version 1", m.Version)
	}
	return m, nil
}

// write writes the list into a folder that nobody reads yet.
func (m manifest) write(folder string) error {
	slices.SortFunc(m.Files, func(a, b manifestFile) int { return strings.Compare(a.Path, b.Path) })
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	name := filepath.Join(filepath.FromSlash(folder), manifestName)
	if err := os.WriteFile(name, append(text, '\n'), 0o644); err != nil {
		return err
	}
	return syncFile(name)
}
