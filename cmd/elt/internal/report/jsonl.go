package report

import (
	"encoding/json"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner"
)

// jsonLines writes one JSON object a line on standard output and nothing else. Every
// object has "type"; keys are snake_case; the last line is always a summary. Apart
// from fields that end in _ms or _at, and run_id, the same run gives the same lines,
// but for the order in which parallel nodes end.
type jsonLines struct {
	mu      sync.Mutex // guards out
	out     *json.Encoder
	command string
	summary *runner.Summary // of a run that is over; it is written last
	failed  bool

	interrupted atomic.Bool
}

func newJSON(o Options) *jsonLines {
	enc := json.NewEncoder(o.Out)
	enc.SetEscapeHTML(false)
	return &jsonLines{out: enc}
}

type jsonRun struct {
	Type    string   `json:"type"`
	RunID   string   `json:"run_id"`
	Command string   `json:"command"`
	Target  string   `json:"target"`
	Nodes   []string `json:"nodes"`
	Workers int      `json:"workers"`
}

type jsonPrinted struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

type jsonStarted struct {
	Type      string    `json:"type"`
	UniqueID  string    `json:"unique_id"`
	StartedAt time.Time `json:"started_at"`
}

type jsonFinished struct {
	Type         string           `json:"type"`
	UniqueID     string           `json:"unique_id"`
	Name         string           `json:"name"`
	ResourceType string           `json:"resource_type"`
	Materialized string           `json:"materialized,omitempty"`
	Relation     string           `json:"relation_name,omitempty"`
	Status       runner.Status    `json:"status"`
	Rows         *int64           `json:"rows,omitempty"`
	Rejected     int64            `json:"rows_rejected,omitempty"`
	Failures     *int64           `json:"failures,omitempty"`
	Message      string           `json:"message,omitempty"`
	SkippedFor   string           `json:"skipped_for,omitempty"`
	Resumed      bool             `json:"resumed,omitempty"`
	Anew         string           `json:"anew,omitempty"`
	Diagnostics  []jsonDiagnostic `json:"diagnostics,omitempty"`
	Sample       *jsonSample      `json:"sample,omitempty"`
	Diff         *jsonDiff        `json:"diff,omitempty"`
	CompileMS    float64          `json:"compile_ms"`
	ExecuteMS    float64          `json:"execute_ms"`
}

type jsonSample struct {
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"`
	Total   int64      `json:"total,omitempty"`
}

type jsonPublished struct {
	Type      string   `json:"type"`
	Nodes     []string `json:"nodes"`
	ElapsedMS float64  `json:"elapsed_ms"`
}

type jsonSummary struct {
	Type        string                `json:"type"`
	RunID       string                `json:"run_id,omitempty"`
	Command     string                `json:"command,omitempty"`
	Success     bool                  `json:"success"`
	Interrupted bool                  `json:"interrupted"`
	Counts      map[runner.Status]int `json:"counts"`
	Built       int                   `json:"built"`
	Published   int                   `json:"published"`
	Held        []jsonHeld            `json:"held,omitempty"`
	Rejected    int64                 `json:"rows_rejected,omitempty"`
	ElapsedMS   float64               `json:"elapsed_ms"`
}

type jsonHeld struct {
	UniqueID string `json:"unique_id"`
	HeldFor  string `json:"held_for"`
}

type jsonDiagnostic struct {
	Type     string     `json:"type,omitempty"`
	Severity string     `json:"severity"`
	Code     string     `json:"code,omitempty"`
	Message  string     `json:"message"`
	At       *jsonPlace `json:"at,omitempty"`
	Compiled *jsonPlace `json:"compiled,omitempty"`
	Notes    []jsonNote `json:"notes,omitempty"`
	Hint     string     `json:"hint,omitempty"`
	Node     string     `json:"unique_id,omitempty"`
}

type jsonNote struct {
	Message string     `json:"message"`
	At      *jsonPlace `json:"at,omitempty"`
}

// jsonPlace is a place in a file: lines and columns count from 1, columns in
// characters, the end is excluded; start and end are byte offsets.
type jsonPlace struct {
	Path      string `json:"path"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
	Start     int    `json:"start"`
	End       int    `json:"end"`
}

// Observe writes an event as one line.
func (j *jsonLines) Observe(e runner.Event) {
	switch e := e.(type) {
	case runner.RunStarted:
		j.command = e.Command
		ids := make([]string, len(e.Nodes))
		for i, n := range e.Nodes {
			ids[i] = n.UniqueID
		}
		j.write(jsonRun{"run_started", e.RunID, e.Command, e.Target, ids, e.Workers})
	case runner.LeftOut:
		j.leftOut(e.Results)
	case runner.Unchanged:
		j.leftOut(e.Results)
		j.summary = &runner.Summary{Counts: map[runner.Status]int{runner.Reused: len(e.Results)}}
	case runner.NodeStarted:
		j.write(jsonStarted{"node_started", e.Node.UniqueID, e.At.UTC()})
	case runner.NodeFinished:
		j.write(finishedOf(e.Result))
	case runner.Published:
		ids := make([]string, len(e.Nodes))
		for i, n := range e.Nodes {
			ids[i] = n.UniqueID
		}
		j.write(jsonPublished{"published", ids, millis(e.Elapsed)})
	case runner.Noticed:
		j.Diagnostics(diag.List{e.Diagnostic})
	case runner.RunFinished:
		j.summary = &e.Summary
	}
}

// Diagnostics writes each diagnostic as a line.
func (j *jsonLines) Diagnostics(list diag.List) {
	for _, d := range list {
		line := diagnosticOf(d)
		line.Type = "diagnostic"
		j.failed = j.failed || d.Severity == diag.Error
		j.write(line)
	}
}

// leftOut writes what is up to date and was not done.
func (j *jsonLines) leftOut(results []*runner.NodeResult) {
	for _, r := range results {
		j.write(finishedOf(r))
	}
}

// Interrupted writes nothing: the summary says it.
func (j *jsonLines) Interrupted() { j.interrupted.Store(true) }

// Close writes the error that ended the command, and the summary.
func (j *jsonLines) Close(err error) {
	j.Diagnostics(diag.From(err, ""))
	if j.summary != nil {
		j.writeSummary(j.summary, err == nil)
		return
	}
	cut := j.interrupted.Load()
	j.write(jsonSummary{Type: "summary", Success: err == nil && !j.failed && !cut, Interrupted: cut, Counts: map[runner.Status]int{}})
}

// writeSummary writes the last line of a run; ended says that nothing went wrong after
// its nodes.
func (j *jsonLines) writeSummary(s *runner.Summary, ended bool) {
	line := jsonSummary{
		Type: "summary", RunID: s.RunID, Command: j.command, Success: s.OK() && ended && !j.failed, Interrupted: s.Interrupted,
		Counts: s.Counts, Built: s.Built, Published: s.Published, Rejected: s.Rejected, ElapsedMS: millis(s.Elapsed),
	}
	if line.Counts == nil {
		line.Counts = map[runner.Status]int{}
	}
	for _, r := range s.Results {
		if r.HeldFor != "" {
			line.Held = append(line.Held, jsonHeld{r.Node.UniqueID, r.HeldFor})
		}
	}
	j.write(line)
}

// Printed writes what print() of a template says, as a line of its own. It is safe for
// concurrent use with all else.
func (j *jsonLines) Printed(message string) { j.write(jsonPrinted{"printed", message}) }

// write writes a line. Whoever has given the writer is told by it what cannot be written.
func (j *jsonLines) write(line any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.out.Encode(line)
}

func finishedOf(r *runner.NodeResult) jsonFinished {
	line := jsonFinished{
		Type: "node_finished", UniqueID: r.Node.UniqueID, Name: r.Node.Name,
		ResourceType: string(r.Node.Type), Materialized: r.Node.Materialized(), Relation: r.Node.Relation.String(),
		Status: r.Status, Message: r.Message, SkippedFor: r.SkippedFor, Resumed: r.Resumed, Anew: r.Anew,
		CompileMS: millis(r.CompileTime), ExecuteMS: millis(r.ExecuteTime),
	}
	if r.Node.Type == project.Test {
		line.Relation = "" // where failing rows would be kept, if they were
	}
	if r.Rows >= 0 && (r.Status == runner.Success || r.Status == runner.PartialSuccess) {
		line.Rows = &r.Rows
		line.Rejected = r.Rejected
	}
	if r.Status == runner.Pass || r.Status == runner.Warned || r.Status == runner.Failed {
		line.Failures = &r.Failures
	}
	for _, d := range r.Diagnostics {
		line.Diagnostics = append(line.Diagnostics, diagnosticOf(d))
	}
	if r.Sample != nil {
		line.Sample = &jsonSample{r.Sample.Columns, r.Sample.Rows, r.Sample.Total}
	}
	line.Diff = diffOf(r.Diff)
	return line
}

func diagnosticOf(d *diag.Diagnostic) jsonDiagnostic {
	line := jsonDiagnostic{
		Severity: d.Severity.String(), Code: string(d.Code), Message: d.Message,
		At: placeOf(d.Place), Hint: d.Hint, Node: d.Node,
	}
	if d.Compiled != nil {
		line.Compiled = placeOf(*d.Compiled)
	}
	for _, n := range d.Notes {
		line.Notes = append(line.Notes, jsonNote{n.Message, placeOf(n.Place)})
	}
	return line
}

func placeOf(p diag.Place) *jsonPlace {
	if p.IsZero() {
		return nil
	}
	out := &jsonPlace{Path: p.Source.Path, Start: p.Span.Start, End: p.Span.End}
	out.Line, out.Column = p.Source.Position(p.Span.Start)
	out.EndLine, out.EndColumn = p.Source.Position(p.Span.End)
	return out
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// WriteJSON writes one value as one line of JSON, as every command does for
// `--output json`.
func WriteJSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(value)
}
