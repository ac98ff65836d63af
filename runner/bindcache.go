package runner

import (
	"os"
	"path/filepath"
	"strings"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/kept"
)

// bindCache keeps the columns of queries and of raw files from one command to the next,
// by the content of all that they depend on.
type bindCache struct {
	*kept.File
	salt string // what all entries depend on: the engine, its settings, macros and types
}

// columnsCache is the file of it below the target path.
const columnsCache = "columns.cache"

// IsKnown reports whether an earlier command has kept what it found out about the queries of a
// project. Then a later one mostly needs no database to check them in.
func IsKnown(p *project.Project) bool {
	_, err := os.Stat(bindCachePath(p))
	return err == nil
}

func bindCachePath(p *project.Project) string {
	dir := p.TargetPath
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(p.Root, dir)
	}
	return filepath.Join(dir, columnsCache)
}

// openBindCache reads the cache of a project. What is wrong with it is a warning; it is
// then empty.
func openBindCache(p *project.Project) (*bindCache, *diag.Diagnostic) {
	file, err := kept.Open(bindCachePath(p), "columns 1", kept.AnySelection)
	return &bindCache{File: file}, IgnoredCache(p, columnsCache, err)
}

// IgnoredCache is the warning about a file below the target path in which something was to be
// kept and that cannot be used; nil where err is.
func IgnoredCache(p *project.Project, name string, err error) *diag.Diagnostic {
	if err == nil {
		return nil
	}
	return diag.Warn(diag.Database, diag.Place{}, "the cache %q was ignored: %v", filepath.ToSlash(filepath.Join(p.TargetPath, name)), err).
		WithHint("it is written anew")
}

// key is the name of an entry: a hash of what it depends on.
func (c *bindCache) key(parts ...string) string { return kept.Key(append(parts, c.salt)...) }

// get returns the columns of an entry.
func (c *bindCache) get(key string) ([]compiler.Column, bool) {
	value, ok := c.Text(key)
	if !ok {
		return nil, false
	}
	tabs := strings.Count(value, "\t")
	if value == "" || tabs%2 == 0 {
		return nil, value == ""
	}
	columns := make([]compiler.Column, 0, tabs/2+1)
	for value != "" {
		var name, kind string
		name, value, _ = strings.Cut(value, "\t")
		kind, value, _ = strings.Cut(value, "\t")
		columns = append(columns, compiler.Column{Name: unescaped(name), Type: unescaped(kind)})
	}
	return columns, true
}

func unescaped(text string) string {
	if strings.IndexByte(text, '\\') < 0 {
		return text
	}
	return cacheUnescape.Replace(text)
}

var (
	cacheEscape   = strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n")
	cacheUnescape = strings.NewReplacer("\\\\", "\\", "\\t", "\t", "\\n", "\n")
)

// put notes an entry.
func (c *bindCache) put(key string, columns []compiler.Column) {
	fields := make([]string, 0, 2*len(columns))
	for _, col := range columns {
		fields = append(fields, cacheEscape.Replace(col.Name), cacheEscape.Replace(col.Type))
	}
	c.Keep(key, strings.Join(fields, "\t"))
}
