package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner"
)

func (l *EventLog) runStarted(e runner.RunStarted) {
	l.total = len(e.Nodes)
	l.write(event{name: "FoundStats", code: "W006", level: Info, msg: "Found " + statLine(e.Nodes),
		data: map[string]any{"stat_line": statLine(e.Nodes)}})
	l.write(event{name: "ConcurrencyLine", code: "Q027", level: Info,
		msg:  fmt.Sprintf("Concurrency: %d threads (target='%s')", e.Workers, e.Target),
		data: map[string]any{"num_threads": e.Workers, "target_name": e.Target, "node_count": l.total}})
}

func (l *EventLog) nodeStarted(e runner.NodeStarted) {
	n := e.Node
	at := l.indexOf(n.UniqueID)
	l.started[n.UniqueID] = e.At
	info := nodeInfo(n, "started", e.At, time.Time{})
	l.write(event{name: "NodeStart", code: "Q024", level: Debug, msg: "Began running node " + n.UniqueID, data: map[string]any{"node_info": info}})
	name, code := "LogStartLine", "Q011"
	if n.Type == project.Operation {
		name, code = "LogHookStartLine", "Q032"
	}
	l.write(event{name: name, code: code, level: Info,
		msg:  dots(fmt.Sprintf("%d of %d START %s", at, l.total, description(n)), "RUN"),
		data: map[string]any{"description": description(n), "index": at, "total": l.total, "node_info": info}})
}

func (l *EventLog) indexOf(id string) int {
	if l.index[id] == 0 {
		l.index[id] = len(l.index) + 1
	}
	return l.index[id]
}

// nodeFinished writes how a node ended, under the name that dbt has for its kind.
func (l *EventLog) nodeFinished(r *runner.NodeResult) {
	n := r.Node
	at := l.indexOf(n.UniqueID)
	began := r.StartedAt
	if began.IsZero() {
		began = l.started[n.UniqueID]
	}
	took := r.CompileTime + r.ExecuteTime
	info := nodeInfo(n, string(r.Status), began, began.Add(took))
	if r.Status == runner.Skipped {
		l.skipped(n, at, nodeInfo(n, "skipped", began, time.Time{}))
		return
	}
	thread := fmt.Sprintf("Thread-%d (worker)", r.Worker+1)
	e := l.resultEvent(r, at, took)
	e.thread, e.level = thread, levelOf(r.Status)
	e.data["node_info"], e.data["index"], e.data["execution_time"] = info, at, took.Seconds()
	l.write(e)
	for _, d := range r.Diagnostics {
		if r.Status == runner.Success {
			l.diagnostic(d)
		}
	}
	l.write(event{name: "NodeFinished", code: "Q025", level: Debug, thread: thread, msg: "Finished running node " + n.UniqueID,
		data: map[string]any{"node_info": info, "run_result": map[string]any{
			"status": string(r.Status), "message": r.Message, "execution_time": took.Seconds(), "thread": thread,
			"num_failures": max(r.Failures, 0), "adapter_response": map[string]any{"_message": "OK"},
			"timing_info": []map[string]any{
				{"name": "compile", "started_at": stamp(began), "completed_at": stamp(began.Add(r.CompileTime))},
				{"name": "execute", "started_at": stamp(began.Add(r.CompileTime)), "completed_at": stamp(began.Add(took))},
			},
		}}})
}

func (l *EventLog) skipped(n *project.Node, at int, info map[string]any) {
	what := "SKIP " + string(n.Type) + " " + n.Name
	if n.Relation.Identifier != "" && n.Type != project.Test && n.Type != project.UnitTest {
		what = "SKIP relation " + n.Relation.Schema + "." + n.Relation.Identifier
	}
	l.write(event{name: "SkippingDetails", code: "Q034", level: Info, msg: dots(fmt.Sprintf("%d of %d %s", at, l.total, what), "SKIP"),
		data: map[string]any{"index": at, "total": l.total, "node_name": n.Name, "resource_type": string(n.Type),
			"schema": n.Relation.Schema, "node_info": info}})
}

// resultEvent is the event of a node by its kind, without what all of them have.
func (l *EventLog) resultEvent(r *runner.NodeResult, at int, took time.Duration) event {
	n := r.Node
	failed := r.Status == runner.Errored || r.Status == runner.Failed
	line := func(done, what, word string) string {
		if failed {
			done = "ERROR " + map[bool]string{true: "loading", false: "creating"}[n.Type == project.Seed]
		}
		return dots(fmt.Sprintf("%d of %d %s %s", at, l.total, done, what), word+" in "+fmt.Sprintf("%.2fs", took.Seconds()))
	}
	word := strings.ToUpper(string(r.Status))
	if r.Status == runner.Success {
		word = "OK"
	}
	data := map[string]any{"status": string(r.Status), "total": l.total, "description": description(n)}
	switch n.Type {
	case project.Test, project.UnitTest:
		if r.Failures > 0 && (failed || r.Status == runner.Warned) {
			word += fmt.Sprintf(" %d", r.Failures)
		}
		data["name"], data["num_failures"], data["num_models"] = n.Name, max(r.Failures, 0), l.total
		if n.Test != nil {
			data["attached_node"] = n.Test.Attached
		}
		msg := dots(fmt.Sprintf("%d of %d %s %s", at, l.total, word, n.Name), word+" in "+fmt.Sprintf("%.2fs", took.Seconds()))
		return event{name: "LogTestResult", code: "Q007", msg: msg, data: data}
	case project.Seed:
		data["relation"], data["schema"], data["result_message"] = n.Relation.Identifier, n.Relation.Schema, word
		return event{name: "LogSeedResult", code: "Q016", msg: line("OK loaded", description(n), word), data: data}
	case project.Snapshot:
		return event{name: "LogSnapshotResult", code: "Q015", msg: line("OK snapshotted", description(n), word), data: data}
	case project.Operation:
		return event{name: "LogHookEndLine", code: "Q033", msg: line("OK", description(n), word), data: data}
	}
	if r.Status == runner.Success {
		data["status"] = "OK"
	}
	return event{name: "LogModelResult", code: "Q012", msg: line("OK created", description(n), word), data: data}
}

func levelOf(s runner.Status) Level {
	switch s {
	case runner.Warned:
		return Warn
	case runner.Failed, runner.Errored, runner.PartialSuccess:
		return Failure
	}
	return Info
}

// runFinished writes what went wrong once more, and the last line of dbt.
func (l *EventLog) runFinished(s runner.Summary) {
	errors := s.Counts[runner.Failed] + s.Counts[runner.Errored]
	for i, r := range s.Idle {
		l.idle(r, len(s.Results)+i+1, len(s.Results)+len(s.Idle))
	}
	stats := plural(len(s.Results)+len(s.Idle), "node")
	l.write(event{name: "FinishedRunningStats", code: "E047", level: Info,
		msg:  fmt.Sprintf("Finished running %s in %.2f seconds.", stats, s.Elapsed.Seconds()),
		data: map[string]any{"stat_line": stats, "execution_time": s.Elapsed.Seconds()}})
	l.write(event{name: "EndOfRunSummary", code: "Z030", level: Info,
		msg: fmt.Sprintf("Completed with %s, %d partial successes, and %s", plural(errors, "error"), s.Counts[runner.PartialSuccess], plural(s.Counts[runner.Warned], "warning")),
		data: map[string]any{"num_errors": errors, "num_warnings": s.Counts[runner.Warned],
			"num_partial_success": s.Counts[runner.PartialSuccess], "keyboard_interrupt": s.Interrupted}})
	for _, r := range s.Results {
		l.outcome(r)
	}
	l.failed = l.failed || !s.OK()
	l.write(event{name: "StatsLine", code: "Z023", level: Info, data: map[string]any{"stats": dbtStats(s)}, msg: DoneLine(s)})
}

// idle tells of an exposure or a saved query, for which nothing is done.
func (l *EventLog) idle(r *runner.NodeResult, at, total int) {
	if r.Status != runner.NoOp {
		return
	}
	what := strings.ReplaceAll(string(r.Node.Type), "_", " ") + " " + r.Node.Name
	l.write(event{name: "LogNodeNoOpResult", code: "Q019", level: Info, msg: dots(fmt.Sprintf("%d of %d NO-OP %s", at, total, what), "NO-OP in 0.00s"),
		data: map[string]any{"description": what, "status": "no-op", "index": at, "total": total, "execution_time": 0.0,
			"node_info": nodeInfo(r.Node, string(r.Status), r.StartedAt, r.StartedAt)}})
}

// dbtStats counts the nodes of a run in dbt's words.
func dbtStats(s runner.Summary) map[string]any {
	skipped := s.Counts[runner.Skipped]
	for _, r := range s.Idle {
		if r.Status == runner.Skipped {
			skipped++
		}
	}
	idle := len(s.Idle) - (skipped - s.Counts[runner.Skipped])
	failed := 0 // of the hooks, which dbt counts too
	for _, r := range s.Hooks {
		if r.Status == runner.Errored {
			failed++
		}
	}
	return map[string]any{
		"pass":  s.Counts[runner.Success] + s.Counts[runner.Pass] + len(s.Hooks) - failed,
		"warn":  s.Counts[runner.Warned],
		"error": s.Counts[runner.Failed] + s.Counts[runner.Errored] + s.Counts[runner.PartialSuccess] + failed,
		"skip":  skipped, "noop": s.Counts[runner.Reused] + idle, "total": len(s.Results) + len(s.Idle) + len(s.Hooks),
	}
}

// DoneLine is the last line of a run of dbt.
func DoneLine(s runner.Summary) string {
	stats := dbtStats(s)
	return fmt.Sprintf("Done. PASS=%d WARN=%d ERROR=%d SKIP=%d NO-OP=%d TOTAL=%d",
		stats["pass"], stats["warn"], stats["error"], stats["skip"], stats["noop"], stats["total"])
}

// outcome tells of a node that failed, warned or is held back, once all is over.
func (l *EventLog) outcome(r *runner.NodeResult) {
	n := r.Node
	info := nodeInfo(n, "None", time.Time{}, time.Time{})
	head := map[string]any{"node_name": n.Name, "path": n.OriginalPath, "resource_type": string(n.Type), "node_info": info}
	body := map[string]any{"msg": r.Message, "node_info": info}
	where := fmt.Sprintf("%s %s (%s)", n.Type, n.Name, n.OriginalPath)
	message := r.Message
	if len(r.Diagnostics) > 0 && r.Status == runner.Errored {
		message = sentence(r.Diagnostics[0])
	}
	body["msg"] = message
	switch {
	case levelOf(r.Status) == Failure:
		l.write(event{name: "RunResultFailure", code: "Z022", level: Failure, msg: "Failure in " + where, data: head})
		l.write(event{name: "RunResultError", code: "Z024", level: Failure, msg: "  " + message, data: body})
	case r.Status == runner.Warned:
		l.write(event{name: "RunResultWarning", code: "Z021", level: Warn, msg: "Warning in " + where, data: head})
		l.write(event{name: "RunResultWarningMessage", code: "Z046", level: Warn, msg: message, data: body})
	case r.HeldFor != "":
		text := fmt.Sprintf("%s was made but is not published, because of %s", n.UniqueID, r.HeldFor)
		l.write(event{name: "Note", code: "Z050", level: Warn, msg: text, data: map[string]any{"msg": text, "node_info": info}})
	}
}

// nodeInfo is what dbt says of a node in every event about it.
func nodeInfo(n *project.Node, status string, began, ended time.Time) map[string]any {
	materialized, sum := n.Materialized(), ""
	switch n.Type {
	case project.Test, project.Seed, project.Snapshot:
		materialized = string(n.Type)
	}
	if n.Type == project.Model {
		h := sha256.Sum256([]byte(strings.TrimSpace(n.RawCode)))
		sum = hex.EncodeToString(h[:])
	}
	name := ""
	if n.Relation.Identifier != "" && n.Type != project.Test {
		name = n.Relation.String()
	}
	return map[string]any{
		"unique_id": n.UniqueID, "resource_type": string(n.Type), "materialized": materialized, "meta": metaOf(n),
		"node_checksum": sum, "node_name": n.Name, "node_path": n.Path, "node_status": status,
		"node_started_at": naive(began), "node_finished_at": naive(ended),
		"node_relation": map[string]any{"alias": n.Relation.Identifier, "database": n.Relation.Database, "schema": n.Relation.Schema, "relation_name": name},
	}
}

// metaOf is the meta of a node, as text: dbt's events carry nothing else.
func metaOf(n *project.Node) map[string]string {
	out := map[string]string{}
	if n.Meta != nil {
		for _, item := range n.Meta.Items() {
			out[template.Str(item.Key)] = template.Str(item.Value)
		}
	}
	return out
}

// naive is a moment in UTC without a zone, as in dbt's node_info; "" for none.
func naive(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000")
}

// description is what dbt calls a node in its lines.
func description(n *project.Node) string {
	name := n.Relation.Schema + "." + n.Relation.Identifier
	switch n.Type {
	case project.Seed:
		return "seed file " + name
	case project.Snapshot:
		return "snapshot " + name
	case project.Test:
		return "test " + n.Name
	case project.UnitTest:
		return "unit_test " + n.Name
	case project.Operation:
		return "hook: " + n.Name
	}
	return "sql " + n.Materialized() + " model " + name
}

func statLine(nodes []*project.Node) string {
	counts := map[project.ResourceType]int{}
	for _, n := range nodes {
		counts[n.Type]++
	}
	var parts []string
	for _, t := range []project.ResourceType{project.Model, project.Seed, project.Snapshot, project.Test, project.UnitTest, project.Operation} {
		if counts[t] > 0 {
			parts = append(parts, plural(counts[t], nounOf(t)))
		}
	}
	return strings.Join(parts, ", ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// dots fills a line up to the width of dbt's.
func dots(text, word string) string {
	const width = 80
	return text + " " + strings.Repeat(".", max(1, width-1-len([]rune(text)))) + " [" + word + "]"
}
