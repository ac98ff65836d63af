package runner

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/state"
)

// SourceOptions say which sources are meant and how the database is reached.
type SourceOptions struct {
	Source string // "source.table", a table or a source; "" for all sources over files
	Wait   time.Duration
}

// The states of a raw file, as [SourceFiles] shows them.
const (
	FileTaken   = "taken"   // taken in, and as it was then
	FileNew     = "new"     // will be taken in
	FileChanged = "changed" // will be taken in, and its rows replaced
	FileGone    = "gone"    // is there no more: its rows will go
	FileFailed  = "failed"  // could not be taken in, and will be tried again
	FileWhole   = "whole"   // no by_file model reads the source: every build reads the file
)

// SourceFile is a raw file: what a by_file model has made of it, and what the next build
// will do about it.
type SourceFile struct {
	Source     string // unique_id
	Model      string // unique_id of the by_file model; "" where none reads the source
	Path       string // relative to the project where it is inside
	State      string // one of the File constants
	Bytes      int64  // -1 if not known
	ModifiedAt time.Time
	Rows       int64 // of the model that came from the file; -1 where it was not taken in
	TakenAt    time.Time
	RunID      string
	Message    string // why it failed
	Format     string // the format it has, of a source that declares some, "?" where it has none of them; else ""
}

// SourceFiles lists the raw files of sources against the ledgers of the models that take
// them in by file, by source, model and path. It changes nothing.
func SourceFiles(ctx context.Context, plan *compiler.Plan, opts SourceOptions) ([]SourceFile, error) {
	r := newRun(plan, Options{Command: "source", Wait: opts.Wait}, nil)
	sources, err := chosenSources(plan, opts.Source)
	if err != nil {
		return nil, err
	}
	if err := r.openToRead(ctx, true); err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.readState(ctx); err != nil {
		return nil, err
	}
	if r.lake, err = openLake(ctx, r.main, plan.Project.Root, sources); err != nil {
		return nil, err
	}
	out, err := r.filesOfModels(ctx)
	if err != nil {
		return nil, diagnostics(err)
	}
	read := map[string]bool{}
	for _, f := range out {
		read[f.Source] = true
	}
	for id, src := range r.lake.sources {
		for _, f := range src.files {
			if !read[id] {
				out = append(out, SourceFile{Source: id, Path: r.shownPath(f.path), State: FileWhole, Bytes: f.bytes(), ModifiedAt: f.modified, Rows: -1})
			}
		}
	}
	for i, f := range out {
		if src := r.lake.sources[f.Source]; src != nil && src.formatted() {
			out[i].Format = formatName(src, f.Path)
		}
	}
	slices.SortFunc(out, func(a, b SourceFile) int {
		return strings.Compare(a.Source+"\x00"+a.Model+"\x00"+a.Path, b.Source+"\x00"+b.Model+"\x00"+b.Path)
	})
	return out, nil
}

// formatName is the name of the format that a file has, "?" where it has none or several.
func formatName(src *lakeSource, path string) string {
	if format := src.formatOf(lakeFile{path: path}); format != nil {
		return format.Name
	}
	return "?"
}

// readState reads which version the database's own records have.
func (r *run) readState(ctx context.Context) error {
	var err error
	if r.stateVersion, err = state.ReadVersion(ctx, r.main, r.database); err != nil {
		return diagnostics(err)
	}
	return state.Check(r.stateVersion)
}

// filesOfModels lists the files of all by_file models that read the lake's sources.
func (r *run) filesOfModels(ctx context.Context) ([]SourceFile, error) {
	failed := map[string]state.FileFailure{}
	if r.stateVersion >= state.LedgersVersion {
		failures, err := state.FileFailures(ctx, r.main, r.database)
		if err != nil {
			return nil, err
		}
		for _, f := range failures {
			failed[f.UniqueID+"\x00"+f.Path] = f
		}
	}
	var out []SourceFile
	for _, id := range r.plan.Order {
		node := r.plan.Nodes[id]
		if node.FileColumn() == "" || len(r.sourcesOf(node)) == 0 {
			continue
		}
		files, err := r.filesOfModel(ctx, node, failed)
		if err != nil {
			return nil, err
		}
		out = append(out, files...)
	}
	return out, nil
}

func (r *run) filesOfModel(ctx context.Context, node *project.Node, failed map[string]state.FileFailure) ([]SourceFile, error) {
	info := r.published.find(node.Relation)
	in, err := r.planIntake(ctx, r.main, &nodeRun{node: node}, info == nil || info.Type == "view")
	if err != nil {
		return nil, err
	}
	var out []SourceFile
	next := map[string]bool{}
	add := func(source string, f intakeFile, status string) {
		row := SourceFile{Source: source, Model: node.UniqueID, Path: f.name, State: status, Bytes: f.bytes(), ModifiedAt: f.modified, Rows: -1}
		if why, ok := failed[node.UniqueID+"\x00"+f.name]; ok {
			row.State, row.Message = FileFailed, why.Message
		}
		next[f.name] = true
		out = append(out, row)
	}
	for _, si := range in.sources {
		for _, f := range si.take {
			status := FileNew
			if f.status == state.FileChanged {
				status = FileChanged
			}
			add(si.src.node.UniqueID, f, status)
		}
	}
	for _, f := range in.gone {
		add(f.Source, intakeFile{name: f.Path, lakeFile: lakeFile{remote: true, unseen: true}}, FileGone)
	}
	if in.anew || r.stateVersion < state.LedgersVersion {
		return out, nil
	}
	err = state.Ledger(ctx, r.main, r.database, r.stateVersion, nil, node.UniqueID, func(f state.LedgerFile) {
		if _, ok := r.lake.sources[f.Source]; ok && !next[f.Path] {
			out = append(out, SourceFile{Source: f.Source, Model: f.UniqueID, Path: f.Path, State: FileTaken, Bytes: f.Bytes,
				ModifiedAt: f.ModifiedAt, Rows: f.Rows, TakenAt: f.TakenAt, RunID: f.RunID})
		}
	})
	return out, err
}

// bytes is a file's size, -1 where it cannot be looked at.
func (f lakeFile) bytes() int64 {
	if f.unseen {
		return -1
	}
	return f.size
}

// chosenSources are the sources over files that a name means.
func chosenSources(plan *compiler.Plan, name string) ([]*project.Node, error) {
	var out []*project.Node
	var names []string
	for _, id := range plan.Order {
		node := plan.Nodes[id]
		if node.Type != project.Source || node.Table == nil || len(node.Table.Paths) == 0 {
			continue
		}
		full := node.Table.SourceName + "." + node.Name
		names = append(names, full)
		if name == "" || name == full || name == node.Name || name == node.Table.SourceName {
			out = append(out, node)
		}
	}
	if name == "" || len(out) > 0 {
		return out, nil
	}
	d := diag.New(diag.UnknownSource, diag.Place{}, "there is no source over files called %q", name)
	if near := diag.Suggest(name, names); near != "" {
		return nil, d.WithHint("did you mean %q?", near)
	}
	return nil, d.WithHint("elt ls --resource-type source lists the sources")
}

// ForgetOptions say which files are to be taken in anew.
type ForgetOptions struct {
	Files []string // paths as [SourceFiles] shows them, or patterns of such paths
	Model string   // unique_id; "" for all models that have taken them in
	Wait  time.Duration
}

// ForgetFiles has the next build take files in anew, and replace the rows that came from
// them. It returns the files, by model and path. One that no model has taken in is an
// error, and then nothing is forgotten.
func ForgetFiles(ctx context.Context, plan *compiler.Plan, opts ForgetOptions) ([]SourceFile, error) {
	r := newRun(plan, Options{Command: "source", Wait: opts.Wait}, nil)
	if missing(plan.Project.Target) {
		return nil, diag.New(diag.LakeFile, diag.Place{}, "nothing has been built yet, so no file has been taken in")
	}
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.readState(ctx); err != nil {
		return nil, err
	}
	found, err := r.ledgerMatches(ctx, opts)
	if err != nil {
		return nil, diagnostics(err)
	}
	byModel := map[string][]string{}
	for _, f := range found {
		byModel[f.Model] = append(byModel[f.Model], f.Path)
	}
	err = r.transact(ctx, func() error {
		for model, paths := range byModel {
			for _, sql := range state.ForgetFiles(r.database, r.stateVersion, model, paths) {
				if _, err := r.main.Exec(ctx, sql); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return found, diagnostics(err)
}

// ledgerMatches finds the files of the ledger that are named.
func (r *run) ledgerMatches(ctx context.Context, opts ForgetOptions) ([]SourceFile, error) {
	var found []SourceFile
	var known []string
	hit := make([]bool, len(opts.Files))
	if r.stateVersion >= state.LedgersVersion {
		err := state.Ledger(ctx, r.main, r.database, r.stateVersion, nil, opts.Model, func(f state.LedgerFile) {
			known = append(known, f.Path)
			matched := false
			for i, pattern := range opts.Files {
				pattern = r.shownPath(pattern)
				ok, err := doublestar.Match(pattern, f.Path)
				if pattern == f.Path || err == nil && ok {
					hit[i], matched = true, true
				}
			}
			if matched {
				found = append(found, SourceFile{Source: f.Source, Model: f.UniqueID, Path: f.Path, State: FileChanged, Bytes: f.Bytes,
					ModifiedAt: f.ModifiedAt, Rows: f.Rows, TakenAt: f.TakenAt, RunID: f.RunID})
			}
		})
		if err != nil {
			return nil, err
		}
	}
	for i, ok := range hit {
		if ok {
			continue
		}
		d := diag.New(diag.LakeFile, diag.Place{}, "no model has taken in a file %q", opts.Files[i])
		if near := diag.Suggest(opts.Files[i], known); near != "" {
			return nil, d.WithHint("did you mean %q?", near)
		}
		return nil, d.WithHint("elt source files lists them; a path is relative to the project, and may be a pattern: 'lake/2013-01-*.csv'")
	}
	slices.SortFunc(found, func(a, b SourceFile) int { return strings.Compare(a.Model+"\x00"+a.Path, b.Model+"\x00"+b.Path) })
	return found, nil
}
