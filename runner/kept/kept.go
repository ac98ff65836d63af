// Package kept keeps what one command has found out for the next: texts, by the hash of all
// that they depend on, in one file. Without the file the same comes out, only later.
//
// It promises that nothing comes out of a file but what was put in: a file that is damaged,
// cut off or of another version is as good as none. Several processes may use one file: it is
// replaced as a whole, so that each reads what one of them has written. It is bounded: of what
// a command has not asked for only so much stays. It decides nothing about what a text
// depends on, and prints nothing. Start reading at [Open].
package kept

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// AnySelection is how many entries to keep unused of what depends on which nodes are selected.
const AnySelection = 50_000

// File is what is kept in one file. It is safe for concurrent use.
type File struct {
	path   string
	head   string // what the file begins with, so that another version's is not misread
	unused int    // see Open

	mu    sync.Mutex
	old   map[string]string // entries as they were read
	used  map[string]string // entries of this command: what is kept
	fresh bool              // the file is not what Save would write
}

// Errors of [Open], which go with a File that is empty.
var (
	ErrDamaged = errors.New("it is damaged")
	ErrVersion = errors.New("it was written by another version of elt")
)

// Open reads a file. kind is what is in it and in which version, such as "columns 1". Of the entries
// that this command does not ask for so many stay, at most, as unused says: another selection may
// ask for them. What is wrong with a file that is there comes as an error, beside a File that is empty.
func Open(path, kind string, unused int) (*File, error) {
	f := &File{path: path, head: "elt " + kind, unused: unused, old: map[string]string{}, used: map[string]string{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err == nil {
		err = f.read(string(text))
	}
	if err != nil {
		f.old, f.fresh = map[string]string{}, true
	}
	return f, err
}

func (f *File) read(text string) error {
	head, body, ok := strings.Cut(text, "\n")
	name, sum, cut := strings.Cut(head, " sha256 ")
	if ok && cut && name != f.head {
		return ErrVersion
	}
	if !ok || !cut || sum != checksum(body) {
		return ErrDamaged
	}
	f.old = make(map[string]string, strings.Count(body, "\n"))
	f.used = make(map[string]string, len(f.old))
	for line := range strings.Lines(body) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok {
			return ErrDamaged
		}
		f.old[key] = value
	}
	return nil
}

func checksum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Key is the name of an entry: a hash of all that it depends on.
func Key(parts ...string) string {
	var room [2 << 10]byte // on the stack: most are shorter, and there are tens of thousands
	text := room[:0]
	for _, part := range parts {
		text = append(append(strconv.AppendInt(text, int64(len(part)), 10), ':'), part...)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// Text returns an entry.
func (f *File) Text(key string) (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	value, ok := f.used[key]
	if !ok {
		if value, ok = f.old[key]; ok {
			f.used[key] = value
		}
	}
	return value, ok
}

// Keep notes an entry, a text of one line.
func (f *File) Keep(key, value string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.used[key] = value
	f.fresh = true
}

// Save writes the file, if there is anything new in it. It replaces the file at once, so that
// another process reads the old one or the new one. The folder is made if need be.
func (f *File) Save() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.fresh {
		return nil
	}
	unused := 0
	for key, value := range f.old {
		if _, ok := f.used[key]; !ok && unused < f.unused {
			f.used[key] = value
			unused++
		}
	}
	lines := make([]string, 0, len(f.used))
	for key, value := range f.used {
		lines = append(lines, key+"\t"+value+"\n")
	}
	slices.Sort(lines)
	body := strings.Join(lines, "")
	err := f.replace(f.head + " sha256 " + checksum(body) + "\n" + body)
	f.fresh = f.fresh && err != nil
	return err
}

func (f *File) replace(text string) error {
	dir := filepath.Dir(f.path)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	file, err := os.CreateTemp(dir, filepath.Base(f.path)+".*")
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), f.path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return err
	}
	f.tidy()
	return nil
}

// leftAfter is how old a file under another name must be that a process was to rename and did
// not: one that was killed meanwhile.
const leftAfter = time.Hour

// tidy removes what killed processes have left. What cannot be removed does no harm.
func (f *File) tidy() {
	entries, err := os.ReadDir(filepath.Dir(f.path))
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), filepath.Base(f.path)+".") {
			continue
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > leftAfter {
			_ = os.Remove(filepath.Join(filepath.Dir(f.path), entry.Name()))
		}
	}
}
