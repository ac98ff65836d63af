package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	driver "github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"elt/runner/engine"
)

// DB is an open database. It implements [engine.Engine].
type DB struct {
	options  Options
	native   mapping.Database
	database string // name of the main catalog
	version  string

	mu       sync.Mutex
	sessions map[*Session]struct{}
	closed   bool
	once     sync.Once // of closing

	// local holds the statements that set up every session.
	local []string

	absent []*SetupError // see Options.Lenient

	// checkpoints is held during a checkpoint and guards busy, the sizes of the logs of
	// files that others wrote to when one was due, and torn, why one of a file
	// failed; known are the files, as they were looked up last. threshold is the size in bytes from which one is due.
	checkpoints      sync.Mutex
	threshold        int64
	busy             map[string]int64
	torn             map[string]error
	known            map[string]string
	kept             *keptBlocks       // the journal of the next checkpoint, if it is written ahead
	beforeCheckpoint func(path string) // for tests

	fileViews fileViews

	// reserved returns DuckDB's keywords that are quoted in the name of a type.
	reserved func() map[string]bool
}

var _ engine.Engine = (*DB)(nil)

// memoryPath is DuckDB's name of a database without a file.
const memoryPath = ":memory:"

// filePrefix makes DuckDB take a path for a file of its own, whatever it looks like and
// holds: without it, it would fetch an extension to open an SQLite file.
const filePrefix = "duckdb:"

// lockPoll is how often a locked database is tried again.
const lockPoll = 50 * time.Millisecond

// Open opens a database and sets it up: settings, extensions, secrets, attached
// databases. What keeps the file from being opened is an [*OpenError]; what a setting
// or a statement of the set-up does wrong is an [*engine.Error] or a [*SetupError].
func Open(ctx context.Context, options Options) (*DB, error) {
	if options.Path == "" {
		options.Path = memoryPath
	}
	if err := refusePath(options.Path, options.ReadOnly); err != nil {
		return nil, err
	}
	if err := mend(options.Path); err != nil {
		return nil, mendError(options.Path, err)
	}
	native, err := openWaiting(ctx, options)
	if err != nil {
		return nil, err
	}
	db := &DB{options: options, native: native, sessions: map[*Session]struct{}{}, busy: map[string]int64{}, torn: map[string]error{}}
	db.reserved = sync.OnceValue(db.readReserved)
	for _, ask := range options.Beside {
		session, err := db.open(ctx)
		if err != nil {
			return nil, errors.Join(err, db.Close())
		}
		go func() {
			defer session.Close()
			ask(session)
		}()
	}
	if err := db.setUp(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// openAlone opens the file; if it has to be made, while nobody else makes it.
func openAlone(ctx context.Context, options Options) (mapping.Database, string) {
	if !options.ReadOnly {
		defer aloneToCreate(ctx, options.Path)()
	}
	return openNative(options)
}

// openWaiting opens the file, trying again while another process holds it.
func openWaiting(ctx context.Context, options Options) (mapping.Database, error) {
	deadline := time.Now().Add(options.Wait)
	for {
		if err := ctx.Err(); err != nil {
			return mapping.Database{}, err
		}
		native, message := openAlone(ctx, options)
		if message == "" {
			return native, nil
		}
		failure := openError(options, message)
		var locked *OpenError
		if !errors.As(failure, &locked) || locked.Kind != Locked || !time.Now().Before(deadline) {
			return mapping.Database{}, failure
		}
		select {
		case <-ctx.Done():
			return mapping.Database{}, errors.Join(ctx.Err(), failure)
		case <-time.After(min(lockPoll, time.Until(deadline))):
		}
	}
}

// openNative opens the database and returns DuckDB's message where it cannot.
func openNative(options Options) (mapping.Database, string) {
	var config mapping.Config
	if mapping.CreateConfig(&config) == mapping.StateError {
		return mapping.Database{}, "out of memory"
	}
	defer mapping.DestroyConfig(&config)
	for _, setting := range configOptions(options) {
		if mapping.SetConfig(config, setting.Name, setting.Value) == mapping.StateError {
			return mapping.Database{}, fmt.Sprintf("Invalid Configuration Error: %q is not a value of option %q", setting.Value, setting.Name)
		}
	}
	var native mapping.Database
	var message string
	state := mapping.StateError
	if options.Path == memoryPath {
		state = mapping.OpenExt("", &native, config, &message)
	} else {
		// The driver's cache of instances keeps one process from opening a file twice,
		// which DuckDB's lock, being a process's, does not.
		state = mapping.GetOrCreateFromCache(driver.GetInstanceCache(), filePrefix+options.Path, &native, config, &message)
	}
	if state == mapping.StateError {
		mapping.Close(&native)
		if message == "" {
			message = "unknown error"
		}
		return mapping.Database{}, message
	}
	return native, ""
}

// configOptions lists what must be known while the file is opened.
func configOptions(options Options) []Setting {
	settings := []Setting{{"duckdb_api", "elt"}}
	if options.UserAgent != "" {
		settings = append(settings, Setting{"custom_user_agent", options.UserAgent})
	}
	if options.ReadOnly && options.Path != memoryPath {
		settings = append(settings, Setting{"access_mode", "READ_ONLY"})
	}
	if options.Threads > 0 {
		settings = append(settings, Setting{"threads", fmt.Sprint(options.Threads)})
	}
	if options.Path != memoryPath && !strings.Contains(options.Path, "://") {
		// DuckDB's default is made of the path with the prefix, in a folder that is not there.
		settings = append(settings, Setting{"temp_directory", options.Path + ".tmp"})
	}
	if options.ExtensionDirectory != "" {
		settings = append(settings, Setting{"extension_directory", options.ExtensionDirectory})
	}
	return append(settings, options.ConfigOptions...)
}

// Database is the name of the catalog of the opened file.
func (db *DB) Database() string { return db.database }

// Version is DuckDB's version, such as "1.5.5".
func (db *DB) Version() string { return db.version }

// Interrupt cancels every statement that is running now. The sessions stay usable.
func (db *DB) Interrupt() {
	db.mu.Lock()
	defer db.mu.Unlock()
	for session := range db.sessions {
		session.interrupt(false)
	}
}

// Close cancels what is running, closes all sessions, writes the logs into their files
// and closes the database. The error says that a log could not be written; the database is
// closed all the same, and who opens it next reads what is in the log. A second call does
// nothing.
func (db *DB) Close() (err error) {
	db.once.Do(func() {
		err = db.settle()
		mapping.Close(&db.native)
	})
	return err
}

// Leave is [DB.Close] for a process that ends now: the memory of the database, and its lock, end
// with the process, which is spared the milliseconds that it takes to take it apart. Where
// DuckDB has used its folder for temporary files, it is closed: it removes them.
func (db *DB) Leave(ctx context.Context) (err error) {
	db.once.Do(func() {
		spilled := db.hasSpilled(ctx)
		if err = db.settle(); spilled {
			mapping.Close(&db.native)
		}
	})
	return err
}

// hasSpilled reports whether there may be a folder with temporary files.
func (db *DB) hasSpilled(ctx context.Context) bool {
	session, err := db.open(ctx)
	if err != nil {
		return true
	}
	defer session.Close()
	t, err := session.Query(ctx, "SELECT current_setting('temp_directory')")
	if err != nil {
		return true
	}
	_, err = os.Stat(t.Text(0, 0))
	return !errors.Is(err, os.ErrNotExist)
}

// settle closes the sessions and writes the logs into their files.
func (db *DB) settle() (err error) {
	db.waitKept()
	db.closeSessions()
	if !db.options.ReadOnly && db.threshold > 0 {
		err = db.checkpointLonger(context.Background(), 0)
	}
	err = errors.Join(err, db.forgetKept())
	db.mu.Lock()
	db.closed = true
	db.mu.Unlock()
	db.closeSessions() // opened meanwhile
	return err
}

// closeSessions cancels what is running and closes all sessions.
func (db *DB) closeSessions() {
	db.mu.Lock()
	open := make([]*Session, 0, len(db.sessions))
	for session := range db.sessions {
		open = append(open, session)
	}
	db.mu.Unlock()
	for _, session := range open {
		session.interrupt(true)
		session.Close()
	}
}

// Session returns a new session with a connection of its own.
func (db *DB) Session(ctx context.Context) (engine.Session, error) {
	session, err := db.open(ctx)
	if err != nil {
		return nil, err
	}
	for _, sql := range db.local {
		if _, err := session.Exec(ctx, sql); err != nil {
			return nil, errors.Join(err, session.Close())
		}
	}
	return session, nil
}

// open returns a new session as DuckDB makes it.
func (db *DB) open(ctx context.Context) (*Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return nil, ErrClosed
	}
	session := &Session{db: db}
	if mapping.Connect(db.native, &session.conn) == mapping.StateError {
		return nil, errors.New("duckdb: no connection to the database")
	}
	db.sessions[session] = struct{}{}
	return session, nil
}

// ErrClosed is returned by a database or session that was closed.
var ErrClosed = errors.New("duckdb: the database is closed")

// IsBlank reports whether nothing was ever written into a database that is open.
func IsBlank(path string) bool { return hasNoBlocks(path) && logSize(path) == 0 }

// hasNoBlocks reports whether a database file consists of its headers.
func hasNoBlocks(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() <= headersSize
}
