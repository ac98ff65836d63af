package state

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"elt/compiler/project"
	"elt/runner/engine"
)

// Run is a row of _elt.runs.
type Run struct {
	RunID, Command, Target, EltVersion string
	StartedAt, FinishedAt, PublishedAt time.Time // zero where it did not happen
	Outcome                            string    // "" while it runs, and for ever if it was killed
	Options                            string    // JSON: what a retry must repeat, and where files may have been left
	Selected                           []string  // unique_ids, in plan order
	RetryOf                            string
}

// The outcomes of a run.
const (
	OutcomeSuccess     = "success"
	OutcomeFailed      = "failed"
	OutcomeInterrupted = "interrupted"
)

// InsertRun records that a run has begun.
func (b Book) InsertRun(r Run) string {
	return b.note(kindRun, []facts{{
		"run_id": r.RunID, "command": r.Command, "target": r.Target, "elt_version": r.EltVersion,
		"started_at": r.StartedAt, "finished_at": r.FinishedAt, "published_at": r.PublishedAt, "outcome": r.Outcome,
		"options": r.Options, "selected": r.Selected, "retry_of": r.RetryOf,
	}})[0]
}

// FinishRun records how a run ended. published is zero where nothing was published.
func (b Book) FinishRun(runID, outcome string, finished, published time.Time) string {
	return b.change(kindRun, runID, facts{"finished_at": finished, "published_at": published, "outcome": outcome})
}

// NotePublish records that a run has published something and is not over: what it has promised
// for other databases is still to be done.
func (b Book) NotePublish(runID string, published time.Time) string {
	return b.change(kindRun, runID, facts{"published_at": published})
}

// SetOptions replaces the options of a run.
func (b Book) SetOptions(runID, options string) string {
	return b.change(kindRun, runID, facts{"options": options})
}

const runColumns = "run_id, command, target, elt_version, started_at, finished_at, published_at, outcome, options, to_json(selected)::varchar, retry_of"

// Runs returns the newest runs, newest first; those that had a node if one is named.
// A limit below zero means all. They are in the order in which they were recorded: that of
// their times is not to be trusted where a clock was set back.
func Runs(ctx context.Context, s engine.Session, database, node string, limit int) ([]Run, error) {
	sql := "select " + runColumns + " from " + name(database, "runs")
	if node != "" {
		sql += " where list_contains(selected, " + text(node) + ")"
	}
	sql += " order by rowid desc"
	if limit >= 0 {
		sql += fmt.Sprintf(" limit %d", limit)
	}
	t, err := s.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	runs := make([]Run, len(t.Rows))
	for i, r := range t.Rows {
		runs[i] = Run{
			RunID: str(r[0]), Command: str(r[1]), Target: str(r[2]), EltVersion: str(r[3]),
			StartedAt: when(r[4]), FinishedAt: when(r[5]), PublishedAt: when(r[6]),
			Outcome: str(r[7]), Options: str(r[8]), Selected: parseList(str(r[9])), RetryOf: str(r[10]),
		}
	}
	return runs, nil
}

// LastRun returns the id, the outcome and the options of the run that was recorded last; nothing where
// there is none. version is that of the tables.
func LastRun(ctx context.Context, s engine.Session, database string, version int) (Run, error) {
	if version < LogVersion {
		return newestRun(ctx, s, database)
	}
	t, err := s.Query(ctx, "select body from "+name(database, LogTable)+" where kind = "+text(kindRun)+" order by rowid desc limit 1")
	if err != nil {
		return Run{}, err
	}
	if len(t.Rows) > 0 {
		return parseRun(str(t.Rows[0][0]))
	}
	return newestRun(ctx, s, database)
}

// parseRun reads of a run in the log what [LastRun] tells.
func parseRun(body string) (Run, error) {
	var row struct {
		RunID   string `json:"run_id"`
		Outcome string `json:"outcome"`
		Options string `json:"options"`
	}
	err := json.Unmarshal([]byte(body), &row)
	return Run{RunID: row.RunID, Outcome: row.Outcome, Options: row.Options}, err
}

func newestRun(ctx context.Context, s engine.Session, database string) (Run, error) {
	runs, err := Runs(ctx, s, database, "", 1)
	if err != nil || len(runs) == 0 {
		return Run{}, err
	}
	return Run{RunID: runs[0].RunID, Outcome: runs[0].Outcome, Options: runs[0].Options}, nil
}

// LastPublish returns the run_id of the newest run that has published something; "" where
// none has. Runs are recorded one after the other, so the newest is the last recorded, whatever the
// clock said.
func LastPublish(ctx context.Context, s engine.Session, database string) (string, error) {
	t, err := s.Query(ctx, "select run_id from "+name(database, "runs")+" where published_at is not null order by rowid desc limit 1")
	if err != nil || len(t.Rows) == 0 {
		return "", err
	}
	return str(t.Rows[0][0]), nil
}

// Result is a row of _elt.node_results.
type Result struct {
	RunID, UniqueID, ResourceType, Status string
	StartedAt                             time.Time
	CompileTime, ExecuteTime              time.Duration
	Rows, Failures                        int64 // -1 if not known
	Message, SkippedFor, HeldFor          string
	Published                             bool
	SQLHash, ConfigHash                   string
	Sample                                string // JSON: first failing rows of a test
}

// InsertResults records what came of nodes.
func (b Book) InsertResults(results []Result) []string {
	rows := make([]facts, len(results))
	for i, r := range results {
		rows[i] = facts{
			"run_id": r.RunID, "unique_id": r.UniqueID, "resource_type": r.ResourceType, "status": r.Status, "started_at": r.StartedAt,
			"compile_seconds": json.RawMessage(seconds(r.CompileTime)), "execute_seconds": json.RawMessage(seconds(r.ExecuteTime)),
			"rows": knownCount(r.Rows), "failures": knownCount(r.Failures), "message": r.Message, "skipped_for": r.SkippedFor,
			"held_for": r.HeldFor, "published": r.Published, "sql_hash": r.SQLHash, "config_hash": r.ConfigHash, "sample": r.Sample,
		}
	}
	return b.note(kindResult, rows)
}

// DeleteResults forgets the results of a run.
func (b Book) DeleteResults(runID string) string {
	if b.Direct {
		return fmt.Sprintf("delete from %s where run_id = %s", name(b.Database, shelfOf(kindResult).table), text(runID))
	}
	return fmt.Sprintf("delete from %s where kind = %s and run_id = %s", name(b.Database, LogTable), text(kindResult), text(runID))
}

// MarkPublished returns the statements that record that nodes of a run, one or more unique_ids, are
// published now. version is that of the state's tables.
func MarkPublished(database string, version int, runID string, nodes []string) []string {
	mark := "update %s set published = true where run_id = %s and unique_id in (%s)"
	if version < LogVersion {
		return []string{fmt.Sprintf(mark, name(database, shelfOf(kindResult).view), text(runID), texts(nodes))}
	}
	return []string{
		fmt.Sprintf(mark, name(database, shelfOf(kindResult).table), text(runID), texts(nodes)),
		fmt.Sprintf("update %s set body = json_merge_patch(body, '{\"published\":true}')::varchar where kind = %s and run_id = %s and json_extract_string(body, '$.unique_id') in (%s)",
			name(database, LogTable), text(kindResult), text(runID), texts(nodes)),
	}
}

// Results returns the results of runs, or of all runs where none is named, in the
// order in which they were recorded.
func Results(ctx context.Context, s engine.Session, database string, runIDs ...string) ([]Result, error) {
	sql := `select run_id, unique_id, resource_type, status, started_at, compile_seconds, execute_seconds,
		rows, failures, message, skipped_for, held_for, published, sql_hash, config_hash, sample from ` + name(database, "node_results")
	if len(runIDs) > 0 {
		sql += " where run_id in (" + texts(runIDs) + ")"
	}
	t, err := s.Query(ctx, sql+" order by rowid")
	if err != nil {
		return nil, err
	}
	results := make([]Result, len(t.Rows))
	for i, r := range t.Rows {
		results[i] = Result{
			RunID: str(r[0]), UniqueID: str(r[1]), ResourceType: str(r[2]), Status: str(r[3]),
			StartedAt: when(r[4]), CompileTime: duration(r[5]), ExecuteTime: duration(r[6]),
			Rows: count(r[7]), Failures: count(r[8]), Message: str(r[9]), SkippedFor: str(r[10]), HeldFor: str(r[11]),
			Published: boolean(r[12]), SQLHash: str(r[13]), ConfigHash: str(r[14]), Sample: str(r[15]),
		}
	}
	return results, nil
}

// CandidatesTable is the table of candidates.
const CandidatesTable = "candidates"

// Candidate is a row of _elt.candidates: something a run has made and not published.
type Candidate struct {
	RunID, UniqueID string
	Relation        project.Relation // of the hidden table; no identifier for a view
	Kind            string           // one of the Kind constants
	ViewSQL         string           // how readers see it, published names; "" for the table itself
	SQLHash         string
	ConfigHash      string
	Rows            int64
	MadeAt          time.Time
}

// The kinds of candidates.
const (
	KindTable = "table" // the hidden table holds the whole relation
	KindDelta = "delta" // the hidden table holds the new rows only
	KindView  = "view"  // there is only a text
	// KindFailed is a hidden table that was made and then found bad: it can be looked
	// at and is never published.
	KindFailed = "failed"
)

// InsertCandidates records candidates.
func InsertCandidates(database string, candidates []Candidate) []string {
	rows := make([][]string, len(candidates))
	for i, c := range candidates {
		rows[i] = []string{
			text(c.RunID), text(c.UniqueID),
			text(c.Relation.Database), text(c.Relation.Schema), text(c.Relation.Identifier),
			text(c.Kind), text(c.ViewSQL), text(c.SQLHash), text(c.ConfigHash), known(c.Rows), Time(c.MadeAt),
		}
	}
	return insert(name(database, CandidatesTable), rows)
}

// DeleteCandidates forgets candidates of all runs but the named ones.
func DeleteCandidates(database string, keepRuns ...string) string {
	sql := "delete from " + name(database, CandidatesTable)
	if len(keepRuns) > 0 {
		sql += " where run_id not in (" + texts(keepRuns) + ")"
	}
	return sql
}

// ForgetCandidates forgets the candidates of nodes that have been published.
func ForgetCandidates(database string, ids []string) []string {
	var out []string
	for len(ids) > 0 {
		n := min(batch, len(ids))
		out = append(out, fmt.Sprintf("delete from %s where unique_id in (%s)",
			name(database, CandidatesTable), texts(ids[:n])))
		ids = ids[n:]
	}
	return out
}

// Candidates returns all recorded candidates, in the order in which they were made.
func Candidates(ctx context.Context, s engine.Session, database string) ([]Candidate, error) {
	t, err := s.Query(ctx, `select run_id, unique_id, database_name, schema_name, table_name, kind,
		view_sql, sql_hash, config_hash, rows, made_at from `+name(database, CandidatesTable)+" order by rowid")
	if err != nil {
		return nil, err
	}
	out := make([]Candidate, len(t.Rows))
	for i, r := range t.Rows {
		out[i] = Candidate{
			RunID: str(r[0]), UniqueID: str(r[1]),
			Relation: project.Relation{Database: str(r[2]), Schema: str(r[3]), Identifier: str(r[4])},
			Kind:     str(r[5]), ViewSQL: str(r[6]), SQLHash: str(r[7]), ConfigHash: str(r[8]),
			Rows: count(r[9]), MadeAt: when(r[10]),
		}
	}
	return out, nil
}

// texts is a list of string literals.
func texts(items []string) string {
	quoted := make([]string, len(items))
	for i, s := range items {
		quoted[i] = project.QuoteString(s)
	}
	return strings.Join(quoted, ", ")
}

// TestResult is what a test came to when it was last run, and in which run.
type TestResult struct {
	Result
	EltVersion, Options string          // of the run
	Made                map[string]bool // unique_ids of what else the run was about; shared by its tests
}

// testTexts is how many texts of one test its newest results are returned of.
const testTexts = 8

// LastTests returns the newest results of every data test and unit test, by unique_id: newest
// first, one for each text that its SQL had, of the last eight. Targets that share a database, and
// names of schemas that change, make other texts of one test.
func LastTests(ctx context.Context, s engine.Session, database string) (map[string][]TestResult, error) {
	results, runs := name(database, "node_results"), name(database, "runs")
	t, err := s.Query(ctx, `with latest as (select max(rowid) as newest from `+results+` where resource_type in ('test', 'unit_test') group by unique_id, sql_hash
			qualify row_number() over (partition by unique_id order by newest desc) <= `+fmt.Sprint(testTexts)+`)
		select r.run_id, r.unique_id, r.status, r.started_at, r.sql_hash, r.config_hash, u.elt_version, u.options
		from `+results+` r join latest on r.rowid = latest.newest left join `+runs+` u on u.run_id = r.run_id order by r.rowid desc`)
	if err != nil {
		return nil, err
	}
	out := make(map[string][]TestResult, len(t.Rows))
	made := map[string]map[string]bool{}
	for _, r := range t.Rows {
		one := TestResult{Result: Result{
			RunID: str(r[0]), UniqueID: str(r[1]), Status: str(r[2]), StartedAt: when(r[3]), SQLHash: str(r[4]), ConfigHash: str(r[5]),
		}, EltVersion: str(r[6]), Options: str(r[7])}
		if made[one.RunID] == nil {
			made[one.RunID] = map[string]bool{}
		}
		one.Made = made[one.RunID]
		out[one.UniqueID] = append(out[one.UniqueID], one)
	}
	if len(made) == 0 {
		return out, nil
	}
	t, err = s.Query(ctx, "select run_id, unique_id from "+results+" where resource_type not in ('test', 'unit_test') and run_id in ("+
		texts(slices.Sorted(maps.Keys(made)))+")")
	if err != nil {
		return nil, err
	}
	for _, r := range t.Rows {
		made[str(r[0])][str(r[1])] = true
	}
	return out, nil
}

// RunOrder says of each run the how manieth it is in the order in which runs were recorded, from 1,
// whatever the clock said.
func RunOrder(ctx context.Context, s engine.Session, database string) (map[string]int, error) {
	t, err := s.Query(ctx, "select run_id from "+name(database, "runs")+" order by rowid")
	if err != nil {
		return nil, err
	}
	order := make(map[string]int, len(t.Rows))
	for i, r := range t.Rows {
		order[str(r[0])] = i + 1
	}
	return order, nil
}
