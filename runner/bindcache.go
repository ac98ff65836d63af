package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
)

// bindCache keeps the columns of queries and of raw files from one command to the next,
// by the content of all that they depend on. It is a file below the target path. Without
// it the same comes out, only later.
type bindCache struct {
	path string
	salt string // what all entries depend on: the engine, its settings, macros and types

	mu    sync.Mutex
	old   map[string]string // entries as they were read
	used  map[string]string // entries of this command: what is kept
	fresh bool              // used holds something that old does not
}

// cacheHead begins the file, so that another version's is not misread.
const cacheHead = "elt columns 1"

// mostUnused is how many entries that this command has not asked for are kept beside
// those it has: another selection may ask for them.
const mostUnused = 50_000

// openBindCache reads the cache of a project. What is wrong with it is a warning; it is
// then empty.
func openBindCache(p *project.Project) (*bindCache, *diag.Diagnostic) {
	dir := p.TargetPath
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(p.Root, dir)
	}
	c := &bindCache{path: filepath.Join(dir, "columns.cache"), old: map[string]string{}, used: map[string]string{}}
	text, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err == nil {
		err = c.read(string(text))
	}
	if err == nil {
		return c, nil
	}
	c.old = map[string]string{}
	return c, diag.Warn(diag.Database, diag.Place{}, "the cache %q was ignored: %v", filepath.ToSlash(filepath.Join(p.TargetPath, "columns.cache")), err).
		WithHint("it is written anew")
}

// errCorrupt says that the file is not what was written.
var errCorrupt = errors.New("it is damaged")

func (c *bindCache) read(text string) error {
	head, body, ok := strings.Cut(text, "\n")
	name, sum, cut := strings.Cut(head, " sha256 ")
	if ok && cut && name != cacheHead {
		return fmt.Errorf("it was written by another version of elt")
	}
	if !ok || !cut || sum != checksum(body) {
		return errCorrupt
	}
	for line := range strings.Lines(body) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok {
			return errCorrupt
		}
		c.old[key] = value
	}
	return nil
}

func checksum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// key is the name of an entry: a hash of what it depends on.
func (c *bindCache) key(parts ...string) string {
	h := sha256.New()
	for _, part := range append(parts, c.salt) {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// text returns an entry.
func (c *bindCache) text(key string) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	value, ok := c.used[key]
	if !ok {
		if value, ok = c.old[key]; ok {
			c.used[key] = value
		}
	}
	return value, ok
}

// keep notes an entry, a text of one line.
func (c *bindCache) keep(key, value string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.used[key] = value
	c.fresh = true
}

// get returns the columns of an entry.
func (c *bindCache) get(key string) ([]compiler.Column, bool) {
	value, ok := c.text(key)
	if !ok {
		return nil, false
	}
	fields := strings.Split(value, "\t")
	if value == "" || len(fields)%2 != 0 {
		return nil, value == ""
	}
	columns := make([]compiler.Column, len(fields)/2)
	for i := range columns {
		columns[i] = compiler.Column{Name: cacheUnescape.Replace(fields[2*i]), Type: cacheUnescape.Replace(fields[2*i+1])}
	}
	return columns, true
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
	c.keep(key, strings.Join(fields, "\t"))
}

// save writes the cache, if there is anything new in it. It replaces the file at once,
// so that another command reads the old one or the new one.
func (c *bindCache) save() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.fresh {
		return nil
	}
	kept := 0
	for key, value := range c.old {
		if _, ok := c.used[key]; !ok && kept < mostUnused {
			c.used[key] = value
			kept++
		}
	}
	lines := make([]string, 0, len(c.used))
	for key, value := range c.used {
		lines = append(lines, key+"\t"+value+"\n")
	}
	slices.Sort(lines)
	body := strings.Join(lines, "")
	if err := os.MkdirAll(filepath.Dir(c.path), 0o777); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(c.path), "columns.cache.*")
	if err != nil {
		return err
	}
	_, err = file.WriteString(cacheHead + " sha256 " + checksum(body) + "\n" + body)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), c.path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}
