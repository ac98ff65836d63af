package duckdb

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"elt/compiler/regex"
)

// OpenKind is why a database could not be opened.
type OpenKind string

// The kinds of [OpenError].
const (
	Locked      OpenKind = "locked"         // another process holds it
	NotDatabase OpenKind = "not-a-database" // it is a file of another kind
	Folder      OpenKind = "folder"         // it is no file
	Newer       OpenKind = "newer-version"  // written by a newer DuckDB
	ReadOnly    OpenKind = "read-only"      // the file or its folder cannot be written
	Missing     OpenKind = "missing-folder" // the folder, or a file to be read, is not there
	Permission  OpenKind = "permission"     // it may not even be read
	Full        OpenKind = "full"           // its log cannot be written into it: there is no room
	Corrupt     OpenKind = "corrupt"        // it is a DuckDB file and damaged
	Recovery    OpenKind = "needs-recovery" // it was not closed: open it for writing once
	Unkeepable  OpenKind = "question-mark"  // its path holds a "?", so that its log would lie elsewhere
	Unknown     OpenKind = "other"
)

// OpenError says why a database could not be opened.
type OpenError struct {
	Kind    OpenKind
	Path    string
	PID     int    // of the process that holds the lock, or 0
	Command string // its command line, or its program, in one line of at most 120 characters; or ""
	Version string // of the DuckDB that wrote the file, such as "2.0.0", or ""
	Message string // what is wrong, in one line
	Err     error  // DuckDB's words
}

// Error says it in one line.
func (e *OpenError) Error() string {
	return fmt.Sprintf("database %q cannot be opened: %s", e.Path, e.Message)
}

// Unwrap returns DuckDB's error.
func (e *OpenError) Unwrap() error { return e.Err }

// refusePath refuses to write a database whose path holds "?": DuckDB takes what is behind it for
// options, and puts the log into a file, and a folder, that is named by what is before it.
func refusePath(path string, readOnly bool) error {
	if readOnly || path == memoryPath || !strings.Contains(path, "?") || strings.Contains(path, "://") {
		return nil
	}
	return &OpenError{Kind: Unkeepable, Path: path, Message: `DuckDB cannot keep a database whose path holds "?"`, Err: errors.New("its log would lie elsewhere")}
}

// SetupError is an error in what the options ask for beside the file itself.
type SetupError struct {
	What     string // "setting", "extension", "secret" or "database"
	Name     string // as messages call it
	Database string // the name that an attached database has in SQL, "" for anything else
	Err      error  // an [*engine.Error] where DuckDB raised it
}

// Error names what could not be set up.
func (e *SetupError) Error() string { return fmt.Sprintf("%s %q: %v", e.What, e.Name, e.Err) }

// Unwrap returns the database's error.
func (e *SetupError) Unwrap() error { return e.Err }

var (
	holder = regex.Lazy(`(?s)Conflicting lock is held in (.*?) ?\(PID (\d+)\)`)
	noRoom = regex.Lazy(`(?i)no space left|file too large|quota exceeded`)
	badSum = regex.Lazy(`Corrupt database file|Could not read enough bytes|attempted to read|[Cc]hecksum`)
)

// openError makes facts of DuckDB's message about a file it could not open.
func openError(options Options, message string) error {
	r := readReport(message)
	e := &OpenError{Kind: Unknown, Path: options.Path, Err: errors.New(message)}
	e.Message, _, _ = strings.Cut(r.Message, "\n")
	text := r.Message
	switch {
	case strings.Contains(text, "Could not set lock on file"):
		e.locked(text)
	case strings.Contains(text, "version number") && strings.Contains(text, "newer version of DuckDB"):
		e.Kind, e.Version = Newer, fileVersion(options.Path)
		e.Message = "it was written by a newer DuckDB"
		if e.Version != "" {
			e.Message = "it was written by DuckDB " + e.Version
		}
	case strings.Contains(text, "not a valid DuckDB database file"):
		e.Kind, e.Message = NotDatabase, "it is not a DuckDB database"
	case strings.Contains(text, "Is a directory"):
		e.Kind, e.Message = Folder, "it is a folder"
	case strings.Contains(text, "No such file or directory"), strings.Contains(text, "Not a directory"),
		strings.Contains(text, "database does not exist"):
		e.missing()
	case strings.Contains(text, "Permission denied"), strings.Contains(text, "Read-only file system"),
		strings.Contains(text, "Operation not permitted"):
		e.denied(options)
	case strings.Contains(text, "Failure while replaying WAL") && options.ReadOnly:
		e.Kind, e.Message = Recovery, "it was not closed properly and must be opened for writing once"
	case noRoom().MatchString(text):
		e.Kind = Full
	case badSum().MatchString(text), strings.Contains(text, "Failure while replaying WAL"):
		e.Kind, e.Message = Corrupt, "the file is damaged: "+e.Message
	}
	return e
}

// mendError says that what a killed checkpoint has left could not be put right.
func mendError(path string, err error) error {
	return &OpenError{Kind: Corrupt, Path: path, Err: err, Message: "a checkpoint was killed in it, and that could not be undone: " + err.Error()}
}

// locked names the process that holds the lock.
func (e *OpenError) locked(text string) {
	e.Kind, e.Message = Locked, "another process holds it"
	m := holder().FindStringSubmatch(text)
	if m == nil {
		return
	}
	e.PID, _ = strconv.Atoi(m[2])
	e.Command = m[1]
	if line := commandLine(e.PID); line != "" {
		e.Command = line
	}
	e.Command = oneLine(e.Command)
	e.Message = fmt.Sprintf("process %d holds it (%s)", e.PID, e.Command)
}

// commandReach is how many characters of a command line a message has.
const commandReach = 120

// oneLine puts a command on one line, without what a terminal would act on, and cuts it:
// scripts handed to a shell or to Python are part of it.
func oneLine(command string) string {
	printed := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, command)
	letters := []rune(strings.Join(strings.Fields(printed), " "))
	if len(letters) > commandReach {
		letters = append(letters[:commandReach-1], '…')
	}
	return string(letters)
}

// commandLine reads the command line of a process where the system tells it.
func commandLine(pid int) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(bytes.ReplaceAll(raw, []byte{0}, []byte{' '})))
}

// missing tells a missing folder from a missing file.
func (e *OpenError) missing() {
	e.Kind = Missing
	folder := filepath.Dir(e.Path)
	info, err := os.Stat(folder)
	switch {
	case err == nil && info.IsDir():
		e.Message = "the file does not exist"
	case err == nil:
		e.Message = fmt.Sprintf("%q is not a folder", folder)
	default:
		e.Message = fmt.Sprintf("the folder %q does not exist", folder)
	}
}

// denied tells what may not be written from what may not even be read. The file may be
// opened and closed here: DuckDB has not got it open, having failed to.
func (e *OpenError) denied(options Options) {
	file, err := os.Open(e.Path)
	if err == nil {
		file.Close()
	}
	switch {
	case err == nil && !options.ReadOnly:
		e.Kind, e.Message = ReadOnly, "the file cannot be written"
	case errors.Is(err, fs.ErrNotExist):
		e.Kind, e.Message = ReadOnly, fmt.Sprintf("the folder %q cannot be written", filepath.Dir(e.Path))
	default:
		e.Kind, e.Message = Permission, "permission is denied"
	}
}

// The header of a DuckDB file: a checksum, "DUCK", the format's number, flags, and from
// versionAt on the version of the library that wrote it.
const (
	versionAt   = 52
	versionSize = 32
)

// fileVersion reads from a file's header which DuckDB wrote it. It must only be called
// where this process does not have the database open: closing a second descriptor of a
// file drops every lock the process has on it.
func fileVersion(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	raw := make([]byte, versionSize)
	if _, err := file.ReadAt(raw, versionAt); err != nil && !errors.Is(err, io.EOF) {
		return ""
	}
	text, _, _ := bytes.Cut(raw, []byte{0})
	return strings.TrimPrefix(string(text), "v")
}
