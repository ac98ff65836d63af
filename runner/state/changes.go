package state

import (
	"context"
	"fmt"

	"elt/compiler/project"
	"elt/runner/engine"
)

// ChangeHead is a row of _elt.change_heads: a relation whose changes others read.
type ChangeHead struct {
	Relation string // see [ChangeKey]
	Seq      int64  // of its last publish
	Base     int64  // all changes behind this one are known: they are kept, or everybody has seen them
	RunID    string // of that publish
	Columns  string // it had then
}

// ChangeKey is how a relation of the target's own database is called there: without the
// database, so that its file may get another name.
func ChangeKey(rel project.Relation) string {
	return project.Relation{Schema: rel.Schema, Identifier: rel.Identifier}.String()
}

// ChangeHeads returns the relations whose changes are known.
func ChangeHeads(ctx context.Context, s engine.Session, database string) (map[string]ChangeHead, error) {
	t, err := s.Query(ctx, "select relation, seq, base, run_id, columns from "+name(database, "change_heads"))
	if err != nil {
		return nil, err
	}
	out := make(map[string]ChangeHead, len(t.Rows))
	for _, r := range t.Rows {
		out[str(r[0])] = ChangeHead{Relation: str(r[0]), Seq: integer(r[1]), Base: integer(r[2]), RunID: str(r[3]), Columns: str(r[4])}
	}
	return out, nil
}

// ChangeMarks returns which publish each reader has seen last, by reader and relation.
func ChangeMarks(ctx context.Context, s engine.Session, database string) (map[[2]string]int64, error) {
	t, err := s.Query(ctx, "select reader, relation, seq from "+name(database, "change_marks"))
	if err != nil {
		return nil, err
	}
	out := make(map[[2]string]int64, len(t.Rows))
	for _, r := range t.Rows {
		out[[2]string{str(r[0]), str(r[1])}] = integer(r[2])
	}
	return out, nil
}

// LastPublishes returns the run that has published each relation of a database last, by
// [ChangeKey]. What is published later is recorded later, whatever the clock said.
func LastPublishes(ctx context.Context, s engine.Session, database string) (map[string]string, error) {
	t, err := s.Query(ctx, "select schema_name, identifier, run_id from "+name(database, "node_state")+
		" where database_name = "+text(database)+" order by rowid")
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(t.Rows))
	for _, r := range t.Rows {
		out[ChangeKey(project.Relation{Schema: str(r[0]), Identifier: str(r[1])})] = str(r[2])
	}
	return out, nil
}

// PutChangeHead replaces what is known of a relation.
func PutChangeHead(database string, h ChangeHead) []string {
	table := name(database, "change_heads")
	return append([]string{"delete from " + table + " where relation = " + text(h.Relation)},
		insert(table, [][]string{{text(h.Relation), number(h.Seq), number(h.Base), text(h.RunID), text(h.Columns)}})...)
}

// PutChangeMarks replaces what a reader has seen, by relation.
func PutChangeMarks(database, reader string, seen map[string]int64, relations []string) []string {
	table := name(database, "change_marks")
	rows := make([][]string, len(relations))
	for i, rel := range relations {
		rows[i] = []string{text(reader), text(rel), number(seen[rel])}
	}
	return append([]string{"delete from " + table + " where reader = " + text(reader)}, insert(table, rows)...)
}

// ForgetReaders forgets what readers of a relation have seen but for some: for the others no
// changes are kept.
func ForgetReaders(database, relation string, but []string) string {
	return fmt.Sprintf("delete from %s where relation = %s and reader not in (%s)", name(database, "change_marks"), text(relation), texts(but))
}

// SeqColumn is the column of a change log that says by which publish a row came or went.
const SeqColumn = "_elt_seq"

// ChangeLog is the table of the changes of a relation that some reader has not seen.
func ChangeLog(database, relation string) project.Relation {
	return project.Relation{Database: database, Schema: Schema, Identifier: "changes of " + relation}
}

// LogChanges returns the statements that keep the changes of one publish: query has the
// rows with the column column, which says "in" or "out".
func LogChanges(log project.Relation, query string, seq int64) []string {
	rows := fmt.Sprintf("select %d::bigint as %s, *\nfrom (%s)", seq, SeqColumn, query)
	return []string{
		fmt.Sprintf("create table if not exists %s as %s\nwith no data", log, rows),
		fmt.Sprintf("insert into %s by name\n%s", log, rows),
	}
}
