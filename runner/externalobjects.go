package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// On object storage nothing can be renamed, and no two objects change at one moment. So each
// build of an external model that is a folder writes a folder of its own in it, elt-<database>-<run>-<number>,
// which is tested there and stays where it is. What makes it the one that counts is one
// object, the manifest, which is written when the publish is committed, among the steps that
// it promises; and the view of the model, which names the folder. What earlier builds have left is
// removed when the next one begins, so that who has read the manifest has that long to read what it names.

// versions begins the names of the folders of this database.
func (r *run) versions() string { return strings.TrimPrefix(r.hiddenFiles(), ".") }

// writtenObjects looks at what was written, and has the manifest written in the publish.
func (w *worker) writtenObjects(ctx context.Context, n *nodeRun) error {
	x := n.spec.External
	files, err := remoteFiles(ctx, w.session, x.Hidden+"/**")
	if err != nil {
		return w.fault(n, sent{query: -1}, err)
	}
	m := manifest{Version: 1, Model: n.node.UniqueID, Format: x.Format, Columns: modelColumns(x), Files: []manifestFile{}}
	for _, f := range files {
		if strings.HasSuffix(f.path, "."+x.Format) {
			m.Files = append(m.Files, manifestFile{Path: strings.TrimPrefix(f.path, x.Location+"/"), Bytes: f.size, Run: w.id})
		}
	}
	slices.SortFunc(m.Files, func(a, b manifestFile) int { return strings.Compare(a.Path, b.Path) })
	x.Empty = len(m.Files) == 0
	n.objects, err = m.put(x)
	return err
}

// put is the statement that writes the manifest to object storage: one object, which readers see as
// it was or as it is.
func (m manifest) put(x *materialize.ExternalSpec) (string, error) {
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
	used, err := r.usedVersions(ctx, location)
	if err != nil {
		return err
	}
	for _, folder := range found {
		if strings.Contains(used, "/"+folder+"/") {
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

// versionsBelow are the folders of this database at a location, each once.
func (r *run) versionsBelow(ctx context.Context, location string) ([]string, error) {
	t, err := r.main.Query(ctx, "select file from glob("+project.QuoteString(location+"/**")+") order by 1")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range firstColumn(t) {
		folder, _, below := strings.Cut(strings.TrimPrefix(name, location+"/"), "/")
		if below && strings.HasPrefix(folder, r.versions()) && !slices.Contains(out, folder) {
			out = append(out, folder)
		}
	}
	return out, nil
}

// usedVersions is a text in which each folder that somebody may read is named: the views of the
// database, and the manifest.
func (r *run) usedVersions(ctx context.Context, location string) (string, error) {
	t, err := r.main.Query(ctx, "select sql from duckdb_views() where contains(sql, "+project.QuoteString(r.versions())+")")
	if err != nil {
		return "", err
	}
	texts := firstColumn(t)
	name := project.QuoteString(location + "/" + manifestName)
	there, err := r.main.Query(ctx, "select file from glob("+name+")")
	if err == nil && len(there.Rows) > 0 {
		there, err = r.main.Query(ctx, "select content from read_text("+name+")")
		if err == nil {
			for _, text := range firstColumn(there) {
				texts = append(texts, strings.ReplaceAll(text, `"path":"`, `"path":"/`))
			}
		}
	}
	return strings.Join(texts, "\n"), err
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
