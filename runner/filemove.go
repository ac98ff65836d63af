package runner

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"elt/runner/engine"
)

// fileMove is a step of a publish that is no SQL: the files of an external model take the
// name that readers know. It stands among the statements that a publish promises, so
// that it is carried out by the next run where this one dies.
type fileMove struct {
	From string `json:"from"` // the hidden name; gone once the move is done
	To   string `json:"to"`
	// Keep says that To is a folder to which From adds: what somebody else has put into it until
	// the last moment stays, for the next build to refuse.
	Keep bool `json:"keep,omitempty"`
}

// moveMark begins a move among statements. DuckDB would take it for a comment.
const moveMark = "-- elt: move "

// statement is the move as it stands among SQL.
func (m fileMove) statement() string {
	text, _ := json.Marshal(m) // two strings always marshal
	return moveMark + string(text)
}

// execStep runs a statement of a publish, or moves files.
func execStep(ctx context.Context, s engine.Session, statement string) error {
	text, ok := strings.CutPrefix(statement, moveMark)
	if !ok {
		_, err := s.Exec(ctx, statement)
		return err
	}
	var m fileMove
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return err
	}
	return m.do()
}

// old is where what was there waits to be removed.
func (m fileMove) old() string { return m.From + ".old" }

// mark is a file in a folder that has changed places, while the other is still there.
func (m fileMove) mark(folder string) string { return filepath.Join(folder, ".elt-new") }

// do moves the files. A file takes the place of a file at once; two folders change places
// where the system can, and else there is a moment at which neither is there. It may be
// done again after it was interrupted at any moment, and when it was done already.
func (m fileMove) do() error {
	if _, err := os.Lstat(m.mark(m.To)); err == nil {
		return m.tidy()
	}
	info, err := os.Lstat(m.From)
	if errors.Is(err, fs.ErrNotExist) {
		return m.drop(m.old()) // it was done, but perhaps not tidied up
	}
	if err != nil {
		return err
	}
	was, err := os.Lstat(m.To)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && !was.IsDir() && !info.IsDir():
		err = os.Rename(m.From, m.To)
	case err != nil:
		return err
	case was.IsDir() && info.IsDir() && m.exchange():
		return m.tidy()
	default:
		if err = os.Rename(m.To, m.old()); err == nil {
			err = os.Rename(m.From, m.To)
		}
	}
	if err != nil {
		return err
	}
	syncFolder(filepath.Dir(m.To))
	return m.drop(m.old())
}

// exchange lets the folders change places, and reports whether it could. The mark says
// which of them is the new one.
func (m fileMove) exchange() bool {
	if os.WriteFile(m.mark(m.From), nil, 0o644) != nil {
		return false
	}
	if exchange(m.From, m.To) != nil {
		return os.Remove(m.mark(m.From)) != nil
	}
	syncFolder(filepath.Dir(m.To))
	return true
}

// tidy removes what has changed places with the new folder.
func (m fileMove) tidy() error {
	if err := m.drop(m.From); err != nil {
		return err
	}
	return os.Remove(m.mark(m.To))
}

// drop removes the folder, or the file, that was there before. Where the new one adds to it, files
// that its list does not name and the new one has not are moved there.
func (m fileMove) drop(before string) error {
	list, err := readManifest(before)
	if !m.Keep || err != nil { // no list, nothing foreign
		return os.RemoveAll(before)
	}
	known := map[string]bool{}
	for _, f := range list.Files {
		known[f.Path] = true
	}
	found, err := filesBelow(filepath.ToSlash(before))
	if err != nil {
		return err
	}
	for _, f := range found {
		to := filepath.Join(m.To, filepath.FromSlash(f.Path))
		if _, err := os.Lstat(to); known[f.Path] || err == nil {
			continue
		}
		err := os.MkdirAll(filepath.Dir(to), 0o755)
		if err == nil {
			err = os.Rename(filepath.Join(before, filepath.FromSlash(f.Path)), to)
		}
		if err != nil {
			return err
		}
	}
	return os.RemoveAll(before)
}

// syncFolder asks the system to keep the new names through a loss of power, where it can
// be asked.
func syncFolder(folder string) {
	if dir, err := os.Open(folder); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
}
