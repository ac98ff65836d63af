package duckdb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"elt/compiler/project"
)

// DuckDB never checkpoints by itself here. A checkpoint writes metadata blocks in place
// which the file's last state also lives in, so a process that is killed in the middle
// of such a write leaves a file that cannot be opened any more. elt decides when there
// is one and keeps a copy of these blocks beside the file meanwhile; see journal.go.
const (
	neverByItself  = "SET GLOBAL checkpoint_threshold = '1000000 TiB'"
	notWhenClosing = "PRAGMA disable_checkpoint_on_shutdown"
)

// ownCheckpoints turns DuckDB's automatic checkpoints off and remembers the size of a
// log from which the project, or DuckDB's default, wants one.
func (db *DB) ownCheckpoints(ctx context.Context, s *Session) error {
	table, err := s.Query(ctx, "SELECT current_setting('checkpoint_threshold')")
	if err != nil {
		return err
	}
	text, _ := table.Rows[0][0].(string)
	if db.threshold, err = byteSize(text); err != nil {
		return err
	}
	for _, sql := range []string{neverByItself, notWhenClosing} {
		if _, err := s.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// byteSize reads a number of bytes as DuckDB writes it: "16.0 MiB", "512 bytes".
func byteSize(text string) (int64, error) {
	number, unit, _ := strings.Cut(text, " ")
	value, err := strconv.ParseFloat(number, 64)
	factor, known := map[string]float64{
		"byte": 1, "bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "PiB": 1 << 50,
	}[unit]
	if err != nil || !known {
		return 0, fmt.Errorf("%q is no size", text)
	}
	return int64(value * factor), nil
}

// Checkpoint writes the log of a database into its file. Killed in the middle it leaves
// a file that [Open] mends. It fails while another session has a transaction that
// writes. No other session should work hard meanwhile: DuckDB's memory is kept from growing.
func (db *DB) Checkpoint(ctx context.Context, database string) error {
	db.checkpoints.Lock()
	defer db.checkpoints.Unlock()
	if database == db.database && filepath.IsAbs(db.options.Path) {
		return db.checkpoint(ctx, file{database: database, path: db.options.Path}, alone)
	}
	files, err := db.files(ctx)
	if err != nil {
		return err
	}
	return db.checkpoint(ctx, file{database: database, path: files[database]}, alone)
}

// CheckpointIfDue does so for each database whose log has outgrown the setting
// checkpoint_threshold, unless another session writes just then. It is cheap to call often:
// DuckDB is asked only when a log is long. A database that a statement has attached since it
// was asked last is seen then, and by [DB.Close].
func (db *DB) CheckpointIfDue(ctx context.Context) error {
	return db.checkpointLonger(ctx, db.threshold)
}

// checkpointLonger checkpoints the databases whose logs are longer than a size in bytes.
func (db *DB) checkpointLonger(ctx context.Context, size int64) error {
	db.checkpoints.Lock()
	defer db.checkpoints.Unlock()
	if db.short(size) {
		return nil
	}
	files, err := db.files(ctx)
	if err != nil {
		return err
	}
	for _, database := range slices.Sorted(maps.Keys(files)) {
		f := file{database: database, path: files[database]}
		if logSize(f.path)-db.busy[f.path] <= size {
			continue
		}
		err := db.checkpoint(ctx, f, besideOthers)
		if isBusy(err) {
			db.busy[f.path] = logSize(f.path) // again once it has grown as much again
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// short reports whether no log is longer than a size, as far as that is known without asking
// DuckDB. Where other databases were attached from the start, they must have been looked up
// before, and are again when the database is closed, for which size is 0.
func (db *DB) short(size int64) bool {
	known := db.known
	if len(db.options.Attach) == 0 {
		known = map[string]string{db.database: db.options.Path}
	} else if known == nil || size == 0 {
		return false
	}
	for _, path := range known {
		if logSize(path)-db.busy[path] > size {
			return false
		}
	}
	return true
}

// file is a DuckDB file that is open for writing.
type file struct{ database, path string }

// files finds the DuckDB files that are open for writing, by the names of their
// databases, and remembers them.
func (db *DB) files(ctx context.Context) (map[string]string, error) {
	session, err := db.open(ctx)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	table, err := session.Query(ctx, `SELECT database_name, path FROM duckdb_databases()
		WHERE type = 'duckdb' AND NOT internal AND NOT readonly AND path IS NOT NULL`)
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, row := range table.Rows {
		name, _ := row[0].(string)
		path, _ := row[1].(string)
		files[name] = strings.TrimPrefix(path, filePrefix)
	}
	if _, ok := files[db.database]; ok {
		files[db.database] = db.options.Path // as Open knows it
	}
	db.known = files
	return files, nil
}

// Whether other sessions may work hard during a checkpoint.
const (
	alone        = true
	besideOthers = false
)

// checkpoint writes the log of one file into it, with a journal beside it meanwhile.
func (db *DB) checkpoint(ctx context.Context, f file, alone bool) error {
	if err := db.torn[f.path]; err != nil {
		return fmt.Errorf("an earlier checkpoint of database %q failed: %w", f.database, err)
	}
	session, err := db.open(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	local := isLocal(f.path)
	if local && !db.isKept(f) {
		// On a full disk the checkpoint is what makes room: then it goes without.
		if err := db.keepBlocks(ctx, session, f); err != nil && !isFull(err) {
			return fmt.Errorf("the journal of the checkpoint could not be written: %w", err)
		}
	}
	if db.beforeCheckpoint != nil {
		db.beforeCheckpoint(f.path)
	}
	err = writeLog(ctx, session, f, alone)
	if err != nil && !isBusy(err) {
		// What it has torn is put back when the file is opened again. Another journal
		// would hold the torn blocks.
		db.torn[f.path] = err
		return err
	}
	delete(db.busy, f.path)
	if local {
		err = errors.Join(err, removeJournal(f.path))
	}
	return err
}

// keptBlocks is a journal that is written ahead of the checkpoint.
type keptBlocks struct {
	done  chan struct{} // closed once the rest is set
	count int64         // of the checkpoints that the file had had
	err   error
}

// PrepareCheckpoint begins to write the journal of the next checkpoint of the database that was opened,
// beside other work. The blocks that it keeps are written by checkpoints only, so it stays right until
// then. What comes of it is of no account: the checkpoint writes what is not there.
func (db *DB) PrepareCheckpoint(ctx context.Context) {
	db.checkpoints.Lock()
	defer db.checkpoints.Unlock()
	f := file{database: db.database, path: db.options.Path}
	if db.kept != nil || db.options.ReadOnly || !isLocal(f.path) || db.torn[f.path] != nil {
		return
	}
	session, err := db.open(ctx)
	if err != nil {
		return
	}
	kept := &keptBlocks{done: make(chan struct{})}
	db.kept = kept
	go func() {
		defer close(kept.done)
		defer session.Close()
		if kept.count, kept.err = countCheckpoints(f.path); kept.err == nil {
			kept.err = db.keepBlocks(ctx, session, f)
		}
	}()
}

// isKept waits for the journal that is written ahead for a file, which is then used up, and reports
// whether it is there. After a CHECKPOINT in a hook it is of no use.
func (db *DB) isKept(f file) bool {
	kept := db.kept
	if kept == nil || f.path != db.options.Path {
		return false
	}
	db.kept = nil
	<-kept.done
	if kept.err != nil {
		return false
	}
	count, err := countCheckpoints(f.path)
	return err == nil && count == kept.count
}

// forgetKept removes a journal that was written for a checkpoint which did not come.
func (db *DB) forgetKept() error {
	db.checkpoints.Lock()
	defer db.checkpoints.Unlock()
	if db.kept == nil {
		return nil
	}
	db.isKept(file{path: db.options.Path})
	return removeJournal(db.options.Path)
}

// waitKept waits for a journal that is being written.
func (db *DB) waitKept() {
	db.checkpoints.Lock()
	kept := db.kept
	db.checkpoints.Unlock()
	if kept != nil {
		<-kept.done
	}
}

// smallFile is the size in bytes of a database and its log up to which columns are not
// compressed: to try each way of compression on each column takes a third of a small project's
// checkpoint, and saves a few blocks at most. What has grown is compressed when it is written
// next. Whoever has chosen a way of compression gets it.
const smallFile = 4 << 20

// A small log is added to the file as it is. DuckDB would join its rows with the last ones of each table,
// 122,880 of them, and try each way of compression on all of their columns: for a day of 900 rows that
// is most of the checkpoint. What has been added so is joined, and compressed, by a checkpoint
// every now and then: there are never more small pieces, each in a block of 256 KB, than the checkpoints
// between two of these.
const (
	smallLog  = 1 << 20 // bytes
	joinEvery = 8       // checkpoints of a file
)

// isAddition reports whether a log is added to its file as it is.
func isAddition(f file) bool {
	if size := logSize(f.path); size == 0 || size > smallLog || !isLocal(f.path) {
		return false
	}
	count, err := countCheckpoints(f.path)
	return err == nil && (count+1)%joinEvery != 0
}

// A checkpoint leaves each block that it writes in memory, 256 KB for the smallest table: with a
// thousand of them it takes more than all that made them, for nothing. So DuckDB may take this
// much more than it holds already, in bytes, and lets go of blocks that are written. Tables of
// 3,000 columns, updates of each row group and indexes of millions of rows are content with a
// sixth of it. A small project holds so little that it does not matter.
const checkpointRoom = 96 << 20

// writeLog is the checkpoint itself.
func writeLog(ctx context.Context, s *Session, f file, alone bool) (err error) {
	set := func(name, value string) error {
		_, err := s.Exec(context.WithoutCancel(ctx), "SET GLOBAL "+name+" = "+project.QuoteString(value))
		return err
	}
	back := func(name, value string) {
		if failed := set(name, value); err == nil { // after a checkpoint that failed, DuckDB takes no statement
			err = failed
		}
	}
	held := "0"
	if alone { // else the limit stays as it is
		held = "(SELECT sum(memory_usage_bytes) FROM duckdb_memory())"
	}
	table, err := s.Query(ctx, `SELECT current_setting('force_compression'), current_setting('memory_limit'),
		`+held+`::BIGINT, current_setting('max_vacuum_tasks')::VARCHAR`)
	if err != nil {
		return err
	}
	compression, _ := table.Rows[0][0].(string)
	limit, _ := table.Rows[0][1].(string)
	memory, _ := table.Rows[0][2].(int64)

	const asItComes = "auto"
	adds := isAddition(f)
	if info, err := os.Stat(f.path); err == nil && (adds || info.Size()+logSize(f.path) <= smallFile) && compression == asItComes {
		if err := set("force_compression", "uncompressed"); err != nil {
			return err
		}
		defer back("force_compression", asItComes)
	}
	if most, known := byteSize(limit); alone && memory > checkpointRoom/2 && known == nil && memory+checkpointRoom < most {
		if err := set("memory_limit", strconv.FormatInt(memory+checkpointRoom, 10)+" bytes"); err != nil {
			return err
		}
		defer back("memory_limit", limit)
	}
	if adds {
		if err := set("max_vacuum_tasks", "0"); err != nil {
			return err
		}
		joined, _ := table.Rows[0][3].(string)
		defer back("max_vacuum_tasks", joined)
	}
	_, err = s.Exec(ctx, "CHECKPOINT "+project.QuoteIdent(f.database))
	return err
}

// keepBlocks writes the journal of the blocks that a checkpoint may write in place:
// those in which some piece is free.
func (db *DB) keepBlocks(ctx context.Context, s *Session, f file) error {
	if hasNoBlocks(f.path) {
		return writeJournal(f.path, nil)
	}
	table, err := s.Query(ctx, "SELECT block_id FROM pragma_metadata_info("+project.QuoteString(f.database)+") WHERE free_blocks > 0 ORDER BY block_id")
	if err != nil {
		return err
	}
	var blocks []int64
	for _, row := range table.Rows {
		id, _ := row[0].(int64)
		blocks = append(blocks, id)
	}
	return writeJournal(f.path, blocks)
}

// isLocal reports whether a database's path is a file of this machine.
func isLocal(path string) bool {
	return path != "" && path != memoryPath && !strings.Contains(path, "://")
}

// isBusy reports whether a checkpoint failed since another session writes.
func isBusy(err error) bool {
	return err != nil && strings.Contains(err.Error(), "Cannot CHECKPOINT")
}

// logSize is the size of a database's log in bytes, 0 where there is none.
func logSize(path string) int64 {
	info, err := os.Stat(path + ".wal")
	if err != nil {
		return 0
	}
	return info.Size()
}
