package runner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
	"elt/runner/state"
)

// intake is what a by_file model takes in: of each of its sources the files that the
// ledger does not have as they are now. Inside the model a source shows these files
// only, and a column that names the file of each row.
type intake struct {
	column  string
	anew    bool
	whole   bool            // it shows all files: nothing is taken in
	unknown bool            // the table is there and the ledger knows no file
	had     map[string]bool // the files whose rows are in the table that is made anew, by name
	sources []*sourceIntake
	gone    []state.LedgerFile // in the ledger, and there no more
	table   project.Relation   // the files table, see state.CreateFiles
	// unwritten is what is in no files table, since nobody will ask for it unless the candidate stays.
	unwritten []state.FileChange
	failed    []fileFailure

	unplaced map[*diag.Diagnostic]bool // errors whose place in the query can be looked for; nil outside of a load
}

// sourceIntake is the part of one source.
type sourceIntake struct {
	src     *lakeSource
	take    []intakeFile // new and changed, by path
	touched []intakeFile // another time, the same content
	failed  []fileFailure

	compared      int // see mayBeRewritten
	comparedBytes int64

	known   []engine.Column   // the columns the source is known to have
	learned bool              // known is from the ledger
	typed   []project.Setting // types of CSV columns as they were when first found
	absent  []engine.Column   // known columns that none of the files has
	lacks   map[string]string // by path: which known columns a file has not, where columns may come and go; else nil
	settled []engine.Column   // the columns of what is taken in
	plain   string            // the separator of all files, where they are read without a search; see plainly

	searched bool    // they are read with one, since without it the load has failed
	sieved   *sieved // the rows of what is taken in, of a source that keeps bad rows apart

	unlikeEnds bool // lines end, or may end, with a carriage return in some of what is taken in, in others not
}

// intakeFile is a raw file and what the ledger calls it.
type intakeFile struct {
	lakeFile
	name   string // relative to the project where it is inside
	status string // one of state's File constants
	hash   string // of the content, where it was looked at
	empty  bool   // a text file without any text
}

// fileFailure is a file that could not be taken in.
type fileFailure struct {
	file   intakeFile
	source string
	why    diag.List
	holds  bool // its rows are in the table that would be made anew without them
}

// planIntake compares the files of a by_file model's sources with its ledger.
func (r *run) planIntake(ctx context.Context, s engine.Session, n *nodeRun, anew bool) (*intake, error) {
	in := &intake{column: n.node.FileColumn(), anew: anew, unplaced: map[*diag.Diagnostic]bool{}}
	for _, src := range r.sourcesOf(n.node) {
		in.sources = append(in.sources, &sourceIntake{src: src})
	}
	if err := checkFileSources(n.node, in); err != nil {
		return nil, err
	}
	ledger := map[string]state.LedgerFile{}
	if r.stateVersion >= state.LedgersVersion && (!anew || n.state.IsTable()) {
		err := state.Ledger(ctx, s, r.database, r.stateVersion, r.asked, n.node.UniqueID, func(f state.LedgerFile) { ledger[f.Path] = f })
		if err != nil {
			return nil, err
		}
	}
	if anew {
		in.had = make(map[string]bool, len(ledger))
		for path, f := range ledger {
			in.had[path] = f.Rows != 0
		}
		clear(ledger)
	}
	in.unknown = !anew && len(ledger) == 0
	known := 0
	for _, si := range in.sources {
		if si.learn(ledger); si.src.node.Quarantines() || si.src.formatted() {
			si.declare(r.sourceColumns(si.src.node))
		}
		k, err := si.plan(ctx, r, s, ledger)
		if err != nil {
			return nil, err
		}
		known += k
	}
	if err := in.refuseTwice(n.node); err != nil {
		return nil, err
	}
	if known < len(ledger) {
		in.findGone(r, ledger)
	}
	return in, in.refuseGone(n.node)
}

// sourcesOf returns the sources that a by_file model takes in by file, also those it
// reads through ephemeral models.
func (r *run) sourcesOf(node *project.Node) []*lakeSource {
	var out []*lakeSource
	seen := map[string]bool{}
	todo := slices.Clone(node.DependsOn)
	for len(todo) > 0 {
		id := todo[0]
		todo = todo[1:]
		parent := r.plan.Nodes[id]
		if seen[id] || parent == nil {
			continue
		}
		seen[id] = true
		if parent.IsEphemeral() {
			todo = append(todo, parent.DependsOn...)
		}
		if src := r.lake.sources[id]; src != nil && node.TakenByFile(parent) {
			out = append(out, src)
		}
	}
	slices.SortFunc(out, func(a, b *lakeSource) int { return strings.Compare(a.node.UniqueID, b.node.UniqueID) })
	return out
}

// checkFileSources refuses a by_file model whose sources are not clear.
func checkFileSources(node *project.Node, in *intake) error {
	place := node.Config.Place("incremental_strategy")
	var d *diag.Diagnostic
	switch wanted := node.Config.Strings("file_sources"); {
	case len(in.sources) == 0 && len(wanted) > 0:
		d = diag.New(diag.IncrementalConfig, node.Config.Place("file_sources"), "%q reads no source over files called %s", node.Name, quotedList(wanted)).
			WithHint("file_sources names sources that the model itself reads, as lake.flights")
	case len(in.sources) == 0:
		d = diag.New(diag.IncrementalConfig, place, "%q reads no source over files, so by_file has nothing to take in", node.Name).
			WithHint("read a source that has a path, not a model over it; over models use merge or insert_overwrite")
	case len(in.sources) > 1 && len(wanted) == 0:
		names := make([]string, len(in.sources))
		for i, si := range in.sources {
			names[i] = si.src.node.Table.SourceName + "." + si.src.node.Name
		}
		d = diag.New(diag.IncrementalConfig, place, "%q reads several sources over files: %s", node.Name, quotedList(names)).
			WithHint("name those that are taken in by file, as in file_sources: %s; the others are read whole", names[0])
	default:
		return nil
	}
	d.Node = node.UniqueID
	return diag.List{d}
}

func quotedList(items []string) string {
	out := make([]string, len(items))
	for i, s := range items {
		out[i] = fmt.Sprintf("%q", s)
	}
	return strings.Join(out, ", ")
}

// plan finds the files of a source that are new, changed or touched, and returns how
// many the ledger knows. A file that seems to have changed is looked at once more: the
// files were listed before the database was open, and another run may have taken in a
// newer state since. The ledger goes by path alone, so that a source may be renamed.
func (si *sourceIntake) plan(ctx context.Context, r *run, s engine.Session, ledger map[string]state.LedgerFile) (known int, err error) {
	var objects []intakeFile
	for _, f := range si.src.files {
		file := intakeFile{lakeFile: f, name: r.shownPath(f.path), status: state.FileNew}
		had, ok := ledger[file.name]
		if ok {
			known++
		}
		if _, isYoung := tagIn(had); f.isObject() && (!ok || isYoung || had.Forgotten || !same(f, had)) {
			objects = append(objects, file)
			continue
		}
		if !ok {
			si.take = append(si.take, file)
			continue
		}
		if had.Forgotten {
			file.status = state.FileChanged
			si.take = append(si.take, file)
			continue
		}
		if same(f, had) && !si.mayBeRewritten(f, had) {
			continue
		}
		if err := si.look(file, had); err != nil {
			return known, err
		}
	}
	if len(objects) == 0 {
		return known, nil
	}
	if err := si.planObjects(ctx, r, s, objects, ledger); err != nil {
		return known, err
	}
	slices.SortFunc(si.take, func(a, b intakeFile) int { return strings.Compare(a.path, b.path) })
	return known, nil
}

// same reports whether a file is, by what can be seen from outside, the one taken in: by its ETag where
// there was and is one. Of a remote file whose size and time nobody tells, or told then, that is its name.
func same(f lakeFile, had state.LedgerFile) bool {
	if tag, _ := tagIn(had); tag != "" && f.tag != "" {
		return tag == f.tag
	}
	return f.unseen || f.remote && had.Bytes < 0 || f.size == had.Bytes && f.modified.UTC().Truncate(time.Microsecond).Equal(had.ModifiedAt)
}

// look decides about a file that is not as it was when it was taken in.
func (si *sourceIntake) look(file intakeFile, had state.LedgerFile) error {
	if file.remote { // listed while the database is held
		file.status = state.FileChanged
		si.take = append(si.take, file)
		return nil
	}
	info, err := os.Stat(filepath.FromSlash(file.path))
	if err != nil {
		return nil //nolint:nilerr // gone since it was listed: the next run sees it gone
	}
	file.size, file.modified, file.changed = info.Size(), info.ModTime(), changeTime(info)
	if same(file.lakeFile, had) && !rewritten(file.lakeFile, had) {
		return nil
	}
	file.status = state.FileChanged
	if file.size == had.Bytes && had.Hash != "" {
		if file.hash, err = contentHash(file.lakeFile); err != nil {
			return err
		}
		if hash, _, _ := strings.Cut(had.Hash, lookedAt); file.hash == hash {
			file.status = state.FileTouched
			si.touched = append(si.touched, file)
			return nil
		}
	}
	si.take = append(si.take, file)
	return nil
}

// lookedAt stands in the ledger between the hash of a file's content and the time that the file system has for its
// last change, if the content was compared since it was taken in.
const lookedAt = "@"

// rewritten reports whether a file of the size and time that it had may have other content: the
// file system knows of a change since it was taken in. That may be another name, owner or link, too.
func rewritten(f lakeFile, had state.LedgerFile) bool {
	at := f.changed / 1000
	if f.remote || had.Hash == "" || at <= had.TakenAt.UnixMicro() {
		return false
	}
	_, seen, _ := strings.Cut(had.Hash, lookedAt)
	return seen != strconv.FormatInt(at, 10)
}

// What is compared in one run of files that may have been rewritten: where all are given another owner, or
// links, no run takes much longer for it. The next run goes on.
const (
	mostCompared      = 64
	mostComparedBytes = 32 << 20
)

// mayBeRewritten is rewritten of as many files as are compared in one run.
func (si *sourceIntake) mayBeRewritten(f lakeFile, had state.LedgerFile) bool {
	if !rewritten(f, had) || si.compared >= mostCompared || si.comparedBytes+f.size > mostComparedBytes {
		return false
	}
	si.compared++
	si.comparedBytes += f.size
	return true
}

// findGone finds the files of the ledger that are there no more, or that no source of
// the model names any more. A file that another run has taken in since the files were
// listed is not gone.
func (in *intake) findGone(r *run, ledger map[string]state.LedgerFile) {
	there := map[string]bool{}
	for _, si := range in.sources {
		for _, f := range si.src.files {
			there[r.shownPath(f.path)] = true
		}
	}
	for _, had := range ledger {
		if there[had.Path] {
			continue
		}
		if _, err := os.Stat(filepath.FromSlash(r.lake.absolute(had.Path))); err == nil && in.names(had.Path, r.lake) {
			continue
		}
		in.gone = append(in.gone, had)
	}
	slices.SortFunc(in.gone, func(a, b state.LedgerFile) int { return strings.Compare(a.Path, b.Path) })
}

// names reports whether a path is one that the model's sources would list.
func (in *intake) names(path string, l *lake) bool {
	for _, si := range in.sources {
		for _, p := range si.src.node.Table.Paths {
			if ok, err := doublestar.PathMatch(l.absolute(p.Text), l.absolute(path)); err == nil && ok {
				return true
			}
		}
	}
	return false
}

// refuseTwice refuses a file that belongs to two sources of one model: its rows could
// not be told apart.
func (in *intake) refuseTwice(node *project.Node) error {
	if len(in.sources) < 2 {
		return nil
	}
	owner := map[string]*lakeSource{}
	for _, si := range in.sources {
		for _, f := range si.src.files {
			if first := owner[f.path]; first != nil {
				d := diag.New(diag.IncrementalConfig, si.src.node.Place, "file %q belongs to two sources of %q: %q and %q", si.src.shown(f.path), node.Name, first.node.Name, si.src.node.Name).
					WithHint("give each file to one source")
				d.Node = node.UniqueID
				return diag.List{d}
			}
			owner[f.path] = si.src
		}
	}
	return nil
}

// refuseGone is on_deleted_file: what is kept stays in table and ledger.
func (in *intake) refuseGone(node *project.Node) error {
	if len(in.gone) == 0 {
		return nil
	}
	switch node.Config.String("on_deleted_file", "delete") {
	case "keep":
		in.gone = nil
	case "fail":
		d := diag.New(diag.LakeFile, node.Config.Place("on_deleted_file"), "file %q is gone, and %d rows of %q came from it", in.gone[0].Path, in.gone[0].Rows, node.Name).
			WithHint("bring it back, or set on_deleted_file to delete or keep")
		d.Node = node.UniqueID
		return diag.List{d}
	}
	return nil
}

// hashLimit is the longest file, in bytes, whose content is hashed: reading it again
// costs a few milliseconds.
const hashLimit = 8 << 20

// contentHash is a hash of a file's content, "" for a long or remote one.
func contentHash(f lakeFile) (string, error) {
	if f.remote || f.size > hashLimit {
		return "", nil
	}
	in, err := os.Open(filepath.FromSlash(f.path))
	if err != nil {
		return "", err
	}
	defer in.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, in); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)[:16]), nil
}

// replaces reports whether rows of these files may be in the table.
func (in *intake) replaces() bool {
	if len(in.gone) > 0 {
		return true
	}
	for _, si := range in.sources {
		if slices.ContainsFunc(si.take, func(f intakeFile) bool { return f.status != state.FileNew }) {
			return true
		}
	}
	return false
}

func lakeFiles(files []intakeFile) []lakeFile {
	out := make([]lakeFile, len(files))
	for i, f := range files {
		out[i] = f.lakeFile
	}
	return out
}

// files are what is taken in of all sources.
func (in *intake) files() []intakeFile {
	var out []intakeFile
	for _, si := range in.sources {
		out = append(out, si.take...)
	}
	return out
}

// changes are the rows of the files table.
func (in *intake) changes(now time.Time) ([]state.FileChange, error) {
	var out []state.FileChange
	for _, si := range in.sources {
		id := si.src.node.UniqueID
		for _, f := range slices.Concat(si.take, si.touched) {
			if f.remote {
				f.hash = f.tagText(now)
			} else if f.hash == "" {
				var err error
				if f.hash, err = contentHash(f.lakeFile); err != nil {
					return nil, err
				}
			} else if f.status == state.FileTouched && f.changed > 0 {
				f.hash += lookedAt + strconv.FormatInt(f.changed/1000, 10)
			}
			row := state.FileChange{Source: id, Path: f.name, Bytes: f.size, ModifiedAt: f.modified, Hash: f.hash, Change: f.status,
				Columns: encodeColumns(si.settled)}
			if f.unseen {
				row.Bytes = -1
			}
			out = append(out, row)
		}
	}
	for _, f := range in.gone {
		out = append(out, state.FileChange{Source: f.Source, Path: f.Path, Bytes: -1, Change: state.FileGone})
	}
	return out, nil
}

// editsFor put the raw files where a statement of a node names a lake source.
func (r *run) editsFor(n *nodeRun, sql string) []sqltoken.Edit {
	taken := &intake{}
	if n != nil && n.seen() != nil {
		taken = n.seen()
	}
	return append(r.changeEdits(n, sql), r.lake.replacing(sql, func(src *lakeSource) string {
		if n != nil && n.around.from[src] != "" {
			return n.around.from[src]
		}
		for _, si := range taken.sources {
			if s := r.sievedOf(src.node.UniqueID); si.src == src && s != nil && taken.whole {
				return s.withFile(taken.column, make([]intakeFile, len(s.files)))
			}
			if si.src == src {
				return si.from(r.lake.root, taken.column)
			}
		}
		if s := r.sievedOf(src.node.UniqueID); s != nil {
			return s.from()
		}
		return src.pinned
	})...)
}

// wholeReaders reports whether a node of the run reads all files of a source.
func (r *run) wholeReaders(source string) bool {
	return slices.ContainsFunc(r.readersOf(source), func(id string) bool {
		n := r.byID[id]
		return n != nil && !n.takesByFile(source)
	})
}

// seen is what a node sees file by file of raw files; nil for most.
func (n *nodeRun) seen() *intake {
	switch {
	case n.intake != nil:
		return n.intake
	case n.taker != nil && n.taker.intake != nil:
		return n.taker.intake
	}
	return n.taken
}

// takesByFile reports whether a node takes a source in by file.
func (n *nodeRun) takesByFile(source string) bool {
	in := n.seen()
	return in != nil && !in.whole && slices.ContainsFunc(in.sources, func(si *sourceIntake) bool { return si.src.node.UniqueID == source })
}
