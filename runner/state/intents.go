package state

import (
	"context"
	"fmt"

	"elt/compiler/project"
	"elt/runner/engine"
)

// Intent is a row of _elt.intents: one transaction of a publish that the target's own
// database has promised by its commit and that is still to be done, because DuckDB has
// no transaction across databases.
type Intent struct {
	RunID      string
	Step       int    // the order among the intents of a run
	Database   string // by the name under which it is attached; or the target's own
	Statements []string
	Nodes      []string // unique_ids of what it publishes
}

// IntentsTable is the table of intents.
const IntentsTable = "intents"

// InsertIntents records what a publish promises.
func InsertIntents(database string, intents []Intent) []string {
	rows := make([][]string, len(intents))
	for i, in := range intents {
		rows[i] = []string{text(in.RunID), number(int64(in.Step)), text(in.Database), list(in.Statements), list(in.Nodes)}
	}
	return insert(name(database, IntentsTable), rows)
}

// Intents returns what is promised and not yet known to be done, in the order in which
// it is to be done.
func Intents(ctx context.Context, s engine.Session, database string) ([]Intent, error) {
	t, err := s.Query(ctx, `select run_id, step, database_name, to_json(statements)::varchar, to_json(nodes)::varchar from `+
		name(database, IntentsTable)+" order by rowid")
	if err != nil {
		return nil, err
	}
	out := make([]Intent, len(t.Rows))
	for i, r := range t.Rows {
		out[i] = Intent{
			RunID: str(r[0]), Step: int(integer(r[1])), Database: str(r[2]),
			Statements: parseList(str(r[3])), Nodes: parseList(str(r[4])),
		}
	}
	return out, nil
}

// DeleteIntent forgets an intent that is done.
func DeleteIntent(database string, in Intent) string {
	return fmt.Sprintf("delete from %s where run_id = %s and step = %d", name(database, IntentsTable), text(in.RunID), in.Step)
}

// KeepIntent returns the statements that forget an intent that is done and say in the history
// that its nodes are published. version is that of the state's tables. They belong in one transaction.
func KeepIntent(database string, version int, in Intent) []string {
	out := []string{DeleteIntent(database, in)}
	if len(in.Nodes) > 0 {
		out = append(out, MarkPublished(database, version, in.RunID, in.Nodes)...)
	}
	return out
}

// GiveUpIntent returns the statements that forget an intent that will never be done. Raw files
// that its nodes were to take in are to be taken in anew, and intervals that they have done are
// to be done again. version is that of the state's tables. They belong in one transaction.
func GiveUpIntent(database string, version int, in Intent) []string {
	out := []string{DeleteIntent(database, in)}
	if version >= LedgersVersion && len(in.Nodes) > 0 {
		of := fmt.Sprintf(" where run_id = %s and unique_id in (%s)", text(in.RunID), texts(in.Nodes))
		out = append(append(out, gatherLedger(database, version)...),
			"update "+writtenLedger(database, version)+" set forgotten = true"+of,
			"update "+name(database, "intervals")+" set status = "+text(IntervalFailed)+", rows = null, message = 'built, and given up'"+of+
				" and status = "+text(IntervalDone))
	}
	return out
}

// Mark is a row of _elt.publishes in an attached database. It is committed before the
// promise is, and its Done together with what was promised: so a promise is carried out
// once, whenever the process dies, and never in another file that happens to be
// attached under the same name.
type Mark struct {
	RunID string
	Step  int
	Home  string // the file of the database that holds the intent
	Done  bool
}

// marks is where the marks of a database are. SQLite has no schemas to create.
func marks(database, kind string) (schema string, table project.Relation) {
	if kind == "sqlite" {
		return "", project.Relation{Database: database, Schema: "main", Identifier: "_elt_publishes"}
	}
	return project.QuoteIdent(database) + "." + project.QuoteIdent(Schema),
		project.Relation{Database: database, Schema: Schema, Identifier: "publishes"}
}

// PutMarks returns statements that create the marks' table and replace the marks of a
// home by new ones. kind is the type of the database as duckdb_databases() has it.
func PutMarks(database, kind, home string, all []Mark) []string {
	schema, table := marks(database, kind)
	var out []string
	if schema != "" {
		out = append(out, "create schema if not exists "+schema)
	}
	out = append(out,
		fmt.Sprintf("create table if not exists %s (run_id varchar, step integer, home varchar, done boolean)", table),
		fmt.Sprintf("delete from %s where home = %s", table, text(home)))
	rows := make([][]string, len(all))
	for i, m := range all {
		rows[i] = []string{text(m.RunID), number(int64(m.Step)), text(m.Home), fmt.Sprint(m.Done)}
	}
	return append(out, insert(table.String(), rows)...)
}

// SetDone says in an attached database that an intent was carried out.
func SetDone(database, kind string, in Intent) string {
	_, table := marks(database, kind)
	return fmt.Sprintf("update %s set done = true where run_id = %s and step = %d", table, text(in.RunID), in.Step)
}

// Marks returns the marks of an attached database, none where elt never published there.
func Marks(ctx context.Context, s engine.Session, database, kind string) ([]Mark, error) {
	_, table := marks(database, kind)
	t, err := s.Query(ctx, fmt.Sprintf("select 1 from duckdb_tables() where database_name = %s and schema_name = %s and table_name = %s",
		text(database), text(table.Schema), text(table.Identifier)))
	if err != nil || len(t.Rows) == 0 {
		return nil, err
	}
	if t, err = s.Query(ctx, "select run_id, step, home, done from "+table.String()); err != nil {
		return nil, err
	}
	out := make([]Mark, len(t.Rows))
	for i, r := range t.Rows {
		out[i] = Mark{RunID: str(r[0]), Step: int(integer(r[1])), Home: str(r[2]), Done: boolean(r[3])}
	}
	return out, nil
}
