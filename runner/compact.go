package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
	"elt/runner/materialize"
	"elt/runner/state"
)

// CompactOptions say which external models [Compact] looks at.
type CompactOptions struct {
	Nodes    []string // unique_ids; none for all external models that are folders
	UpTo     int64    // bytes: files below are put together, to no longer one
	DryRun   bool     // say what would be done, and do nothing
	Wait     time.Duration
	Compiler Compiler
	Observer Observer     // is told of publishes that are finished; may be nil
	Point    func(string) // is called where a test may want to kill the process; may be nil
}

// Compaction is what [Compact] does to a folder of a model.
type Compaction struct {
	Node        string // unique_id
	Folder      string // relative to the project where it is inside
	FilesBefore int
	FilesAfter  int
	BytesBefore int64
	BytesAfter  int64 // -1 in a dry run
	Rows        int64 // of the files that were put together; -1 in a dry run
}

// Compact puts small files of external models together: in each folder, files in the order of
// their names, as many as make one of the size asked for. The new files are written beside the
// model's folder, and are not taken if they do not hold the same rows, by number and by hash.
// Then the folder changes places with one that has them, as in a publish: it is promised
// first, and done by the next run that writes where this process dies. What it returns is by
// model, in the order of the graph, and by folder.
func Compact(ctx context.Context, plan *compiler.Plan, opts CompactOptions) ([]Compaction, error) {
	r := newRun(plan, Options{Command: "compact", Wait: opts.Wait, Compiler: opts.Compiler, Point: opts.Point}, opts.Observer)
	if missing(plan.Project.Target) {
		return nil, diag.New(diag.Database, diag.Place{}, "database %q does not exist", plan.Project.Target.Path).WithHint("build it first")
	}
	if err := r.openToCompact(ctx, opts.DryRun); err != nil {
		return nil, diagnostics(err)
	}
	defer r.close()
	r.renderEphemeral(ctx)
	var out []Compaction
	for number, id := range plan.Order {
		node := plan.Nodes[id]
		named := slices.Contains(opts.Nodes, id)
		if len(opts.Nodes) > 0 && !named {
			continue
		}
		if node.Type != project.Model || node.Materialized() != materialize.External {
			if named {
				return out, notCompacted(node, "%q is no external model")
			}
			continue
		}
		n := &nodeRun{node: node, number: number + 1, rows: -1, key: r.names.full(node.Relation).Key()}
		done, err := r.compactNode(ctx, n, opts, named)
		if err != nil {
			return out, diagnostics(err)
		}
		out = append(out, done...)
	}
	return out, nil
}

// openToCompact opens the database and reads what is published.
func (r *run) openToCompact(ctx context.Context, dry bool) error {
	if dry {
		return r.openToRead(ctx, false)
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	var err error
	if r.published, err = readPublished(ctx, r.main, r.names); err == nil {
		err = r.readState(ctx)
	}
	if err == nil {
		r.lake = unpinnedLake(r.plan)
		r.assemble(nil)
		err = state.EnsureFrom(ctx, r.main, r.database, r.stateVersion, "", state.Time(r.now()))
	}
	if err != nil {
		return errors.Join(err, r.close())
	}
	return nil
}

// compactNode looks at one model. One that was named must be a folder.
func (r *run) compactNode(ctx context.Context, n *nodeRun, opts CompactOptions, named bool) ([]Compaction, error) {
	if err := r.compactSpec(ctx, n); err != nil {
		return nil, err
	}
	x := n.spec.External
	why := ""
	info := r.published.find(n.node.Relation)
	switch {
	case !x.Folder || x.Remote && !x.Versioned:
		why = "%q is one file, and no folder of files"
	case info == nil || info.Type != "view" || !x.Versioned && !isFolder(x.Location):
		why = "%q is not built"
	}
	if why != "" && named {
		return nil, notCompacted(n.node, why)
	}
	if why != "" {
		return nil, nil
	}
	var err error
	if x.Versioned {
		n.standing, err = standingObjects(ctx, r.main, n, info.ViewSQL)
	} else {
		n.standing, err = standingFiles(n)
	}
	if err != nil {
		return nil, err
	}
	c := &compacting{run: r, n: n, view: info.Relation, groups: smallFiles(n, opts.UpTo)}
	if c.columns, err = describe(ctx, r.main, info.Relation); err != nil {
		return nil, err
	}
	if len(c.groups) == 0 || opts.DryRun {
		return c.result(nil), nil
	}
	return c.do(ctx)
}

func isFolder(name string) bool {
	info, err := os.Stat(filepath.FromSlash(name))
	return err == nil && info.IsDir()
}

// notCompacted is the error for a node that was named and has no files to put together.
func notCompacted(node *project.Node, why string) error {
	d := diag.New(diag.Unsupported, node.Place, why, node.Name).WithHint("elt compact is for external models that are folders")
	d.Node = node.UniqueID
	return d
}

// renderEphemeral renders the models that others hold in their queries. What is wrong with one
// comes out with the model that holds it.
func (r *run) renderEphemeral(ctx context.Context) {
	var ids []string
	for _, id := range r.plan.Order {
		if r.plan.Nodes[id].IsEphemeral() {
			ids = append(ids, id)
		}
	}
	_ = r.compiler.Compile(ctx, r.view(nil), ids)
}

// compactSpec renders what the config says of the files.
func (r *run) compactSpec(ctx context.Context, n *nodeRun) error {
	if err := r.compiler.CompileNode(ctx, r.view(n), n.node.UniqueID); err != nil {
		return err
	}
	spec, problems := materialize.SpecOf(n.node, project.Relation{}, false)
	if problems.HasErrors() {
		return problems
	}
	if r.plan.Project.AsDBT {
		spec.LikeDBT()
	}
	n.spec = spec
	switch {
	case spec.External.Versioned:
		spec.External.Hidden = r.version(n)
	case !spec.External.Remote:
		r.hide(n)
	}
	return nil
}

// smallGroup are files of one folder that become one.
type smallGroup struct {
	folder string // within the model's, "." for that itself
	files  []manifestFile
	made   manifestFile
	rows   int64
}

// smallFiles are the groups of files of a model that are worth it.
func smallFiles(n *nodeRun, upTo int64) []*smallGroup {
	var out []*smallGroup
	var open *smallGroup
	size := int64(0)
	partition := n.spec.External.Partition
	slices.SortStableFunc(n.standing, func(a, b manifestFile) int { return strings.Compare(partition(a.Path), partition(b.Path)) })
	for _, f := range n.standing { // in each folder by path
		if !n.isData(path.Base(f.Path)) || f.Bytes >= upTo {
			continue
		}
		if open == nil || open.folder != partition(f.Path) || size+f.Bytes > upTo {
			open, size = &smallGroup{folder: partition(f.Path)}, 0
			out = append(out, open)
		}
		open.files = append(open.files, f)
		size += f.Bytes
	}
	var worth []*smallGroup
	for _, g := range out {
		if len(g.files) > 1 {
			worth = append(worth, g)
		}
	}
	return worth
}

// compacting is the work on one model.
type compacting struct {
	*run
	n       *nodeRun
	view    project.Relation // published
	columns []engine.Column
	groups  []*smallGroup
}

// do writes the files, makes the folder that has them, and puts it into place.
func (c *compacting) do(ctx context.Context) ([]Compaction, error) {
	x := c.n.spec.External
	c.nodes = []*nodeRun{c.n}
	if x.Versioned {
		c.dropVersions(ctx)
	} else {
		c.dropHiddenFiles([]string{folderOf(c.n.spec)})
	}
	gone := map[string]bool{}
	for i, g := range c.groups {
		name := fmt.Sprintf("%s_c%d.%s", c.id, i, x.Format)
		if x.Versioned { // in a folder that nobody else writes to
			name = fmt.Sprintf("data_%d.%s", i, x.Format)
		}
		if err := c.write(ctx, g, name); err != nil {
			if !x.Remote {
				_ = os.RemoveAll(filepath.FromSlash(x.Hidden)) // the next build does it too
			}
			return nil, err
		}
		for _, f := range g.files {
			gone[f.Path] = true
		}
	}
	steps, err := c.fill(ctx, gone)
	if err != nil {
		return nil, err
	}
	c.point("compact-written")
	in := state.Intent{RunID: c.id, Database: c.database, Statements: steps}
	err = c.transact(ctx, func() error { return execAll(ctx, c.main, state.InsertIntents(c.database, []state.Intent{in})) })
	if err != nil {
		return nil, err
	}
	c.point("compact-promised")
	if err := c.carryOut(context.WithoutCancel(ctx), state.Version, in, nil); err != nil {
		return nil, err
	}
	c.point("compacted")
	return c.result(gone), nil
}

// write writes one file and compares it with those it is made of.
func (c *compacting) write(ctx context.Context, g *smallGroup, name string) error {
	x := c.n.spec.External
	paths := make([]string, len(g.files))
	for i, f := range g.files {
		paths[i] = x.Location + "/" + f.Path
	}
	g.made.Path, g.made.Run = path.Join(g.folder, name), c.id
	to := x.Hidden + "/" + g.made.Path
	if x.Versioned {
		g.made.Path = strings.TrimPrefix(to, x.Location+"/")
	} else if err := os.MkdirAll(filepath.FromSlash(path.Dir(to)), 0o755); err != nil {
		return err
	}
	before, err := c.digest(ctx, paths)
	if err != nil {
		return err
	}
	if _, err := c.main.Exec(ctx, x.PutTogether(paths, c.columns, to)); err != nil {
		return err
	}
	after, err := c.digest(ctx, []string{to})
	if err != nil {
		return err
	}
	if before != after {
		d := diag.New(diag.Database, c.n.node.Place, "the files of %q cannot be put together: the new file would not hold the same rows", c.n.node.Name).
			WithNote(diag.Place{}, "of folder %q: %s rows before, %s after", g.folder, before.rows, after.rows).
			WithHint("nothing was changed; write the files anew with elt build --full-refresh")
		d.Node = c.n.node.UniqueID
		return d
	}
	_, _ = fmt.Sscan(before.rows, &g.rows) // a number, by the query
	if x.Versioned {
		made, err := remoteFiles(ctx, c.main, to)
		if err == nil && len(made) == 1 {
			g.made.Bytes = made[0].size
		}
		return err
	}
	info, err := os.Stat(filepath.FromSlash(to))
	if err != nil {
		return err
	}
	g.made.Bytes = info.Size()
	return syncFile(to)
}

// digest is the same for the same rows.
type digest struct{ rows, sum string }

func (c *compacting) digest(ctx context.Context, paths []string) (digest, error) {
	t, err := c.main.Query(ctx, c.n.spec.External.Digest(paths, c.columns))
	if err != nil {
		return digest{}, err
	}
	return digest{t.Text(0, 0), t.Text(0, 1)}, nil
}

// fill gives the files that stay a name in the new folder, and writes its list if the old
// one has one. It returns the statements that put the folder into place.
func (c *compacting) fill(ctx context.Context, gone map[string]bool) ([]string, error) {
	x := c.n.spec.External
	if x.Versioned {
		return c.listObjects(ctx, gone)
	}
	return []string{fileMove{From: x.Hidden, To: x.Location, Keep: true}.statement()}, c.fillFolder(gone)
}

func (c *compacting) fillFolder(gone map[string]bool) error {
	x := c.n.spec.External
	var files []manifestFile
	for _, f := range c.n.standing {
		if gone[f.Path] {
			continue
		}
		if err := stay(x.Location, x.Hidden, f.Path); err != nil {
			return err
		}
		if c.n.isData(path.Base(f.Path)) {
			files = append(files, f)
		}
	}
	for _, g := range c.groups {
		files = append(files, g.made)
	}
	m, err := readManifest(x.Location)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	m.Files = files
	return m.write(x.Hidden)
}

// result tells what is done to each folder; gone is nil where nothing was done.
func (c *compacting) result(gone map[string]bool) []Compaction {
	x := c.n.spec.External
	var out []Compaction
	for _, g := range c.groups {
		folder := c.shownPath(strings.TrimSuffix(x.Location+"/"+g.folder, "/."))
		if len(out) == 0 || out[len(out)-1].Folder != folder {
			out = append(out, Compaction{Node: c.n.node.UniqueID, Folder: folder})
			now := &out[len(out)-1]
			for _, f := range c.n.standing {
				if x.Partition(f.Path) == g.folder && c.n.isData(path.Base(f.Path)) {
					now.FilesBefore++
					now.BytesBefore += f.Bytes
				}
			}
			now.FilesAfter, now.BytesAfter = now.FilesBefore, now.BytesBefore
		}
		now := &out[len(out)-1]
		now.FilesAfter -= len(g.files) - 1
		now.Rows += g.rows
		now.BytesAfter += g.made.Bytes
		for _, f := range g.files {
			now.BytesAfter -= f.Bytes
		}
		if gone == nil {
			now.BytesAfter, now.Rows = -1, -1
		}
	}
	return out
}
