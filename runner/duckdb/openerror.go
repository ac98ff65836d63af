package duckdb

import "fmt"

// OpenKind is why a database could not be opened.
type OpenKind string

// The kinds of [OpenError].
const (
	Locked      OpenKind = "locked"         // another process holds it
	NotDatabase OpenKind = "not-a-database" // the file is something else
	Newer       OpenKind = "newer-version"  // written by a newer DuckDB
	ReadOnly    OpenKind = "read-only"      // the file or its folder cannot be written
	Missing     OpenKind = "missing-folder" // the folder, or a file to be read, is not there
	Permission  OpenKind = "permission"     // it may not even be read
	Corrupt     OpenKind = "corrupt"        // it is a DuckDB file and damaged
	Unknown     OpenKind = "other"
)

// OpenError says why a database could not be opened.
type OpenError struct {
	Kind    OpenKind
	Path    string
	PID     int    // of the process that holds the lock, or 0
	Command string // its command line, or its name, or ""
	Version string // of the DuckDB that wrote the file, where the file says so
	Message string // DuckDB's own words
}

// Error says it in one line.
func (e *OpenError) Error() string {
	return fmt.Sprintf("database %q cannot be opened: %s", e.Path, e.Message)
}

// SetupError is an error in what the options ask for beside the file itself.
type SetupError struct {
	What string // "setting", "extension", "secret" or "attach"
	Name string
	Err  error
}

// Error names what could not be set up.
func (e *SetupError) Error() string { return fmt.Sprintf("%s %q: %v", e.What, e.Name, e.Err) }

// Unwrap returns the database's error.
func (e *SetupError) Unwrap() error { return e.Err }

func openError(options Options, message string) error {
	return &OpenError{Kind: Unknown, Path: options.Path, Message: message}
}
