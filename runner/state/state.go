// Package state keeps what elt knows about a database inside that database, in the
// schema "_elt": runs, what came of every node, candidates that have not been
// published, and what each published relation was made of.
//
// The tables may be read with plain SQL; what they hold is said in their comments
// (duckdb_tables()). They have no indexes and no constraints, since a write-ahead log
// that holds an index cannot be replayed by a read-only open. All times are UTC.
//
// [Ensure] creates the tables or brings those of an older elt forward, and refuses
// those of a newer one. Everything else is either a function that returns statements,
// which the runner puts into its own transactions, or a reader over a session. Start
// reading at [Ensure].
package state

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
)

// Schema is the schema that holds elt's tables.
const Schema = "_elt"

// Version is the version of the tables this elt writes.
const Version = 7

// IntentsVersion is the first version that has the table of intents.
const IntentsVersion = 2

// LedgersVersion is the first version that has ledgers of files and intervals, and rejects.
const LedgersVersion = 3

// ChangesVersion is the first version that keeps changes of models for their readers.
const ChangesVersion = 4

// FingerprintsVersion is the first version that says of published relations what they were made of
// as a whole.
const FingerprintsVersion = 5

// CandidatePrefix begins the name of every hidden relation.
const CandidatePrefix = "_elt_"

// migrations bring the tables from version i to version i+1. {s} stands for the qualified schema,
// {text}, {int} and {time} for types of [columnTypes]. A migration that has been released never
// changes.
func migrations() [][]string {
	return append(slices.Clone(early), logMigration(), ledgerMigration())
}

// early are the migrations up to the log.
var early = [][]string{{
	`create schema if not exists {s}`,
	`create table {s}.meta (version integer not null, elt_version {text}, migrated_at {time})`,
	`create table {s}.runs (
		run_id {text} not null, command {text}, target {text}, elt_version {text},
		started_at {time}, finished_at {time}, published_at {time},
		outcome {text}, options {text}, selected varchar[], retry_of {text})`,
	`create table {s}.node_results (
		run_id {text} not null, unique_id {text} not null, resource_type {text}, status {text},
		started_at timestamp, compile_seconds double, execute_seconds double,
		rows bigint, failures bigint, message {text}, skipped_for {text}, held_for {text},
		published boolean, sql_hash {text}, config_hash {text}, sample {text})`,
	`create table {s}.candidates (
		run_id {text} not null, unique_id {text} not null,
		database_name {text}, schema_name {text}, table_name {text},
		kind {text}, view_sql {text}, sql_hash {text}, config_hash {text},
		rows {int}, made_at {time})`,
	`create table {s}.node_state (
		unique_id {text} not null, database_name {text}, schema_name {text}, identifier {text},
		materialized {text}, run_id {text}, published_at {time},
		sql_hash {text}, config_hash {text}, rows {int})`,
	`create table {s}.lake_files (
		run_id {text} not null, unique_id {text} not null, path {text},
		bytes {int}, modified_at {time})`,
	`comment on table {s}.meta is 'version of these tables; a row for each time elt brought them forward'`,
	`comment on table {s}.runs is 'every run that could write; outcome is success, failed or interrupted, NULL while it runs and for ever if it was killed; times are UTC'`,
	`comment on table {s}.node_results is 'what came of each node of a run; rows of an incremental model are those of the delta; held_for and skipped_for name the root cause; sample holds the first failing rows of a test as JSON'`,
	`comment on table {s}.candidates is 'what was made and is not published: hidden tables, deltas, and texts of views with published names'`,
	`comment on table {s}.node_state is 'what each published relation was made of, and by which run'`,
	`comment on table {s}.lake_files is 'the raw files each run has read, as they were when it began'`,
}, {
	`create table {s}.intents (
		run_id varchar not null, step integer, database_name varchar, statements varchar[], nodes varchar[])`,
	`comment on table {s}.intents is 'what a run has promised to publish in other databases and is not yet known to be done; the next run that writes does it first'`,
}, {
	`create table {s}.file_ledger (
		unique_id {text} not null, source {text} not null, path varchar not null,
		bytes bigint, modified_at timestamp, hash varchar, rows bigint, columns {text},
		run_id {text}, taken_at timestamp, forgotten boolean)`,
	`create table {s}.file_failures (
		unique_id {text} not null, source {text} not null, path {text} not null,
		bytes bigint, modified_at timestamp, run_id {text}, failed_at timestamp, message {text})`,
	`create table {s}.rejects (
		source varchar not null, path varchar not null, line bigint, column_name varchar,
		reason varchar, text varchar, run_id varchar, rejected_at timestamp)`,
	`create table {s}.intervals (
		unique_id {text} not null, begins_at timestamp not null, ends_at timestamp not null,
		status {text}, rows bigint, run_id {text}, done_at timestamp, message {text})`,
	`comment on table {s}.file_ledger is 'the raw files each by_file model has taken in: their rows in the model, the columns they had, and by which run; a forgotten one is taken in anew'`,
	`comment on table {s}.file_failures is 'the raw files that a by_file model could not take in when it was last built, and why'`,
	`comment on table {s}.rejects is 'rows of raw files that could not be read or break the contract of their source: file, line, column, reason and text'`,
	`comment on table {s}.intervals is 'the intervals of each microbatch model: done or failed, half-open, UTC'`,
}, {
	`create table {s}.change_heads (
		relation {text} not null, seq bigint, base bigint, run_id {text}, columns {text})`,
	`create table {s}.change_marks (
		reader {text} not null, relation {text} not null, seq bigint)`,
	`comment on table {s}.change_heads is 'the models whose changes others read: number of the last publish, the number since which changes are known, and the run of that publish'`,
	`comment on table {s}.change_marks is 'which publish of a model each reader of its changes has seen last'`,
}, {
	`alter table {s}.node_state add column fingerprint {text}`,
	`comment on column {s}.node_state.fingerprint is 'JSON: all that the relation was made of (hashes of setup, SQL and config; of its inputs the run that published them, or a hash of their raw files); NULL where elt cannot know that'`,
}}

// columnTypes are the types of columns that every run writes. How they are stored is said, since a
// checkpoint else tries each of DuckDB's ways on each column: half a millisecond a column, however few
// its rows. Texts repeat and make good dictionaries; what a dictionary cannot hold, such as a text
// of a hundred kilobytes, DuckDB writes as it is. What grows, as the history of nodes and the ledger of
// files do, has its numbers packed, and paths as DuckDB finds best.
var columnTypes = [...]string{
	"{text}", "varchar using compression dictionary",
	"{int}", "bigint using compression uncompressed",
	"{time}", "timestamp using compression uncompressed",
}

// name is a table of the state, qualified and quoted.
func name(database, table string) string {
	return project.Relation{Database: database, Schema: Schema, Identifier: table}.String()
}

// ReadVersion returns the version of the tables in a database, 0 where there are none.
func ReadVersion(ctx context.Context, s engine.Session, database string) (int, error) {
	t, err := s.Query(ctx, `select 1 from duckdb_tables() where database_name = `+project.QuoteString(database)+
		` and schema_name = '`+Schema+`' and table_name = '`+VersionTable+`'`)
	if err != nil || len(t.Rows) == 0 {
		return 0, err
	}
	return RecordedVersion(ctx, s, database)
}

// VersionTable is the table that says which version the tables have. It is there where they are.
const VersionTable = "meta"

// RecordedVersion is [ReadVersion] of a database that has the tables.
func RecordedVersion(ctx context.Context, s engine.Session, database string) (int, error) {
	t, err := s.Query(ctx, `select max(version) from `+name(database, VersionTable))
	if err != nil || len(t.Rows) == 0 {
		return 0, err
	}
	return int(integer(t.Rows[0][0])), nil
}

// Check refuses tables that a newer elt has written.
func Check(version int) error {
	if version <= Version {
		return nil
	}
	return diag.New(diag.Database, diag.Place{},
		"the database's own records (schema %q) have version %d, but this elt knows only version %d", Schema, version, Version).
		WithHint("use the elt that wrote them, or a newer one")
}

// Ensure makes sure that the tables exist in the version this elt writes.
func Ensure(ctx context.Context, s engine.Session, database, eltVersion, now string) error {
	version, err := ReadVersion(ctx, s, database)
	if err != nil {
		return err
	}
	return EnsureFrom(ctx, s, database, version, eltVersion, now)
}

// EnsureFrom is [Ensure] where the version that [ReadVersion] gives is known.
func EnsureFrom(ctx context.Context, s engine.Session, database string, version int, eltVersion, now string) error {
	if err := Check(version); err != nil {
		return err
	}
	if version == Version {
		return nil
	}
	return migrate(ctx, s, database, version, migrations(), eltVersion, now)
}

// Prepare makes the tables of a database that has none, in a transaction that it leaves open:
// they are there when the session commits. After an error there is no transaction.
func Prepare(ctx context.Context, s engine.Session, database, eltVersion, now string) error {
	return prepare(ctx, s, database, 0, migrations(), eltVersion, now)
}

// migrate runs the migrations that are missing in one transaction.
func migrate(ctx context.Context, s engine.Session, database string, from int, all [][]string, eltVersion, now string) error {
	err := prepare(ctx, s, database, from, all, eltVersion, now)
	if err == nil {
		_, err = s.Exec(ctx, "commit")
	}
	return err
}

func prepare(ctx context.Context, s engine.Session, database string, from int, all [][]string, eltVersion, now string) error {
	statements := []string{"begin"}
	schema := project.QuoteIdent(database) + "." + project.QuoteIdent(Schema)
	fill := strings.NewReplacer(append(columnTypes[:], "{s}", schema)...)
	for _, m := range all[from:] {
		for _, sql := range m {
			statements = append(statements, fill.Replace(sql))
		}
	}
	statements = append(statements,
		fmt.Sprintf("insert into %s values (%d, %s, %s)", name(database, "meta"), len(all), text(eltVersion), now))
	for _, sql := range statements {
		if _, err := s.Exec(ctx, sql); err != nil {
			_, _ = s.Exec(context.WithoutCancel(ctx), "rollback") // the first error is the one to tell
			return err
		}
	}
	return nil
}
