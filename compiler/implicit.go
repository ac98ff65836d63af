package compiler

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// lakeFolders are where raw files are looked for in a project without a project
// file, beside the root itself.
var lakeFolders = []string{".", "lake", "data", "raw"}

// addImplicitSources makes source tables of the raw files of a project that works by
// convention, so that `from orders` reads lake/orders.csv (SQL first). A folder of
// files of one kind is one table by the folder's name. The source is named "lake".
func (p *parser) addImplicitSources() {
	if p.plan.Project.FileName != "" {
		return
	}
	for _, folder := range lakeFolders {
		entries, err := fs.ReadDir(p.plan.options.FS, folder)
		if err != nil {
			continue // a folder that is not there holds no files
		}
		for _, entry := range entries {
			full := path.Join(folder, entry.Name())
			if entry.IsDir() {
				if folder != "." {
					p.addImplicitFolder(full)
				}
				continue
			}
			if stem, ok := rawStem(entry.Name()); ok {
				p.addImplicit(stem, full)
			}
		}
	}
}

// addImplicitFolder makes one table of a folder whose files all have one extension.
func (p *parser) addImplicitFolder(folder string) {
	entries, err := fs.ReadDir(p.plan.options.FS, folder)
	if err != nil {
		return
	}
	var extensions []string
	for _, entry := range entries {
		if _, ok := rawStem(entry.Name()); ok && !entry.IsDir() {
			extensions = append(extensions, extension(entry.Name()))
		}
	}
	slices.Sort(extensions)
	if extensions = slices.Compact(extensions); len(extensions) == 1 {
		p.addImplicit(path.Base(folder), folder+"/*"+extensions[0])
	}
}

func (p *parser) addImplicit(name, glob string) {
	proj := p.plan.Project
	id := "source." + proj.Name + ".lake." + name
	place := diag.Place{Source: diag.NewSource(glob, "")}
	if at := slices.IndexFunc(p.found, func(n *project.Node) bool { return n.UniqueID == id }); at >= 0 {
		first := p.found[at].Table
		first.Rivals = append(first.Rivals, project.Located{Text: glob, Place: place})
		return
	}
	p.add(&project.Node{
		UniqueID: id, Type: project.Source, Name: name, Package: proj.Name,
		OriginalPath: glob, Path: glob, FQN: []string{proj.Name, "lake", name},
		Place: place, Config: project.NewConfig(), Meta: template.NewDict(),
		Relation: project.Relation{Database: proj.Target.Database, Schema: "lake", Identifier: name},
		Table: &project.SourceTable{
			SourceName: "lake", Identifier: name, Implicit: true, Format: project.FormatOf(glob),
			Paths: []project.Located{{Text: glob, Place: place}},
		},
	})
}

// rivalFiles is the error about a name that several raw files have by convention; nil for
// any other node. Taking one of them would hide the others without a word. A name that
// nothing reads does no harm.
func rivalFiles(node *project.Node, name string, at diag.Place) *diag.Diagnostic {
	if !isImplicit(node) || len(node.Table.Rivals) == 0 {
		return nil
	}
	files := slices.Concat(node.Table.Paths, node.Table.Rivals)
	d := diag.New(diag.AmbiguousName, at, "the table name %q could mean %d things", name, len(files))
	for _, file := range files {
		d.WithNote(diag.Place{}, "the raw file %q", file.Text)
	}
	return d.WithHint("rename all but one of them, or declare a source with the path: that is meant")
}

// rawStem returns the name of a raw file without its extension.
func rawStem(name string) (string, bool) {
	ext := extension(name)
	switch strings.TrimSuffix(ext, ".gz") {
	case ".csv", ".tsv", ".parquet", ".json", ".ndjson", ".jsonl":
		return strings.TrimSuffix(name, ext), true
	}
	return "", false
}

// extension is the extension of a file, with a .gz behind it.
func extension(name string) string {
	base := strings.TrimSuffix(name, ".gz")
	return path.Ext(base) + name[len(base):]
}

// isImplicit reports whether a source table was made from a file by convention.
func isImplicit(node *project.Node) bool { return node.Type == project.Source && node.Table.Implicit }
