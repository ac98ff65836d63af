package state

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"elt/compiler/project"
	"elt/runner/engine"
)

// NodeState is a row of _elt.node_state: what a published relation was made of.
type NodeState struct {
	UniqueID     string
	Relation     project.Relation
	Materialized string
	RunID        string
	PublishedAt  time.Time
	SQLHash      string
	ConfigHash   string
	Rows         int64
	Fingerprint  string // all that it was made of, as JSON; "" where that is not known
}

// PutNodeStates replaces the states of relations. A node that is published under
// several names, by several targets perhaps, has a row for each. In the log the newest counts.
func (b Book) PutNodeStates(states []NodeState) []string {
	var out []string
	ids := make([]string, len(states))
	for i, n := range states {
		ids[i] = n.Relation.Database + "." + n.Relation.Schema + "." + n.Relation.Identifier
	}
	for start := 0; start < len(ids) && b.Direct; start += batch {
		out = append(out, fmt.Sprintf("delete from %s where %s in (%s)", name(b.Database, shelfOf(kindState).table), stateKey, texts(ids[start:min(start+batch, len(ids))])))
	}
	return append(out, b.InsertNodeStates(states)...)
}

// InsertNodeStates notes what is published where none of it was before.
func (b Book) InsertNodeStates(states []NodeState) []string {
	rows := make([]facts, len(states))
	for i, n := range states {
		rows[i] = facts{
			"unique_id": n.UniqueID, "database_name": n.Relation.Database, "schema_name": n.Relation.Schema, "identifier": n.Relation.Identifier,
			"materialized": n.Materialized, "run_id": n.RunID, "published_at": n.PublishedAt,
			"sql_hash": n.SQLHash, "config_hash": n.ConfigHash, "rows": knownCount(n.Rows), "fingerprint": n.Fingerprint,
		}
	}
	return b.note(kindState, rows)
}

// NodeStates returns the state of every node that was ever published, by unique_id: that of
// its newest publish, which is the one recorded last, whatever the clock said.
func NodeStates(ctx context.Context, s engine.Session, database string) (map[string]NodeState, error) {
	t, err := s.Query(ctx, `select unique_id, database_name, schema_name, identifier, materialized,
		run_id, published_at, sql_hash, config_hash, rows from `+name(database, "node_state")+" order by rowid")
	if err != nil {
		return nil, err
	}
	out := make(map[string]NodeState, len(t.Rows))
	for _, r := range t.Rows {
		out[str(r[0])] = NodeState{
			UniqueID: str(r[0]), Relation: project.Relation{Database: str(r[1]), Schema: str(r[2]), Identifier: str(r[3])},
			Materialized: str(r[4]), RunID: str(r[5]), PublishedAt: when(r[6]),
			SQLHash: str(r[7]), ConfigHash: str(r[8]), Rows: count(r[9]),
		}
	}
	return out, nil
}

// Fingerprints returns the state of each published relation with its fingerprint, if the tables have
// one, by the key of the relation. version is that of the tables, and not 0.
func Fingerprints(ctx context.Context, s engine.Session, database string, version int) (map[string]NodeState, error) {
	r := Recent{States: map[string]NodeState{}}
	err := pastStates(ctx, s, database, version, r.States)
	if err == nil && version >= LogVersion {
		_, err = r.readLog(ctx, s, database)
	}
	return r.States, err
}

// pastStates reads the states that are not in the log.
func pastStates(ctx context.Context, s engine.Session, database string, version int, into map[string]NodeState) error {
	table := shelfOf(kindState).view
	names := "unique_id, database_name, schema_name, identifier, materialized, run_id, published_at, rows"
	if version >= LogVersion { // the view takes twice as long to bind
		table = shelfOf(kindState).table
	}
	if version >= FingerprintsVersion {
		names += ", fingerprint"
	}
	t, err := s.Query(ctx, "select "+names+" from "+name(database, table))
	if err != nil {
		return err
	}
	for _, r := range t.Rows {
		n := NodeState{
			UniqueID: str(r[0]), Relation: project.Relation{Database: str(r[1]), Schema: str(r[2]), Identifier: str(r[3])},
			Materialized: str(r[4]), RunID: str(r[5]), PublishedAt: when(r[6]), Rows: count(r[7]),
		}
		if len(r) > 8 {
			n.Fingerprint = str(r[8])
		}
		into[n.Relation.Key()] = n
	}
	return nil
}

// Recent is what a run wants to know of those before it.
type Recent struct {
	States map[string]NodeState // as [Fingerprints] has them
	Last   Run                  // as [LastRun] has it
	Taken  []LedgerFile         // the part of the ledger that is in the log
}

// Noted asks for all of it, of tables that have at least [LogVersion], in as few queries as may be. filled
// says whether there is anything in the table of states.
func Noted(ctx context.Context, s engine.Session, database string, filled bool) (Recent, error) {
	r := Recent{States: map[string]NodeState{}}
	if filled {
		if err := pastStates(ctx, s, database, LogVersion, r.States); err != nil {
			return r, err
		}
	}
	known, err := r.readLog(ctx, s, database)
	if err == nil && !known {
		r.Last, err = newestRun(ctx, s, database)
	}
	return r, err
}

// readLog puts what the log has over what there is, and reports whether a run is noted in it.
func (r *Recent) readLog(ctx context.Context, s engine.Session, database string) (known bool, err error) {
	t, err := s.Query(ctx, "select kind, body from "+name(database, LogTable)+" where kind in ("+texts([]string{kindState, kindRun, kindTaken})+") order by rowid")
	if err != nil {
		return false, err
	}
	for _, row := range t.Rows {
		switch kind, body := str(row[0]), str(row[1]); kind {
		case kindRun:
			known = true
			r.Last, err = parseRun(body)
		case kindTaken:
			var file LedgerFile
			file, err = parseTaken(body)
			r.Taken = append(r.Taken, file)
		default:
			var n NodeState
			n, err = parseState(body)
			r.States[n.Relation.Key()] = n
		}
		if err != nil {
			return false, err
		}
	}
	return known, nil
}

// parseState reads a state in the log.
func parseState(body string) (NodeState, error) {
	row := struct {
		UniqueID     string `json:"unique_id"`
		Database     string `json:"database_name"`
		Schema       string `json:"schema_name"`
		Identifier   string `json:"identifier"`
		Materialized string `json:"materialized"`
		RunID        string `json:"run_id"`
		PublishedAt  string `json:"published_at"`
		Rows         *int64 `json:"rows"`
		Fingerprint  string `json:"fingerprint"`
	}{}
	if err := json.Unmarshal([]byte(body), &row); err != nil {
		return NodeState{}, err
	}
	n := NodeState{
		UniqueID: row.UniqueID, Relation: project.Relation{Database: row.Database, Schema: row.Schema, Identifier: row.Identifier},
		Materialized: row.Materialized, RunID: row.RunID, Rows: -1, Fingerprint: row.Fingerprint,
	}
	if row.Rows != nil {
		n.Rows = *row.Rows
	}
	n.PublishedAt, _ = time.Parse(timeLayout, row.PublishedAt) // what elt has written can be read
	return n, nil
}

// LakeFile is a row of _elt.lake_files: a raw file a run has read.
type LakeFile struct {
	RunID, UniqueID, Path string
	Bytes                 int64
	ModifiedAt            time.Time
}

// InsertLakeFiles records the raw files of a run.
func (b Book) InsertLakeFiles(files []LakeFile) []string {
	rows := make([]facts, len(files))
	for i, f := range files {
		rows[i] = facts{"run_id": f.RunID, "unique_id": f.UniqueID, "path": f.Path, "bytes": knownCount(f.Bytes), "modified_at": f.ModifiedAt}
	}
	return b.note(kindFile, rows)
}

// LakeFiles returns the raw files that a run has read.
func LakeFiles(ctx context.Context, s engine.Session, database, runID string) ([]LakeFile, error) {
	t, err := s.Query(ctx, `select run_id, unique_id, path, bytes, modified_at from `+name(database, "lake_files")+
		" where run_id = "+text(runID)+" order by unique_id, path")
	if err != nil {
		return nil, err
	}
	out := make([]LakeFile, len(t.Rows))
	for i, r := range t.Rows {
		out[i] = LakeFile{RunID: str(r[0]), UniqueID: str(r[1]), Path: str(r[2]), Bytes: count(r[3]), ModifiedAt: when(r[4])}
	}
	return out, nil
}

// parseList reads a JSON list of strings.
func parseList(jsonText string) []string {
	var out []string
	if err := json.Unmarshal([]byte(jsonText), &out); err != nil {
		return nil // NULL, or not written by elt
	}
	return out
}
