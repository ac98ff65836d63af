package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
	"elt/runner/state"
)

// lake holds the raw files of a run. A source's globs are expanded once, so that every
// node of the run reads the same list of files, whatever arrives meanwhile.
type lake struct {
	sources map[string]*lakeSource // by unique_id
	root    string
	tags    etags
}

// lakeSource is one source over files.
type lakeSource struct {
	node   *project.Node
	root   string // of the project
	text   string // the FROM item as templates print it, over the globs
	pinned string // the FROM item over the files, absolute
	live   string // the FROM item over the globs, absolute
	files  []lakeFile

	dialect []project.Setting // how its CSV files are written, where that was looked at
	apart   bool              // each file is looked at by itself: see readApart
	formats fileFormats       // of a source that declares formats
}

// lakeFile is a raw file as it was when the run began.
type lakeFile struct {
	path     string
	size     int64
	modified time.Time
	changed  int64  // see changeTime
	remote   bool   // it is not on a file system: DuckDB is asked about it
	unseen   bool   // remote, and nobody has told its size and time
	tag      string // its ETag, where it is known
}

// openLake expands the globs of the sources. What matches nothing is an error, all of
// them at once. The session is for globs of remote files and may be nil.
func openLake(ctx context.Context, s engine.Session, root string, sources []*project.Node) (*lake, error) {
	l := &lake{root: root, sources: map[string]*lakeSource{}}
	var problems diag.List
	for _, node := range sources {
		text := compiler.SourceExpression(node)
		if text == "" || len(node.Table.Paths) == 0 {
			continue
		}
		src, err := l.open(ctx, s, node, text)
		if err != nil {
			problems = append(problems, diag.From(err, diag.LakeFile)...)
			continue
		}
		l.sources[node.UniqueID] = src
	}
	return l, problems.Sorted().Err()
}

// open expands one source.
func (l *lake) open(ctx context.Context, s engine.Session, node *project.Node, text string) (*lakeSource, error) {
	src := &lakeSource{node: node, root: filepath.ToSlash(l.root), text: text}
	var problems diag.List
	var globs []string
	for _, p := range node.Table.Paths {
		glob := l.absolute(p.Text)
		globs = append(globs, glob)
		files, err := l.expand(ctx, s, p.Text)
		if err != nil {
			problems = append(problems, &diag.Diagnostic{Code: diag.LakeFile, Place: p.Place, Node: node.UniqueID,
				Message: "the files of \"" + p.Text + "\" cannot be listed: " + err.Error(), Err: err})
			continue
		}
		if len(files) == 0 && !node.Table.AllowEmpty {
			problems = append(problems, l.noFiles(node, p))
		}
		src.files = append(src.files, files...)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	slices.SortFunc(src.files, func(a, b lakeFile) int { return strings.Compare(a.path, b.path) })
	src.files = slices.CompactFunc(src.files, func(a, b lakeFile) bool { return a.path == b.path })
	if src.formatted() {
		src.pin()
		return src, nil
	}
	if src.live = node.Table.From(globs); node.Table.Bare != "" {
		src.live = project.QuoteString(globs[0])
	}
	src.pinned = src.read(src.files, nil, nil)
	if len(src.files) == 0 {
		src.pinned = emptySelect(node)
		src.live = src.pinned
	}
	return src, nil
}

// absolute makes a glob absolute for DuckDB; URLs stay as they are. The name of the
// project's folder is no pattern, whatever it holds.
func (l *lake) absolute(glob string) string {
	if isRemote(glob) || filepath.IsAbs(glob) {
		return glob
	}
	root, inside := l.base(glob)
	return strings.TrimSuffix(project.LiteralPath(root), "/") + "/" + inside
}

// base parts a relative glob into the folder from which it goes down, absolute, and the
// rest.
func (l *lake) base(glob string) (folder, inside string) {
	folder, inside = filepath.ToSlash(l.root), path.Clean(filepath.ToSlash(glob))
	for strings.HasPrefix(inside, "../") {
		folder, inside = path.Dir(folder), inside[len("../"):]
	}
	return folder, inside
}

// glob is the pattern that DuckDB is given for the file: its readers take each name for
// one, so that "x[ab].csv" would read "xa.csv".
func (f lakeFile) glob() string {
	if f.remote {
		return f.path
	}
	return project.LiteralPath(f.path)
}

func isRemote(path string) bool { return strings.Contains(path, "://") }

// expand lists the files of a glob.
func (l *lake) expand(ctx context.Context, s engine.Session, glob string) ([]lakeFile, error) {
	if isRemote(glob) {
		return l.expandRemote(ctx, s, glob)
	}
	paths, err := l.matches(glob)
	if err != nil {
		return nil, err
	}
	files := make([]lakeFile, 0, len(paths))
	for _, name := range paths {
		if !utf8.ValidString(name) {
			return nil, fmt.Errorf("the name of the file %q is not UTF-8, so that DuckDB cannot open it; rename it", filepath.Base(name))
		}
		info, err := os.Stat(filepath.FromSlash(name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			continue // whoever reads a pipe may wait for ever
		}
		files = append(files, lakeFile{path: name, size: info.Size(), modified: info.ModTime(), changed: changeTime(info)})
	}
	return files, nil
}

// matches are the absolute paths of the local files of a glob.
func (l *lake) matches(glob string) ([]string, error) {
	if filepath.IsAbs(glob) {
		paths, err := doublestar.FilepathGlob(filepath.FromSlash(glob), doublestar.WithFilesOnly())
		for i := range paths {
			paths[i] = filepath.ToSlash(paths[i])
		}
		return paths, err
	}
	folder, inside := l.base(glob)
	paths, err := doublestar.Glob(os.DirFS(filepath.FromSlash(folder)), inside, doublestar.WithFilesOnly())
	for i := range paths {
		paths[i] = path.Join(folder, paths[i])
	}
	return paths, err
}

// expandRemote asks DuckDB, which has the extensions and secrets. Web servers cannot list: a
// URL is one file.
func (l *lake) expandRemote(ctx context.Context, s engine.Session, glob string) ([]lakeFile, error) {
	if s == nil {
		return []lakeFile{{path: glob, remote: true, unseen: true}}, nil
	}
	if !strings.HasPrefix(glob, "http") {
		return remoteFiles(ctx, s, glob)
	}
	l.tags.asking.Lock()
	defer l.tags.asking.Unlock()
	var files []lakeFile
	tags, err := l.tags.recorded(ctx, s, func() (err error) {
		files, err = remoteFiles(ctx, s, glob)
		return err
	})
	for i := range files {
		files[i].tag = tags.of(files[i].path)
	}
	return files, err
}

// remoteFiles lists files with their sizes and times. read_blob opens no file whose content is
// not asked for: of object storage these are what a listing says, 1000 files a request; of
// a web server what it answers to HEAD. A time that a server does not tell is no time.
func remoteFiles(ctx context.Context, s engine.Session, glob string) ([]lakeFile, error) {
	return remoteFilesOf(ctx, s, project.QuoteString(glob))
}

// remoteFilesOf is the same of what is written in SQL: a pattern, or a list of names.
func remoteFilesOf(ctx context.Context, s engine.Session, names string) ([]lakeFile, error) {
	t, err := s.Query(ctx, "select filename, size, epoch_us(last_modified) from read_blob("+names+") order by 1")
	if noFileMatches(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	files := make([]lakeFile, len(t.Rows))
	for i, row := range t.Rows {
		f := lakeFile{remote: true}
		f.path, _ = row[0].(string)
		size, sized := row[1].(int64)
		micros, dated := row[2].(int64)
		if f.unseen = !sized || !dated || micros <= 0; !f.unseen {
			f.size, f.modified = size, time.UnixMicro(micros).UTC()
		}
		files[i] = f
	}
	return files, nil
}

// noFileMatches reports whether DuckDB found no file for a pattern.
func noFileMatches(err error) bool {
	var e *engine.Error
	return errors.As(err, &e) && e.Kind == engine.IO && strings.HasPrefix(strings.ToLower(e.Message), "no file matches")
}

// noFiles is the error for a glob that matches nothing. It stands where the glob is
// declared; one that was made by convention stands nowhere.
func (l *lake) noFiles(node *project.Node, p project.Located) *diag.Diagnostic {
	place := p.Place
	if place.IsZero() {
		place = node.Place
	}
	if node.Table.Implicit {
		place = diag.Place{}
	}
	d := diag.New(diag.LakeFile, place, "no file matches %q of source %q", p.Text, node.Table.SourceName+"."+node.Name)
	d.Node = node.UniqueID
	return d.WithHint("the nearest folder that exists is %q; allow_empty: true with declared columns lets a source be empty", l.nearestFolder(p.Text))
}

// nearestFolder is the deepest folder of a glob that exists.
func (l *lake) nearestFolder(glob string) string {
	within := ""
	if !filepath.IsAbs(glob) {
		within, glob = l.base(glob)
	}
	inside, _ := doublestar.SplitPattern(filepath.ToSlash(glob))
	folder := path.Join(within, inside)
	for folder != "." && folder != "/" && folder != "" {
		if info, err := os.Stat(filepath.FromSlash(folder)); err == nil && info.IsDir() {
			break
		}
		up := path.Dir(folder)
		if up == folder {
			break
		}
		folder = up
	}
	return folder
}

// emptySelect is a FROM item with the declared columns and no rows.
func emptySelect(node *project.Node) string {
	items := make([]string, 0, len(node.Columns))
	for _, c := range node.Columns {
		kind := c.DataType
		if kind == "" {
			kind = "varchar"
		}
		items = append(items, "cast(null as "+kind+") as "+project.QuoteIdent(c.Name))
	}
	if len(items) == 0 {
		items = []string{"1"}
	}
	return "(select " + strings.Join(items, ", ") + " limit 0)"
}

// edits put the pinned files where a statement names a lake source.
func (l *lake) edits(sql string) []sqltoken.Edit {
	return l.replacing(sql, func(s *lakeSource) string { return s.pinned })
}

// liveEdits put absolute globs there.
func (l *lake) liveEdits(sql string) []sqltoken.Edit {
	return l.replacing(sql, func(s *lakeSource) string { return s.live })
}

func (l *lake) replacing(sql string, by func(*lakeSource) string) []sqltoken.Edit {
	if l == nil || len(l.sources) == 0 {
		return nil
	}
	var starts map[int]bool // offsets at which a FROM item may begin
	var edits []sqltoken.Edit
	for _, src := range l.byLength() {
		for at := 0; ; {
			i := strings.Index(sql[at:], src.text)
			if i < 0 {
				break
			}
			start, end := at+i, at+i+len(src.text)
			at = end
			if starts == nil {
				starts = sqltoken.FromStarts(sql)
			}
			if starts[start] && !slices.ContainsFunc(edits, func(e sqltoken.Edit) bool { return start < e.Span.End && e.Span.Start < end }) {
				edits = append(edits, sqltoken.Edit{Span: span(start, end), Text: by(src)})
			}
		}
	}
	return edits
}

// byLength returns the sources, longest text first, since one may begin like another, or hold it: that of a
// source with formats reads files as another source may.
func (l *lake) byLength() []*lakeSource {
	out := make([]*lakeSource, 0, len(l.sources))
	for _, src := range l.sources {
		out = append(out, src)
	}
	slices.SortFunc(out, func(a, b *lakeSource) int {
		if d := len(b.text) - len(a.text); d != 0 {
			return d
		}
		return strings.Compare(a.node.UniqueID, b.node.UniqueID)
	})
	return out
}

// changed looks at the files of sources again that were read whole: by source, what is
// wrong now.
func (l *lake) changed(whole func(id string) bool) map[string]*diag.Diagnostic {
	out := map[string]*diag.Diagnostic{}
	for id, src := range l.sources {
		if !whole(id) {
			continue
		}
		for _, f := range src.files {
			if word := f.change(); word != "" {
				out[id] = src.changedFile(f, word)
				break
			}
		}
	}
	return out
}

func (src *lakeSource) changedFile(f lakeFile, word string) *diag.Diagnostic {
	return diag.New(diag.LakeFile, src.node.Place, "file %q %s while the run was reading it", src.shown(f.path), word).
		WithHint("run again; what was built from it is not published")
}

// change says in a word what happened to a file since the run began.
func (f lakeFile) change() string {
	if f.remote {
		return ""
	}
	info, err := os.Stat(filepath.FromSlash(f.path))
	switch {
	case err != nil:
		return "vanished"
	case info.Size() != f.size || !info.ModTime().Equal(f.modified):
		return "changed"
	}
	return ""
}

// lakeRows are the files for the history. Of a source that is only taken in by file,
// they are the files taken in: the rest is in the ledger.
func (r *run) lakeRows(runID string) []state.LakeFile {
	var out []state.LakeFile
	for id, src := range r.lake.sources {
		files := src.files
		if !r.wholeReaders(id) {
			files = r.takenOf(src)
		}
		for _, f := range files {
			row := state.LakeFile{RunID: runID, UniqueID: id, Path: f.path, Bytes: f.size, ModifiedAt: f.modified}
			if f.unseen {
				row.Bytes = -1
			}
			out = append(out, row)
		}
	}
	slices.SortFunc(out, func(a, b state.LakeFile) int {
		if c := strings.Compare(a.UniqueID, b.UniqueID); c != 0 {
			return c
		}
		return strings.Compare(a.Path, b.Path)
	})
	return out
}

// takenOf returns the files of a source that by_file models take in in this run.
func (r *run) takenOf(src *lakeSource) []lakeFile {
	var out []lakeFile
	seen := map[string]bool{}
	for _, n := range r.nodes {
		if n.intake == nil {
			continue
		}
		for _, si := range n.intake.sources {
			for _, f := range si.take {
				if si.src == src && !seen[f.path] {
					seen[f.path] = true
					out = append(out, f.lakeFile)
				}
			}
		}
	}
	return out
}

// lakeSources returns the sources over files that the nodes of a run depend on, split
// by whether their globs can be expanded without the database.
func (r *run) lakeSources(ids []string) (local, remote []*project.Node) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { // unit tests read no file
		return r.plan.Nodes[id].Type == project.UnitTest
	})
	g := r.planGraph()
	above := g.Ancestors(ids, -1)
	for _, id := range r.plan.Order {
		node := r.plan.Nodes[id]
		if node.Type != project.Source || node.Table == nil || !above.Has(id) {
			continue
		}
		if slices.ContainsFunc(node.Table.Paths, func(p project.Located) bool { return isRemote(p.Text) }) {
			remote = append(remote, node)
		} else {
			local = append(local, node)
		}
	}
	return local, remote
}

// openLocalLake expands the globs of local files, before the database is opened.
func (r *run) openLocalLake(ctx context.Context, ids []string) error {
	local, _ := r.lakeSources(ids)
	var err error
	r.lake, err = openLake(ctx, nil, r.plan.Project.Root, local)
	return r.leaveToReaders(err)
}

// leaveToReaders keeps what is wrong with the files of sources for the nodes that read them,
// unless it ends the run; see stopsAtMistakes.
func (r *run) leaveToReaders(err error) error {
	var list diag.List
	if r.stopsAtMistakes() || !errors.As(err, &list) {
		return err
	}
	r.unreadable = append(r.unreadable, list...)
	return nil
}

// doomReaders fails the nodes of the run that read sources whose files are wrong.
func (r *run) doomReaders() {
	for _, d := range r.unreadable {
		for _, n := range r.nodes {
			if n.node.Type != project.UnitTest && r.readsInline(n.node, d.Node) {
				own := *d
				own.Node = n.node.UniqueID
				n.doomed = append(n.doomed, &own)
			}
		}
	}
}

// readsInline reports whether a node reads another itself, or an ephemeral model does that is a
// part of it.
func (r *run) readsInline(node *project.Node, id string) bool {
	return slices.ContainsFunc(node.DependsOn, func(read string) bool {
		parent := r.plan.Nodes[read]
		return read == id || parent != nil && parent.IsEphemeral() && r.readsInline(parent, id)
	})
}

// finishLake does what needs the database: it expands the globs of remote files, and
// finds how CSV files are written.
func (r *run) finishLake(ctx context.Context, ids []string) error {
	_, remote := r.lakeSources(ids)
	more, err := openLake(ctx, r.main, r.plan.Project.Root, remote)
	if err = r.leaveToReaders(err); err != nil {
		return err
	}
	for id, src := range more.sources {
		r.lake.sources[id] = src
	}
	for id, src := range r.lake.sources {
		src.sniff(ctx, r.main)
		if src.tellsFiles() && r.readWhole(id, ids) {
			r.lake.readApart(src)
		}
	}
	return nil
}
