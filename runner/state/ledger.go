package state

import (
	"context"
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

// Ledger hands the files that a model has taken in to fn, in no order. It reads row by
// row, since there may be hundreds of thousands.
func Ledger(ctx context.Context, s engine.Session, database, uniqueID string, fn func(LedgerFile)) error {
	sql := `select unique_id, source, path, bytes, modified_at, hash, rows, columns, run_id, taken_at, forgotten from ` +
		name(database, "file_ledger")
	if uniqueID != "" {
		sql += " where unique_id = " + text(uniqueID)
	}
	row := func(r []any) {
		fn(LedgerFile{
			UniqueID: str(r[0]), Source: str(r[1]), Path: str(r[2]), Bytes: count(r[3]), ModifiedAt: when(r[4]), Hash: str(r[5]),
			Rows: count(r[6]), Columns: str(r[7]), RunID: str(r[8]), TakenAt: when(r[9]), Forgotten: boolean(r[10]),
		})
	}
	if stream, ok := s.(engine.Streamer); ok {
		return stream.QueryStream(ctx, sql, func(_ []engine.Column, r []any) error { row(r); return nil })
	}
	t, err := s.Query(ctx, sql)
	if err != nil {
		return err
	}
	for _, r := range t.Rows {
		row(r)
	}
	return nil
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

// TakeFiles returns the statements that write what a run has done about files into the
// ledger of a model, and drop the files table unless keep says that somebody else does.
func TakeFiles(database, uniqueID string, files project.Relation, done Taking, runID string, now time.Time, keep bool) []string {
	ledger := name(database, "file_ledger")
	var out []string
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
	out = append(out,
		fmt.Sprintf("insert into %s\nselect %s, source, path, bytes, modified_at, hash, rows, columns, %s, %s, false from %s where change in (%s, %s) order by path",
			ledger, text(uniqueID), text(runID), Time(now), files, text(FileNew), text(FileChanged)))
	if keep {
		return out
	}
	return append(out, "drop table "+files.String())
}

// ForgetFiles marks files of a model to be taken in anew.
func ForgetFiles(database, uniqueID string, paths []string) []string {
	var out []string
	for start := 0; start < len(paths); start += batch {
		out = append(out, fmt.Sprintf("update %s set forgotten = true where unique_id = %s and path in (%s)",
			name(database, "file_ledger"), text(uniqueID), texts(paths[start:min(start+batch, len(paths))])))
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
