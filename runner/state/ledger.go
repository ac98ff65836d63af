package state

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"elt/compiler/project"
	"elt/runner/engine"
)

// LedgerFile is a row of _elt.file_ledger: a raw file that a by_file model has taken in.
type LedgerFile struct {
	UniqueID, Source string // of the model, and of the source the file belongs to
	Path             string // relative to the project where it is inside, with slashes
	Bytes            int64  // -1 where it cannot be looked at
	ModifiedAt       time.Time
	Hash             string // of the content, or the ETag; "" where it was too long to be cheap
	Rows             int64  // of the model that came from the file
	Columns          string // the file's columns; "" where they were not looked at
	RunID            string
	TakenAt          time.Time
	Forgotten        bool // to be taken in anew
}

// ledgerTable is the table of the files that are no longer in the log.
const ledgerTable = "past_ledger"

// writtenLedger is the table of the ledger that statements change; before the log there was one only.
func writtenLedger(database string, version int) string {
	if version < ledgerLogVersion {
		return name(database, "file_ledger")
	}
	return name(database, ledgerTable)
}

// gatherLedger returns the statements that leave no file in the log, so that all of the ledger can be changed.
func gatherLedger(database string, version int) []string {
	if version < ledgerLogVersion {
		return nil
	}
	return []string{shelfOf(kindTaken).fill(database), "delete from " + name(database, LogTable) + " where kind = " + text(kindTaken)}
}

// Ledger hands the files that a model has taken in to fn, in no order; those of all models if none is
// named. It reads row by row, since there may be hundreds of thousands. version is that of the tables;
// asked is what [Noted] has read since they were last changed; it may be nil, or return nil.
func Ledger(ctx context.Context, s engine.Session, database string, version int, asked func() *Recent, uniqueID string, fn func(LedgerFile)) error {
	sql := `select unique_id, source, path, bytes, modified_at, hash, rows, columns, run_id, taken_at, forgotten from ` +
		writtenLedger(database, version)
	if uniqueID != "" {
		sql += " where unique_id = " + text(uniqueID)
	}
	err := eachRow(ctx, s, sql, func(r []any) {
		fn(LedgerFile{
			UniqueID: str(r[0]), Source: str(r[1]), Path: str(r[2]), Bytes: count(r[3]), ModifiedAt: when(r[4]), Hash: str(r[5]),
			Rows: count(r[6]), Columns: str(r[7]), RunID: str(r[8]), TakenAt: when(r[9]), Forgotten: boolean(r[10]),
		})
	})
	if err != nil || version < ledgerLogVersion {
		return err
	}
	var recent *Recent
	if asked != nil {
		recent = asked() // which may have to wait, while the table is read
	}
	if recent == nil {
		recent = &Recent{States: map[string]NodeState{}}
		if _, err := recent.readLog(ctx, s, database); err != nil {
			return err
		}
	}
	for _, file := range recent.Taken {
		if uniqueID == "" || file.UniqueID == uniqueID {
			fn(file)
		}
	}
	return nil
}

// eachRow hands the rows of a query to fn, one by one where the session can.
func eachRow(ctx context.Context, s engine.Session, sql string, fn func([]any)) error {
	if stream, ok := s.(engine.Streamer); ok {
		return stream.QueryStream(ctx, sql, func(_ []engine.Column, r []any) error { fn(r); return nil })
	}
	t, err := s.Query(ctx, sql)
	if err != nil {
		return err
	}
	for _, r := range t.Rows {
		fn(r)
	}
	return nil
}

// parseTaken reads a file in the log.
func parseTaken(body string) (LedgerFile, error) {
	row := struct {
		UniqueID   string `json:"unique_id"`
		Source     string `json:"source"`
		Path       string `json:"path"`
		Bytes      *int64 `json:"bytes"`
		ModifiedAt string `json:"modified_at"`
		Hash       string `json:"hash"`
		Rows       *int64 `json:"rows"`
		Columns    string `json:"columns"`
		RunID      string `json:"run_id"`
		TakenAt    string `json:"taken_at"`
	}{}
	if err := json.Unmarshal([]byte(body), &row); err != nil {
		return LedgerFile{}, err
	}
	f := LedgerFile{UniqueID: row.UniqueID, Source: row.Source, Path: row.Path, Bytes: -1, Hash: row.Hash, Rows: -1, Columns: row.Columns, RunID: row.RunID}
	if row.Bytes != nil {
		f.Bytes = *row.Bytes
	}
	if row.Rows != nil {
		f.Rows = *row.Rows
	}
	const seconds = "2006-01-02 15:04:05"                 // DuckDB writes no zeros behind
	f.ModifiedAt, _ = time.Parse(seconds, row.ModifiedAt) // "" is the zero time
	f.TakenAt, _ = time.Parse(seconds, row.TakenAt)
	return f, nil
}

// The changes of a file since it was last taken in, as a files table has them.
const (
	FileNew     = "new"
	FileChanged = "changed" // also one that was forgotten
	FileGone    = "gone"
	FileTouched = "touched" // another time, the same content or ETag
)

// FileChange is a row of a files table: what a run does about a file.
type FileChange struct {
	Source, Path string
	Bytes        int64
	ModifiedAt   time.Time
	Hash         string
	Columns      string
	Change       string // one of the File constants
	Rows         int64  // that came from it, where they are not counted
}

// CreateFiles returns the statements that make a files table: what one run of a model
// does about the files of its sources. It lives beside the state, since the ledger is
// written from it in the publish transaction.
func CreateFiles(rel project.Relation, files []FileChange) []string {
	rows := make([][]string, len(files))
	for i, f := range files {
		rows[i] = []string{text(f.Source), text(f.Path), known(f.Bytes), Time(f.ModifiedAt), text(f.Hash), text(f.Columns), text(f.Change), number(f.Rows)}
	}
	columns := []string{"source varchar", "path varchar", "bytes bigint", "modified_at timestamp", "hash varchar", "columns varchar", "change varchar", "rows bigint"}
	if len(rows) == 1 { // at once: each statement that writes waits for the disk
		for i, cell := range rows[0] {
			name, kind, _ := strings.Cut(columns[i], " ")
			columns[i] = "cast(" + cell + " as " + kind + ") as " + name
		}
		return []string{"create table " + rel.String() + " as select " + strings.Join(columns, ", ")}
	}
	return append([]string{"create table " + rel.String() + " (" + strings.Join(columns, ", ") + ")"}, insert(rel.String(), rows)...)
}

// CountFileRows fills in how many rows of a relation came from each file that has some.
func CountFileRows(files, rows project.Relation, column string) string {
	return fmt.Sprintf("update %s as _elt_files set rows = _elt_counts.n from (select %s as path, count(*) as n from %s group by 1) as _elt_counts where _elt_counts.path = _elt_files.path",
		files, project.QuoteIdent(column), rows)
}

// ReadFiles returns path, change and time of a files table, "path\x00change\x00time"
// with the time as RFC 3339 has it, sorted.
func ReadFiles(ctx context.Context, s engine.Session, rel project.Relation) ([]string, error) {
	t, err := s.Query(ctx, "select path, change, modified_at from "+rel.String())
	if err != nil {
		return nil, err
	}
	out := make([]string, len(t.Rows))
	for i, r := range t.Rows {
		out[i] = str(r[0]) + "\x00" + str(r[1]) + "\x00" + when(r[2]).Format(time.RFC3339Nano)
	}
	slices.Sort(out)
	return out, nil
}

// Taking is what a run has done about the files of a model.
type Taking struct {
	Anew    bool // the model was made from scratch: nothing it had taken in before counts
	Removes bool // the ledger may have rows of files that were taken in, or has of ones that are gone
	Touches bool // files have another time and the same content
}

// IsNew says that all of it is about files of which the ledger knows nothing.
func (t Taking) IsNew() bool { return !t.Anew && !t.Removes && !t.Touches }

// TakeFiles returns the statements that write what a run has done about files into the
// ledger of a model, and drop the files table unless keep says that somebody else does.
func (b Book) TakeFiles(uniqueID string, files project.Relation, done Taking, runID string, now time.Time, keep bool) []string {
	var out []string
	if done.IsNew() && !b.Direct {
		out = append(out, b.logFiles(uniqueID, files, runID, now))
	} else {
		out = b.changeLedger(uniqueID, files, done, runID, now)
	}
	if keep {
		return out
	}
	return append(out, "drop table "+files.String())
}

// TakeNew returns the statements that write new files, which are in no files table, into the ledger of a model.
func (b Book) TakeNew(uniqueID string, files []FileChange, runID string, now time.Time) []string {
	rows := make([]facts, len(files))
	for i, f := range files {
		rows[i] = facts{
			"unique_id": uniqueID, "source": f.Source, "path": f.Path, "bytes": knownCount(f.Bytes), "modified_at": f.ModifiedAt, "hash": f.Hash,
			"rows": f.Rows, "columns": f.Columns, "run_id": runID, "taken_at": now, "forgotten": false,
		}
	}
	return b.note(kindTaken, rows)
}

// logFiles is the statement that notes the files of a files table, all of them new, in the log.
func (b Book) logFiles(uniqueID string, files project.Relation, runID string, now time.Time) string {
	return fmt.Sprintf(`insert into %s
select %s, %s, json_object('unique_id', %s, 'source', source, 'path', path, 'bytes', bytes, 'modified_at', modified_at::varchar, 'hash', hash,
  'rows', rows, 'columns', columns, 'run_id', %s, 'taken_at', %s::varchar, 'forgotten', false)::varchar
from %s where change = %s order by path`,
		name(b.Database, LogTable), text(kindTaken), text(runID), text(uniqueID), text(runID), Time(now), files, text(FileNew))
}

// changeLedger returns the statements that write them into the table.
func (b Book) changeLedger(uniqueID string, files project.Relation, done Taking, runID string, now time.Time) []string {
	ledger := name(b.Database, ledgerTable)
	var out []string
	if !b.Direct { // else nothing is in the log
		out = gatherLedger(b.Database, Version)
	}
	if done.Anew {
		out = append(out, "delete from "+ledger+" where unique_id = "+text(uniqueID))
	}
	if done.Touches && !done.Anew {
		out = append(out, fmt.Sprintf("update %s set modified_at = f.modified_at, hash = f.hash\nfrom %s f\nwhere %s.unique_id = %s and %s.path = f.path and f.change = %s",
			ledger, files, ledger, text(uniqueID), ledger, text(FileTouched)))
	}
	if done.Removes && !done.Anew {
		out = append(out, fmt.Sprintf("delete from %s where unique_id = %s and path in (select path from %s where change <> %s)",
			ledger, text(uniqueID), files, text(FileTouched)))
	}
	return append(out,
		fmt.Sprintf("insert into %s\nselect %s, source, path, bytes, modified_at, hash, rows, columns, %s, %s, false from %s where change in (%s, %s) order by path",
			ledger, text(uniqueID), text(runID), Time(now), files, text(FileNew), text(FileChanged)))
}

// ForgetFiles returns the statements that mark files of a model to be taken in anew. version is that of
// the tables. They belong in one transaction.
func ForgetFiles(database string, version int, uniqueID string, paths []string) []string {
	out := gatherLedger(database, version)
	for start := 0; start < len(paths); start += batch {
		out = append(out, fmt.Sprintf("update %s set forgotten = true where unique_id = %s and path in (%s)",
			writtenLedger(database, version), text(uniqueID), texts(paths[start:min(start+batch, len(paths))])))
	}
	return out
}

// FileFailure is a row of _elt.file_failures.
type FileFailure struct {
	UniqueID, Source, Path string
	Bytes                  int64
	ModifiedAt             time.Time
	RunID                  string
	FailedAt               time.Time
	Message                string
}

// FailuresTable is the table of the files that models could not take in.
const FailuresTable = "file_failures"

// ForgetFileFailures forgets what is recorded of files that models could not take in.
func ForgetFileFailures(database string, models []string) []string {
	if len(models) == 0 {
		return nil
	}
	return []string{"delete from " + name(database, FailuresTable) + " where unique_id in (" + texts(models) + ")"}
}

// InsertFileFailures records files that models could not take in.
func InsertFileFailures(database string, failures []FileFailure) []string {
	rows := make([][]string, len(failures))
	for i, f := range failures {
		rows[i] = []string{text(f.UniqueID), text(f.Source), text(f.Path), known(f.Bytes), Time(f.ModifiedAt), text(f.RunID), Time(f.FailedAt), text(f.Message)}
	}
	return insert(name(database, FailuresTable), rows)
}

// FileFailures returns the files that models could not take in, by model and path.
func FileFailures(ctx context.Context, s engine.Session, database string) ([]FileFailure, error) {
	t, err := s.Query(ctx, `select unique_id, source, path, bytes, modified_at, run_id, failed_at, message from `+
		name(database, FailuresTable)+" order by unique_id, path")
	if err != nil {
		return nil, err
	}
	out := make([]FileFailure, len(t.Rows))
	for i, r := range t.Rows {
		out[i] = FileFailure{UniqueID: str(r[0]), Source: str(r[1]), Path: str(r[2]), Bytes: count(r[3]), ModifiedAt: when(r[4]),
			RunID: str(r[5]), FailedAt: when(r[6]), Message: strings.TrimSpace(str(r[7]))}
	}
	return out, nil
}
