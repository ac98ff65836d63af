// Package duckdb is the boundary to DuckDB. It opens a database, runs single
// statements on sessions, reads results, the catalog and table names of queries, and
// turns what DuckDB says into errors that hold facts ([engine.Error], [OpenError]).
//
// It is the only package that imports the driver, and it uses the driver's binding of
// DuckDB's C API directly: database/sql would cost a session pinned to a connection,
// the order of struct fields, the text of JSON values and file names with a "?".
//
// It knows nothing of nodes, candidates or templates, and it never changes the SQL it
// is given. Start reading at [Open] and at Session in session.go.
package duckdb

import (
	"time"

	"elt/runner/engine"
)

// Options say which database to open and what to set up in it.
type Options struct {
	Path     string        // absolute path of the file, or ":memory:" (also "")
	ReadOnly bool          // open for reading; the file must exist
	Wait     time.Duration // how long to keep trying while another process holds the lock
	Threads  int           // DuckDB's threads; 0 for its default

	// ConfigOptions are set while the database is opened ("access_mode" and the like).
	ConfigOptions []Setting
	// Settings are set on the open database, in this order, before anything else: globally,
	// or, where DuckDB has them by connection only, on every session.
	Settings []Setting
	// Extensions are installed where needed and loaded.
	Extensions []Extension
	// ExtensionDirectory is where DuckDB keeps installed extensions; "" for its default.
	ExtensionDirectory string
	Secrets            []Secret
	Attach             []Attachment

	// Lenient leaves out what of extensions, secrets and attached databases cannot be set
	// up: [DB.Absent] tells. Attached files of DuckDB are opened for reading; one that is not
	// there and would be made is taken for an empty one.
	Lenient bool
	// Looking makes no file: an attached one that is not there is taken for an empty one.
	Looking bool

	// Beside is called when the file is open and not yet set up, in a goroutine that nobody waits for, with
	// a session of its own, which ends with the database at the latest. What it asks must not depend on the set-up.
	Beside []func(engine.Session)

	// Shadow attaches an empty in-memory database named [ShadowDatabase].
	Shadow    bool
	UserAgent string // told to servers that DuckDB talks to
}

// ShadowDatabase is the name of the in-memory database that Options.Shadow attaches.
const ShadowDatabase = "_elt_shadow"

// Setting is a DuckDB setting.
type Setting struct {
	Name, Value string
}

// Extension is an extension to load. At most one of Repo and Path is set.
type Extension struct {
	Name string // "httpfs"
	// Repo is a repository: an alias ("core", "community"), a URL or a folder laid out
	// as one. "" is DuckDB's own.
	Repo string
	// Path is a file (x.duckdb_extension, also .gz) or a folder that holds one, for
	// machines without network.
	Path string
}

// Secret is a secret for remote files. Its values never appear in an error.
type Secret struct {
	Name     string
	Type     string // "s3", "http", ...
	Provider string // "" for config
	Scope    []string
	Values   []Setting // parameters; a value is sent as text unless it is in Raw
	// Raw parameters are SQL expressions as they stand: MAP {...}, ['a', 'b'].
	Raw        []Setting
	Persistent bool
}

// Attachment is another database to attach.
type Attachment struct {
	Path     string
	Alias    string // "" for the name DuckDB derives from the path
	Type     string // "" for DuckDB, else "sqlite", "postgres", ...
	ReadOnly bool
	// Options are further options of ATTACH, as SQL text: {"schema", "'main'"}.
	Options []Setting
}
