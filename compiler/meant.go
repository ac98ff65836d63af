package compiler

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"

	"github.com/bmatcuk/doublestar/v4"
)

// TableMeant says, as the hint of an error, what of the project a query probably meant by
// a table name that nothing has: schema and table are as the query has them, schema may be
// "". It looks among models, seeds, source tables and the raw files in the project's
// folder. It is "" where nothing is near. certain says that the name belongs to the project, as
// one of a declared source does, so that no other program will make such a table.
func (p *Plan) TableMeant(schema, table string) (hint string, certain bool) {
	if p.names == nil { // no files were parsed
		return "", false
	}
	if schema == "" {
		return p.plainMeant(table), false
	}
	tables := p.names.tablesOf(schema)
	if slices.ContainsFunc(tables, func(declared string) bool { return strings.EqualFold(declared, table) }) {
		return "", false // it is declared, and it is for others to make it
	}
	if len(tables) > 0 {
		return p.tableOfSourceMeant(schema, table, tables), true
	}
	lower := strings.ToLower(table)
	if same := p.names.plainly[lower]; len(same) > 0 {
		node := same[0]
		if node.Type == project.Source {
			return fmt.Sprintf("did you mean %s?", p.written(node)), false
		}
		return fmt.Sprintf("did you mean %s? %s %q is %s on this target", p.written(node), node.Type, node.Name, plainRelation(node.Relation)), true
	}
	if stem, ok := rawStem(schema + "." + table); ok {
		if file := p.rawFiles().named(stem, schema+"."+table); file != "" {
			return fmt.Sprintf("a file is read by its path in quotes: from '%s'", file), false
		}
	}
	if hint := p.fileMeant(table); hint != "" {
		return hint, false
	}
	if near := diag.Suggest(schema+"."+table, p.names.keys(true)); near != "" {
		return fmt.Sprintf("did you mean %s?", p.writtenAs(near)), false
	}
	return "", false
}

func plainRelation(rel project.Relation) string {
	return `"` + rel.Schema + "." + rel.Identifier + `"`
}

func (p *Plan) plainMeant(table string) string {
	lower := strings.ToLower(table)
	if same := p.names.plainly[lower]; len(same) > 0 && !p.sqlFirst() {
		return fmt.Sprintf("did you mean %s?", p.written(same[0]))
	}
	for _, name := range slices.Sorted(maps.Keys(p.names.disabled)) {
		if off := p.names.disabled[name]; strings.EqualFold(name, table) {
			return fmt.Sprintf("%s %q is disabled", off.Type, off.Name)
		}
	}
	if hint := p.fileMeant(table); hint != "" {
		return hint
	}
	if near := diag.Suggest(lower, p.names.keys(false)); near != "" {
		return fmt.Sprintf("did you mean %s?", p.writtenAs(near))
	}
	files := p.rawFiles()
	if near := diag.Suggest(lower, slices.Sorted(maps.Keys(files))); near != "" {
		return fmt.Sprintf("did you mean %q? %s", near, p.fileMeant(near))
	}
	return ""
}

// tableOfSourceMeant is for a table that a source does not declare.
func (p *Plan) tableOfSourceMeant(schema, table string, tables []string) string {
	if near := diag.Suggest(table, tables); near != "" {
		return fmt.Sprintf("did you mean %s?", p.writtenAs(strings.ToLower(schema+"."+near)))
	}
	if hint := p.fileMeant(table); hint != "" {
		return hint
	}
	const most = 5
	list := strings.Join(tables[:min(len(tables), most)], ", ")
	if len(tables) > most {
		list += ", ..."
	}
	return fmt.Sprintf("declare table %q under source %q in its property file; it has %s", table, schema, list)
}

// fileMeant is the hint about a raw file that has the name of a table.
func (p *Plan) fileMeant(table string) string {
	file := p.rawFiles().named(table, "")
	if file == "" {
		return ""
	}
	if of := p.sourceOf(file); of != nil {
		return fmt.Sprintf("the file %q belongs to source table %s", file, p.written(of))
	}
	what, them := "there is a file", "it"
	if strings.Contains(file, "*") {
		what, them = "there are files", "them"
	}
	return fmt.Sprintf("%s %q: declare %s with {name: %s, path: %s} under tables: of a source, or write from '%s'",
		what, file, them, yamlWord(table), yamlWord(file), strings.ReplaceAll(file, "'", "''"))
}

// yamlWord is a text as a YAML value within braces.
func yamlWord(text string) string {
	if strings.ContainsAny(text, " ,:#{}[]'\"&*!|>%@`?") {
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	return text
}

// sourceOf is the source table whose path covers a file, nil where there is none.
func (p *Plan) sourceOf(file string) *project.Node {
	for _, id := range slices.Sorted(maps.Keys(p.Nodes)) {
		node := p.Nodes[id]
		if node.Type != project.Source || node.Table.Implicit {
			continue
		}
		for _, glob := range node.Table.Paths {
			if ok, err := doublestar.Match(path.Clean(glob.Text), file); err == nil && ok {
				return node
			}
		}
	}
	return nil
}

// written is a node as a query of the project names it.
func (p *Plan) written(node *project.Node) string {
	source := node.Type == project.Source
	switch {
	case p.sqlFirst() && source:
		return `"` + node.Table.SourceName + "." + node.Name + `"`
	case p.sqlFirst():
		return `"` + node.Name + `"`
	case source:
		return fmt.Sprintf("{{ source('%s', '%s') }}", node.Table.SourceName, node.Name)
	}
	return fmt.Sprintf("{{ ref('%s') }}", node.Name)
}

// writtenAs is what a plain key stands for, as a query names it.
func (p *Plan) writtenAs(key string) string {
	nodes := p.names.plainly[key]
	if p.sqlFirst() && len(nodes) > 1 || len(nodes) == 0 {
		return `"` + key + `"`
	}
	if node := nodes[0]; node.Type == project.Source || !p.sqlFirst() {
		return p.written(node)
	}
	return `"` + key + `"`
}

// rawFiles are the raw files of a project's folder by the lower-case names of tables: a
// file is a table by its stem, and all files of a folder are one by the folder's name, if
// they are of one kind.
type rawFiles map[string][]string

// named returns the file of a name, "" where there is none; base is what the file itself is
// called, "" for anything.
func (f rawFiles) named(table, base string) string {
	for _, file := range f[strings.ToLower(table)] {
		if base == "" || strings.EqualFold(path.Base(file), base) {
			return file
		}
	}
	return ""
}

// The most files, and the deepest folder, that a hint is looked for in.
const (
	mostRawFiles  = 20_000
	deepestFolder = 6
)

// rawFiles looks for raw files once.
func (p *Plan) rawFiles() rawFiles {
	p.rawOnce.Do(func() { p.raw = findRawFiles(p.options.FS, p.Project.TargetPath) })
	return p.raw
}

func findRawFiles(fsys fs.FS, target string) rawFiles {
	found, seen := rawFiles{}, 0
	kinds := map[string][]string{} // by folder
	_ = fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fs.SkipDir // what cannot be read gives no hint
		}
		if seen++; seen > mostRawFiles {
			return fs.SkipAll
		}
		if entry.IsDir() {
			hidden := name != "." && strings.HasPrefix(entry.Name(), ".")
			if hidden || name == path.Clean(target) || name == "dbt_packages" || strings.Count(name, "/") >= deepestFolder {
				return fs.SkipDir
			}
			return nil
		}
		if stem, ok := rawStem(entry.Name()); ok {
			found.add(stem, name)
			folder := path.Dir(name)
			kinds[folder] = append(kinds[folder], extension(entry.Name()))
		}
		return nil
	})
	for _, folder := range slices.Sorted(maps.Keys(kinds)) {
		if list := slices.Compact(slices.Sorted(slices.Values(kinds[folder]))); len(list) == 1 && folder != "." {
			found.add(path.Base(folder), folder+"/*"+list[0])
		}
	}
	for _, files := range found {
		slices.SortStableFunc(files, func(a, b string) int { return cmp.Compare(strings.Count(a, "/"), strings.Count(b, "/")) })
	}
	return found
}

func (f rawFiles) add(table, file string) {
	key := strings.ToLower(table)
	f[key] = append(f[key], file)
}

// FileMeant says, as the hint of an error, which raw file of the project a query probably meant
// by the path of one that is not there; "" where none is near.
func (p *Plan) FileMeant(file string) string {
	file = path.Clean(file)
	var all []string
	for _, paths := range p.rawFiles() {
		all = append(all, paths...)
	}
	slices.Sort(all)
	if slices.Contains(all, file) {
		return "the path of a file in a query is relative to the folder in which elt is started; that of a source, to the project"
	}
	if near := diag.Suggest(file, all); near != "" {
		return fmt.Sprintf("did you mean '%s'?", near)
	}
	if stem, ok := rawStem(path.Base(file)); ok {
		if other := p.rawFiles().named(stem, path.Base(file)); other != "" {
			return fmt.Sprintf("did you mean '%s'?", other)
		}
	}
	return ""
}
