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
// several names, by several targets perhaps, has a row for each.
func PutNodeStates(database string, states []NodeState) []string {
	var out []string
	ids := make([]string, len(states))
	for i, n := range states {
		ids[i] = n.Relation.Database + "." + n.Relation.Schema + "." + n.Relation.Identifier
	}
	for start := 0; start < len(ids); start += batch {
		out = append(out, fmt.Sprintf("delete from %s where concat_ws('.', database_name, schema_name, identifier) in (%s)", name(database, "node_state"), texts(ids[start:min(start+batch, len(ids))])))
	}
	return append(out, InsertNodeStates(database, states)...)
}

// InsertNodeStates notes what is published where none of it was before.
func InsertNodeStates(database string, states []NodeState) []string {
	rows := make([][]string, len(states))
	for i, n := range states {
		rows[i] = []string{
			text(n.UniqueID), text(n.Relation.Database), text(n.Relation.Schema), text(n.Relation.Identifier),
			text(n.Materialized), text(n.RunID), Time(n.PublishedAt),
			text(n.SQLHash), text(n.ConfigHash), known(n.Rows), text(n.Fingerprint),
		}
	}
	return insert(name(database, "node_state"), rows)
}

// PublishedRelations returns every relation that elt has published.
func PublishedRelations(ctx context.Context, s engine.Session, database string) ([]project.Relation, error) {
	t, err := s.Query(ctx, "select database_name, schema_name, identifier from "+name(database, "node_state"))
	if err != nil {
		return nil, err
	}
	out := make([]project.Relation, len(t.Rows))
	for i, r := range t.Rows {
		out[i] = project.Relation{Database: str(r[0]), Schema: str(r[1]), Identifier: str(r[2])}
	}
	return out, nil
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

// Fingerprints returns the state of each published relation with its fingerprint, by the key of the
// relation. The tables have at least [FingerprintsVersion].
func Fingerprints(ctx context.Context, s engine.Session, database string) (map[string]NodeState, error) {
	t, err := s.Query(ctx, `select unique_id, database_name, schema_name, identifier, materialized,
		run_id, published_at, rows, fingerprint from `+name(database, "node_state"))
	if err != nil {
		return nil, err
	}
	out := make(map[string]NodeState, len(t.Rows))
	for _, r := range t.Rows {
		n := NodeState{
			UniqueID: str(r[0]), Relation: project.Relation{Database: str(r[1]), Schema: str(r[2]), Identifier: str(r[3])},
			Materialized: str(r[4]), RunID: str(r[5]), PublishedAt: when(r[6]), Rows: count(r[7]), Fingerprint: str(r[8]),
		}
		out[n.Relation.Key()] = n
	}
	return out, nil
}

// LakeFile is a row of _elt.lake_files: a raw file a run has read.
type LakeFile struct {
	RunID, UniqueID, Path string
	Bytes                 int64
	ModifiedAt            time.Time
}

// InsertLakeFiles records the raw files of a run.
func InsertLakeFiles(database string, files []LakeFile) []string {
	rows := make([][]string, len(files))
	for i, f := range files {
		rows[i] = []string{text(f.RunID), text(f.UniqueID), text(f.Path), known(f.Bytes), Time(f.ModifiedAt)}
	}
	return insert(name(database, "lake_files"), rows)
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
