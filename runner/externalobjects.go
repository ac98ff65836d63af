package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// On object storage nothing can be renamed, and no two objects change at one moment. So each
// build of an external model that is a folder writes a folder of its own in it, elt-<database>-<run>-<number>,
// which is tested there and stays where it is. What makes it the one that counts is one
// object, the manifest, which is written when the publish is committed, among the steps that
// it promises; and the view of the model, which names the folder. Of a model that grows the
// manifest and the view name objects of several builds, one by one. What neither of them names any more is
// removed when the next run begins, so that who has read the manifest has that long to read what it names.

// versions begins the names of the folders of this database.
func (r *run) versions() string { return strings.TrimPrefix(r.hiddenFiles(), ".") }

// placeObjects finds the objects to which a build adds.
func (r *run) placeObjects(ctx context.Context, s engine.Session, n *nodeRun) error {
	if !n.addsToFiles() {
		return nil
	}
	var err error
	if n.standing, err = standingObjects(ctx, s, n, n.state.Existing.ViewSQL); err != nil {
		return err
	}
	if n.spec.External.Known, err = describe(ctx, s, n.state.Existing.Relation); err != nil {
		return r.fault(ctx, n, sent{query: -1}, err)
	}
	return nil
}

// standingObjects are the objects that the manifest names. They must be there as they were written, and be those
// that the view of this database reads: what another one has published nobody here has seen.
func standingObjects(ctx context.Context, s engine.Session, n *nodeRun, view string) ([]manifestFile, error) {
	x := n.spec.External
	m, err := readObjectManifest(ctx, s, x.Location)
	if err != nil {
		return nil, foreignFile(n, fmt.Sprintf("the list of the files of %q cannot be read: %v", n.node.Name, err))
	}
	if m == nil {
		return nil, foreignFile(n, fmt.Sprintf("the list of the files of %q is gone: %q", n.node.Name, x.Location+"/"+manifestName))
	}
	if err := shownAsBefore(n, m.Format, m.Files); err != nil {
		return nil, err
	}
	found, err := remoteFiles(ctx, s, x.Location+"/**")
	if err != nil {
		return nil, err
	}
	there := make(map[string]int64, len(found))
	for _, f := range found {
		there[strings.TrimPrefix(f.path, x.Location+"/")] = f.size
	}
	for _, f := range m.Files {
		folder, _, _ := strings.Cut(f.Path, "/")
		size, ok := there[f.Path]
		switch {
		case !ok:
			return nil, foreignFile(n, fmt.Sprintf("file %q of %q is gone", f.Path, n.node.Name))
		case size != f.Bytes:
			return nil, foreignFile(n, fmt.Sprintf("file %q of %q has %d bytes, it was written with %d", f.Path, n.node.Name, size, f.Bytes))
		case !strings.Contains(view, "/"+f.Path+"'") && !strings.Contains(view, "/"+folder+"/*"):
			return nil, foreignFile(n, fmt.Sprintf("file %q of %q was written with another database", f.Path, n.node.Name))
		}
	}
	if len(m.Files) == 0 && strings.Contains(view, x.Location+"/"+hiddenFilePrefix[1:]) {
		return nil, foreignFile(n, fmt.Sprintf("the files of %q were replaced with another database", n.node.Name))
	}
	return m.Files, nil
}

// readObjectManifest reads the list of the objects of a location; nil where there is none.
func readObjectManifest(ctx context.Context, s engine.Session, location string) (*manifest, error) {
	name := project.QuoteString(location + "/" + manifestName)
	// A name without a pattern is found by glob whether there is such an object or not.
	there, err := s.Query(ctx, "select file from glob("+project.QuoteString(location+"/"+manifestName+"*")+") where file = "+name)
	if err != nil || len(there.Rows) == 0 {
		return nil, err
	}
	text, err := s.Query(ctx, "select content from read_text("+name+")")
	if err != nil || len(text.Rows) == 0 {
		return nil, err
	}
	return parseManifest([]byte(firstColumn(text)[0]))
}

// version is the folder of this run's objects of a model.
func (r *run) version(n *nodeRun) string {
	return fmt.Sprintf("%s/%s%s-%d", n.spec.External.Location, r.versions(), r.id, n.number)
}

// writtenObjects looks at what was written, and has the manifest written in the publish.
func (w *worker) writtenObjects(ctx context.Context, n *nodeRun) error {
	x := n.spec.External
	files, err := remoteFiles(ctx, w.session, x.Hidden+"/**")
	if err != nil {
		return w.fault(ctx, n, sent{query: -1}, err)
	}
	m := manifest{Version: 1, Model: n.node.UniqueID, Format: x.Format, Columns: modelColumns(x), Files: []manifestFile{}}
	replaced := map[string]bool{}
	for _, f := range files {
		if !strings.HasSuffix(f.path, "."+x.Format) || x.Known != nil && n.rows == 0 { // no file for no rows
			continue
		}
		file := manifestFile{Path: strings.TrimPrefix(f.path, x.Location+"/"), Bytes: f.size, Run: w.id}
		m.Files = append(m.Files, file)
		replaced[x.Partition(file.Path)] = n.spec.Strategy == materialize.InsertOverwrite
	}
	for _, f := range n.standing {
		if !replaced[x.Partition(f.Path)] {
			m.Files = append(m.Files, f)
		}
	}
	if n.spec.Grows() {
		m.reads(x)
		if err := w.expireObjects(ctx, n, &m); err != nil {
			return err
		}
	}
	n.objects, err = m.put(x)
	x.Empty = len(m.Files) == 0
	return err
}

// expireObjects leaves out of the list the objects in which all rows are too old.
func (w *worker) expireObjects(ctx context.Context, n *nodeRun, m *manifest) error {
	x := n.spec.External
	old, err := w.expired(ctx, n)
	if err != nil || len(old) == 0 {
		return err
	}
	m.Files = slices.DeleteFunc(m.Files, func(f manifestFile) bool {
		return slices.ContainsFunc(old, func(o oldFile) bool { return o.name == x.Location+"/"+f.Path })
	})
	m.reads(x)
	return nil
}

// reads has the view read what is on the list, by path.
func (m *manifest) reads(x *materialize.ExternalSpec) {
	slices.SortFunc(m.Files, func(a, b manifestFile) int { return strings.Compare(a.Path, b.Path) })
	x.Objects, x.Empty = nil, len(m.Files) == 0
	for _, f := range m.Files {
		x.Objects = append(x.Objects, x.Location+"/"+f.Path)
	}
}

// put is the statement that writes the manifest to object storage: one object, which readers see as
// it was or as it is.
func (m manifest) put(x *materialize.ExternalSpec) (string, error) {
	slices.SortFunc(m.Files, func(a, b manifestFile) int { return strings.Compare(a.Path, b.Path) })
	text, err := json.Marshal(m)
	return fmt.Sprintf("copy (select %s) to %s (format csv, header false, delimiter '', quote '', escape '')",
		project.QuoteString(string(text)), project.QuoteString(x.Location+"/"+manifestName)), err
}

// dropVersions removes the folders that earlier builds have left: all of this database but those that its
// views read and those that a manifest names. What cannot be removed is in nobody's way, and said.
func (r *run) dropVersions(ctx context.Context) {
	done := map[string]bool{}
	for _, n := range r.nodes {
		if n.spec == nil || n.spec.External == nil || !n.spec.External.Versioned || done[n.spec.External.Location] {
			continue
		}
		location := n.spec.External.Location
		done[location] = true
		if err := r.dropVersionsOf(ctx, location); err != nil {
			d := diag.Warn(diag.LakeFile, diag.Place{}, "what earlier builds have left below %q cannot be removed: %v", location, diagnostics(err))
			d.Node = n.node.UniqueID
			r.notice(d)
		}
	}
}

func (r *run) dropVersionsOf(ctx context.Context, location string) error {
	found, err := r.versionsBelow(ctx, location)
	if err != nil || len(found) == 0 {
		return err
	}
	used, err := r.usedObjects(ctx, location)
	if err != nil {
		return err
	}
	for _, folder := range found {
		if used(folder) {
			continue
		}
		// What COPY overwrites is removed, and without rows nothing is written to folders of partitions.
		sql := fmt.Sprintf("copy (select 1 as a, 2 as b where false) to %s (format parquet, partition_by (a), overwrite true)",
			project.QuoteString(location+"/"+folder))
		if _, err := r.main.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// versionsBelow are the folders at a location in which this database has written objects, each once:
// those of its builds, and in these those of partitions.
func (r *run) versionsBelow(ctx context.Context, location string) ([]string, error) {
	t, err := r.main.Query(ctx, "select file from glob("+project.QuoteString(location+"/**")+") order by 1")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range firstColumn(t) {
		folder := path.Dir(strings.TrimPrefix(name, location+"/"))
		if strings.HasPrefix(folder, r.versions()) && !slices.Contains(out[max(0, len(out)-1):], folder) {
			out = append(out, folder)
		}
	}
	return out, nil
}

// usedObjects tells of a folder whether somebody may read an object in it: the views of the database name
// it, or the folder of its build with a pattern, or the manifest names an object.
func (r *run) usedObjects(ctx context.Context, location string) (func(folder string) bool, error) {
	t, err := r.main.Query(ctx, "select sql from duckdb_views() where contains(sql, "+project.QuoteString(r.versions())+")")
	if err != nil {
		return nil, err
	}
	named := map[string]bool{}
	for _, text := range firstColumn(t) {
		for tok := range sqltoken.Tokens(text) {
			if tok.Kind != sqltoken.String {
				continue
			}
			name, inside := strings.CutPrefix(strings.ReplaceAll(strings.Trim(tok.Text(text), "'"), "''", "'"), location+"/")
			if build, rest, _ := strings.Cut(name, "/"); inside && strings.HasPrefix(rest, "*") {
				named[build] = true
			} else if inside {
				named[path.Dir(name)] = true
			}
		}
	}
	m, err := readObjectManifest(ctx, r.main, location)
	if err != nil {
		return nil, err
	}
	if m != nil {
		for _, f := range m.Files {
			named[path.Dir(f.Path)] = true
		}
	}
	return func(folder string) bool {
		build, _, _ := strings.Cut(folder, "/")
		return named[folder] || named[build]
	}, nil
}

// firstColumn is the first column of a result whose values are texts.
func firstColumn(t *engine.Table) []string {
	out := make([]string, 0, len(t.Rows))
	for _, row := range t.Rows {
		text, _ := row[0].(string)
		out = append(out, text)
	}
	return out
}
