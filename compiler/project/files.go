package project

import (
	"cmp"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/sync/errgroup"

	"elt/compiler/diag"
)

// maxFolders bounds how deep folders may be nested.
const maxFolders = 64

// entry is a file found under a resource path.
type entry struct {
	root, rel string // resource path, and the rest
}

func (e entry) original() string { return path.Join(e.root, e.rel) }

// loadFiles finds and reads all files of the resource paths, property files included.
func (l *loader) loadFiles() {
	f := &finder{loader: l, ignored: l.ignored(), listed: map[string][]string{}}
	files := f.all()
	patches := f.propertyFiles()
	l.readFiles(files)
	for _, f := range files {
		if f.Name == "" {
			l.p.Unread = append(l.p.Unread, f)
		}
	}
	l.p.Files = slices.DeleteFunc(files, func(f File) bool { return f.Name == "" })
	l.readPropertyFiles(patches)
}

// finder lists the files of resource paths.
type finder struct {
	*loader
	ignored []pattern
	listed  map[string][]string // files under a resource path, by path
}

// pattern is one line of .dbtignore.
type pattern struct {
	glob string
	keep bool // the line began with "!"
}

// ignored reads the patterns of .dbtignore, which are those of .gitignore.
func (l *loader) ignored() []pattern {
	src, ok := l.read(".dbtignore")
	if !ok {
		return nil
	}
	var out []pattern
	for line := range strings.Lines(strings.TrimPrefix(src.Text, "\ufeff")) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		line, keep := strings.CutPrefix(line, "!")
		anchored := strings.Contains(strings.TrimSuffix(line, "/"), "/")
		line = strings.Trim(line, "/")
		if !anchored {
			line = "**/" + line
		}
		out = append(out, pattern{line, keep})
	}
	return out
}

// isIgnored reports whether the last pattern that fits a path ignores it.
func (f *finder) isIgnored(name string) bool {
	ignored := false
	for _, p := range f.ignored {
		if ok, _ := doublestar.Match(p.glob, name); ok {
			ignored = !p.keep
		}
	}
	return ignored
}

// files lists the files under a resource path, relative to it, sorted.
func (f *finder) files(root string) []string {
	if list, ok := f.listed[root]; ok {
		return list
	}
	var out []string
	f.walk(root, "", 0, &out)
	slices.Sort(out)
	f.listed[root] = out
	return out
}

func (f *finder) walk(root, rel string, depth int, out *[]string) {
	entries, err := fs.ReadDir(f.opts.FS, path.Join(root, rel))
	if err != nil {
		if rel != "" {
			f.add(unreadable(f.p.shown(path.Join(root, rel)), err))
		}
		return
	}
	above := ""
	if rel != "" {
		above = rel + "/"
	}
	for _, e := range entries {
		name := above + e.Name()
		if len(f.ignored) > 0 && f.isIgnored(path.Join(root, name)) {
			continue
		}
		dir := e.IsDir()
		if e.Type()&fs.ModeSymlink != 0 {
			full := path.Join(root, name)
			info, err := fs.Stat(f.opts.FS, full)
			dir = err == nil && info.IsDir() && !f.leadsUp(full, info)
		}
		switch {
		case !dir:
			*out = append(*out, name)
		case depth < maxFolders:
			f.walk(root, name, depth+1, out)
		}
	}
}

// leadsUp reports whether a symbolic link to a folder leads to one it is in.
func (f *finder) leadsUp(link string, target fs.FileInfo) bool {
	for dir := path.Dir(link); ; dir = path.Dir(dir) {
		info, err := fs.Stat(f.opts.FS, dir)
		if err == nil && os.SameFile(info, target) {
			return true
		}
		if dir == "." {
			return false
		}
	}
}

// all lists the files of every kind.
func (f *finder) all() []File {
	p := f.p
	var out []File
	out = f.collect(out, ModelFile, p.ModelPaths, ".sql", ".py")
	out = f.collect(out, SnapshotFile, p.SnapshotPaths, ".sql")
	out = f.collect(out, MacroFile, p.MacroPaths, ".sql")
	out = f.collect(out, AnalysisFile, p.AnalysisPaths, ".sql")
	out = f.collect(out, SeedFile, p.SeedPaths, ".csv")
	out = f.collect(out, DocsFile, p.DocsPaths, ".md")
	out = f.collect(out, TestFile, p.TestPaths, ".sql", ".csv")
	slices.SortStableFunc(out, func(a, b File) int { return cmp.Compare(a.OriginalPath, b.OriginalPath) })
	return out
}

func (f *finder) collect(out []File, kind FileKind, roots []string, extensions ...string) []File {
	seen := map[string]bool{}
	for _, root := range roots {
		for _, rel := range f.files(root) {
			ext := path.Ext(rel)
			if !slices.Contains(extensions, ext) {
				continue
			}
			original := entry{root, rel}.original()
			if seen[original] {
				continue
			}
			k := kind
			if kind == TestFile {
				k = testKind(rel, ext)
			}
			if k == "" {
				continue
			}
			seen[original] = true
			name := strings.TrimSuffix(path.Base(rel), ext)
			out = append(out, File{Kind: k, Path: rel, OriginalPath: original, Name: name})
		}
	}
	return out
}

// testKind sorts the files of a test path by their first folder, as dbt does.
func testKind(rel, ext string) FileKind {
	folder, _, _ := strings.Cut(rel, "/")
	switch {
	case folder == "fixtures":
		return FixtureFile
	case ext != ".sql":
		return ""
	case folder == "generic":
		return GenericTestFile
	}
	return TestFile
}

// propertyFiles lists the *.yml and *.yaml files of all resource paths.
func (f *finder) propertyFiles() []entry {
	var out []entry
	seen := map[string]bool{}
	for _, root := range f.p.resourceRoots() {
		for _, rel := range f.files(root) {
			e := entry{root, rel}
			if ext := path.Ext(rel); (ext == ".yml" || ext == ".yaml") && !seen[e.original()] {
				seen[e.original()] = true
				out = append(out, e)
			}
		}
	}
	slices.SortFunc(out, func(a, b entry) int { return cmp.Compare(a.original(), b.original()) })
	return out
}

// readFiles reads the content of all files but seeds, in parallel. White space at
// the end is cut off, as dbt does; what stands in front stays, so that lines count
// as the person counts them (see [File.Leading]).
func (l *loader) readFiles(files []File) {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	failed := make([]*diag.Diagnostic, len(files))
	const batch = 64
	for start := 0; start < len(files); start += batch {
		g.Go(func() error {
			for i := start; i < min(start+batch, len(files)) && l.ctx.Err() == nil; i++ {
				failed[i] = l.readFile(&files[i])
			}
			return nil
		})
	}
	_ = g.Wait() // the functions return no errors
	for _, d := range failed {
		if d != nil {
			l.add(d)
		}
	}
}

func (l *loader) readFile(f *File) *diag.Diagnostic {
	if f.Kind == SeedFile {
		return nil
	}
	data, err := fs.ReadFile(l.opts.FS, f.OriginalPath)
	if err != nil {
		f.Name = ""
		d := unreadable(l.p.shown(f.OriginalPath), err)
		f.Source = d.Place.Source
		return d
	}
	if encoding := foreignEncoding(data); encoding != "" && f.Kind != DocsFile && f.Kind != FixtureFile {
		f.Name = ""
		d := inEncoding(l.p.shown(f.OriginalPath), encoding)
		f.Source = d.Place.Source
		return d
	}
	text := strings.TrimRight(string(data), " \t\r\n\v\f")
	text = strings.TrimPrefix(text, "\ufeff")
	f.Source = diag.NewSource(l.p.shown(f.OriginalPath), text)
	f.Leading = len(text) - len(strings.TrimLeft(text, " \t\r\n\v\f"))
	return nil
}

// readPropertyFiles reads, parses and walks all property files in parallel, and
// joins what they say in the order of their paths.
func (l *loader) readPropertyFiles(files []entry) {
	results := make([]*propertyFile, len(files))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	scope := l.scope(l.p.VarsFor(l.p.Name), l.p.Target)
	for i, e := range files {
		g.Go(func() error {
			if l.ctx.Err() == nil {
				values := newRenderer(l.ctx, scope)
				values.strict = true
				results[i] = l.readPropertyFile(e, values)
			}
			return nil
		})
	}
	_ = g.Wait() // the functions return no errors
	for _, r := range results {
		if r != nil {
			l.list = append(l.list, r.list...)
			l.p.Patches.join(&r.patches)
			if r.text != nil {
				l.p.PropertyFiles = append(l.p.PropertyFiles, r.text)
			}
		}
	}
	l.list = append(l.list, l.p.Patches.index()...)
}
