package state

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"elt/compiler/project"
	"elt/runner/engine"
)

// What a run notes of itself, of its nodes, of the files it has taken in and of what it has published is
// some rows of fifty columns in five tables. Each column of each table that a transaction adds a row to costs a fourth of
// a millisecond to commit and another to checkpoint, however few the rows: a block of memory
// is filled for it each time. So a small run adds its rows to one table of three columns, the log,
// whose body is JSON, and now and then all that is in the log is moved to the tables. The
// names that are told to others (runs, node_results, lake_files, file_ledger, node_state) are views over both.

// LogVersion is the first version that has the log, ledgerLogVersion the first that has files that were
// taken in in it, too.
const (
	LogVersion       = 6
	ledgerLogVersion = 7
)

// LogTable is the table of what was noted last.
const LogTable = "log"

// The kinds of rows in the log.
const (
	kindRun    = "run"
	kindResult = "result"
	kindFile   = "file"
	kindState  = "state"
	kindTaken  = "taken"
)

// LongLog is how many rows the log may have when a run begins; then they are moved.
const LongLog = 200

// mostLogged is how many rows a run may add to the log.
const mostLogged = 64

// StatesTable is the table of the states that are no longer in the log.
const StatesTable = "past_state"

// Book is where a run notes things: in the log of a database or, where these would be many, in the
// tables. It is one or the other for all of a run.
type Book struct {
	Database string
	Direct   bool // in the tables
}

// BookFor is the book of a run that will note some rows.
func BookFor(database string, rows int) Book {
	return Book{Database: database, Direct: rows > mostLogged}
}

// shelf is one of these: the table for rows that are no longer in the log, and the view over both.
type shelf struct {
	view, table, kind string
	columns           []string // with their types
	about             string   // the comment of the table
}

var shelves = []shelf{
	{"runs", "past_runs", kindRun, []string{
		"run_id varchar", "command varchar", "target varchar", "elt_version varchar", "started_at timestamp", "finished_at timestamp",
		"published_at timestamp", "outcome varchar", "options varchar", "selected varchar[]", "retry_of varchar",
	}, "runs that are no longer in the log"},
	{"node_results", "past_results", kindResult, []string{
		"run_id varchar", "unique_id varchar", "resource_type varchar", "status varchar", "started_at timestamp", "compile_seconds double",
		"execute_seconds double", "rows bigint", "failures bigint", "message varchar", "skipped_for varchar", "held_for varchar",
		"published boolean", "sql_hash varchar", "config_hash varchar", "sample varchar",
	}, "results of nodes that are no longer in the log"},
	{"lake_files", "past_files", kindFile, []string{
		"run_id varchar", "unique_id varchar", "path varchar", "bytes bigint", "modified_at timestamp",
	}, "raw files of runs that are no longer in the log"},
	{"node_state", StatesTable, kindState, []string{
		"unique_id varchar", "database_name varchar", "schema_name varchar", "identifier varchar", "materialized varchar", "run_id varchar",
		"published_at timestamp", "sql_hash varchar", "config_hash varchar", "rows bigint", "fingerprint varchar",
	}, "what published relations were made of, where that is no longer in the log"},
	{"file_ledger", ledgerTable, kindTaken, []string{
		"unique_id varchar", "source varchar", "path varchar", "bytes bigint", "modified_at timestamp", "hash varchar", "rows bigint",
		"columns varchar", "run_id varchar", "taken_at timestamp", "forgotten boolean",
	}, "raw files that by_file models have taken in, where that is no longer in the log"},
}

// names are those of the columns.
func (s shelf) names() []string {
	out := make([]string, len(s.columns))
	for i, c := range s.columns {
		out[i], _, _ = strings.Cut(c, " ")
	}
	return out
}

// logged is a query of the rows in the log, with their places.
func (s shelf) logged(log string) string {
	items := make([]string, len(s.columns))
	for i, c := range s.columns {
		name, kind, _ := strings.Cut(c, " ")
		value := fmt.Sprintf("json_extract_string(body, '$.%s')", name)
		switch kind {
		case "varchar":
		case "varchar[]":
			value = fmt.Sprintf("json_extract(body, '$.%s')::varchar[]", name)
		default:
			value += "::" + kind
		}
		items[i] = value + " as " + name
	}
	query := fmt.Sprintf("select %s, rowid + 1000000000000 as rowid from %s where kind = '%s'", strings.Join(items, ", "), log, s.kind)
	if s.kind == kindState {
		query += fmt.Sprintf(" qualify row_number() over (partition by %s order by rowid desc) = 1", loggedKey)
	}
	return query
}

// The name of a relation in a row of the log, and in one of the table.
const (
	loggedKey = "concat_ws('.', json_extract_string(body, '$.database_name'), json_extract_string(body, '$.schema_name'), json_extract_string(body, '$.identifier'))"
	stateKey  = "concat_ws('.', database_name, schema_name, identifier)"
)

// query is the text of the view. Tables are named without their database, whose file may be opened under
// another name.
func (s shelf) query() string {
	past := fmt.Sprintf("select %s, rowid from %s.%s", strings.Join(s.names(), ", "), Schema, s.table)
	if s.kind == kindState {
		past += fmt.Sprintf(" where %s not in (select %s from %s.%s where kind = '%s')", stateKey, loggedKey, Schema, LogTable, kindState)
	}
	return past + " union all " + s.logged(Schema+"."+LogTable)
}

// logMigration puts the log before the tables of version 5.
func logMigration() []string {
	out := []string{
		`create table {s}.log (kind {text} not null, run_id {text}, body {text})`,
		`comment on table {s}.log is 'what runs have noted last, as JSON; now and then it is moved to the tables past_runs, past_results, past_files and past_state'`,
	}
	for _, kind := range []string{kindRun, kindResult, kindFile, kindState} {
		out = append(out, shelfOf(kind).migration()...)
	}
	return out
}

// ledgerMigration puts the log before the ledger of files.
func ledgerMigration() []string {
	return append(shelfOf(kindTaken).migration(),
		`comment on table {s}.log is 'what runs have noted last, as JSON; now and then it is moved to the tables past_runs, past_results, past_files, past_state and past_ledger'`)
}

// migration makes the table that had the view's name the one for rows that are no longer in the log.
func (s shelf) migration() []string {
	return []string{
		fmt.Sprintf("alter table {s}.%s rename to %s", s.view, s.table),
		fmt.Sprintf("comment on table {s}.%s is %s", s.table, project.QuoteString(s.about)),
		fmt.Sprintf("create view {s}.%s as %s", s.view, s.query()),
		fmt.Sprintf("comment on view {s}.%s is %s", s.view, project.QuoteString(viewComments[s.view])),
	}
}

var viewComments = map[string]string{
	"runs":         "every run that could write; outcome is success, failed or interrupted, NULL while it runs and for ever if it was killed; times are UTC; rowid tells their order",
	"node_results": "what came of each node of a run; rows of an incremental model are those of the delta; held_for and skipped_for name the root cause; sample holds the first failing rows of a test as JSON",
	"lake_files":   "the raw files each run has read, as they were when it began",
	"file_ledger":  "the raw files each by_file model has taken in: their rows in the model, the columns they had, and by which run; a forgotten one is taken in anew",
	"node_state":   "what each published relation was made of, and by which run",
}

// EmptyLog returns the statements that move what is in the log to the tables.
func EmptyLog(database string) []string {
	log := name(database, LogTable)
	var out []string
	for _, s := range shelves {
		if s.kind == kindState {
			out = append(out, fmt.Sprintf("delete from %s where %s in (select %s from %s where kind = '%s')", name(database, s.table), stateKey, loggedKey, log, kindState))
		}
		out = append(out, s.fill(database))
	}
	return append(out, "delete from "+log)
}

// fill is the statement that copies what is in the log to the table.
func (s shelf) fill(database string) string {
	return fmt.Sprintf("insert into %s by name select %s from (%s) order by rowid",
		name(database, s.table), strings.Join(s.names(), ", "), s.logged(name(database, LogTable)))
}

func shelfOf(kind string) shelf {
	for _, s := range shelves {
		if s.kind == kind {
			return s
		}
	}
	return shelf{}
}

// note returns the statements that note facts: rows by the names of their columns, without those that
// are not known.
func (b Book) note(kind string, rows []facts) []string {
	s := shelfOf(kind)
	names := s.names()
	cells := make([][]string, len(rows))
	for i, row := range rows {
		if b.Direct {
			cells[i] = make([]string, len(names))
			for j, name := range names {
				cells[i][j] = literal(row[name])
			}
			continue
		}
		runID, _ := row["run_id"].(string)
		cells[i] = []string{text(kind), text(runID), project.QuoteString(row.json(names, false))}
	}
	if b.Direct {
		return insert(name(b.Database, s.table), cells)
	}
	return insert(name(b.Database, LogTable), cells)
}

// change returns the statement that changes what is noted of a run, or of nodes of it.
func (b Book) change(kind, runID string, to facts) string {
	s := shelfOf(kind)
	names := s.names()
	if !b.Direct {
		return fmt.Sprintf("update %s set body = json_merge_patch(body, %s)::varchar where kind = %s and run_id = %s",
			name(b.Database, LogTable), project.QuoteString(to.json(names, true)), text(kind), text(runID))
	}
	var sets []string
	for _, name := range names {
		if value, ok := to[name]; ok {
			sets = append(sets, name+" = "+literal(value))
		}
	}
	return fmt.Sprintf("update %s set %s where run_id = %s", name(b.Database, s.table), strings.Join(sets, ", "), text(runID))
}

// facts are the cells of a row: texts, lists of texts, times, numbers and truths. What is "",
// a zero time or nil is NULL.
type facts map[string]any

// json is a body in the log; of cells that are NULL only with nulls, as a change needs them.
func (f facts) json(names []string, nulls bool) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	b.WriteByte('{')
	for _, name := range names {
		value, given := f[name]
		switch x := value.(type) {
		case string:
			if x == "" {
				value = nil
			}
		case time.Time:
			if value = x.UTC().Format(timeLayout); x.IsZero() {
				value = nil
			}
		case []string:
			if x == nil {
				value = []string{}
			}
		}
		if value == nil && (!nulls || !given) {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + name + `":`)
		_ = encoder.Encode(value) // such values always marshal
		b.Truncate(b.Len() - 1)   // the line's end
	}
	b.WriteByte('}')
	return b.String()
}

// literal is a cell as SQL.
func literal(value any) string {
	switch x := value.(type) {
	case string:
		return text(x)
	case time.Time:
		return Time(x)
	case []string:
		return list(x)
	case json.RawMessage:
		return string(x)
	case nil:
		return "null"
	}
	return fmt.Sprint(value)
}

// knownCount is a number for facts, unknown below zero.
func knownCount(n int64) any {
	if n < 0 {
		return nil
	}
	return n
}

// LogRows is how many rows are in the log.
func LogRows(ctx context.Context, s engine.Session, database string) (int64, error) {
	t, err := s.Query(ctx, "select count(*) from "+name(database, LogTable))
	if err != nil {
		return 0, err
	}
	return integer(t.Rows[0][0]), nil
}
