package report

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"elt/compiler/diag"
	"elt/runner"
)

// Sink is where an [EventLog] writes: each event that is severe enough is one line.
type Sink struct {
	Out   io.Writer
	JSON  bool // the event as a JSON object, else time, level and message
	Level Level
}

// EventOptions say what an [EventLog] writes and where.
type EventOptions struct {
	Sinks        []Sink
	InvocationID string
	Version      string // elt's own
	Command      string // the command line
	Started      time.Time
	Now          func() time.Time // nil for time.Now
}

// EventLog is a reporter that, beside reporting as another does, writes what happens as
// dbt's structured events, under dbt's names and codes and in dbt's form ({"info": ..., "data": ...}, log
// version 3, as dbt 1.11 writes them): what orchestrators that start dbt read. It is safe for
// concurrent use.
type EventLog struct {
	Reporter
	opts EventOptions

	mu      sync.Mutex
	begun   bool
	total   int
	index   map[string]int // of the nodes that were started, from 1
	started map[string]time.Time
	failed  bool
}

// WithEvents returns an event log on top of a reporter.
func WithEvents(r Reporter, o EventOptions) *EventLog {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &EventLog{Reporter: r, opts: o, index: map[string]int{}, started: map[string]time.Time{}}
}

// event is one of dbt's events.
type event struct {
	name, code string
	level      Level
	thread     string
	msg        string
	data       map[string]any
}

type jsonEvent struct {
	Data map[string]any `json:"data"`
	Info jsonEventInfo  `json:"info"`
}

type jsonEventInfo struct {
	Category     string            `json:"category"`
	Code         string            `json:"code"`
	Extra        map[string]string `json:"extra"`
	InvocationID string            `json:"invocation_id"`
	Level        string            `json:"level"`
	Msg          string            `json:"msg"`
	Name         string            `json:"name"`
	PID          int               `json:"pid"`
	Thread       string            `json:"thread"`
	TS           string            `json:"ts"`
}

// Observe writes the events that dbt would, and hands the runner's on.
func (l *EventLog) Observe(e runner.Event) {
	l.mu.Lock()
	switch e := e.(type) {
	case runner.RunStarted:
		l.runStarted(e)
	case runner.NodeStarted:
		l.nodeStarted(e)
	case runner.NodeFinished:
		l.nodeFinished(e.Result)
	case runner.Noticed:
		l.diagnostic(e.Diagnostic)
	case runner.RunFinished:
		l.runFinished(e.Summary)
	}
	l.mu.Unlock()
	l.Reporter.Observe(e)
}

// Diagnostics writes each diagnostic as an event.
func (l *EventLog) Diagnostics(list diag.List) {
	l.mu.Lock()
	for _, d := range list {
		l.diagnostic(d)
	}
	l.mu.Unlock()
	l.Reporter.Diagnostics(list)
}

// Printed writes what print() of a template says.
func (l *EventLog) Printed(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write(event{name: "PrintEvent", code: "Z052", level: Info, msg: text, data: map[string]any{"msg": text}})
}

// Message writes what log() of a template says; info is true for log(info=true).
func (l *EventLog) Message(text string, info bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := event{name: "JinjaLogDebug", code: "I063", level: Debug, msg: text, data: map[string]any{"msg": text}}
	if info {
		e.name, e.code, e.level = "JinjaLogInfo", "I062", Info
	}
	l.write(e)
}

// Close writes the error that ended the command, and that it is over.
func (l *EventLog) Close(err error) {
	l.mu.Lock()
	for _, d := range diag.From(err, "") {
		l.diagnostic(d)
	}
	now := l.opts.Now()
	verdict, ok := "succeeded", err == nil && !l.failed
	if !ok {
		verdict = "failed"
	}
	elapsed := now.Sub(l.opts.Started).Seconds()
	l.write(event{name: "CommandCompleted", code: "Q039", level: Debug,
		msg:  fmt.Sprintf("Command `%s` %s at %s after %.2f seconds", l.opts.Command, verdict, now.UTC().Format("15:04:05.000000"), elapsed),
		data: map[string]any{"command": l.opts.Command, "completed_at": stamp(now), "elapsed": elapsed, "success": ok}})
	l.mu.Unlock()
	l.Reporter.Close(err)
}

// diagnostic writes a warning under dbt's name for it, and an error as dbt writes what ends
// a command.
func (l *EventLog) diagnostic(d *diag.Diagnostic) {
	e := event{name: d.Event, code: codeOf(d.Event), level: Warn, msg: sentence(d)}
	switch d.Severity {
	case diag.Error:
		l.failed = true
		e.level = Failure
		if e.name == "" {
			e.name, e.code = "MainEncounteredError", "Z002"
		}
	case diag.Remark:
		e.level = Info
	}
	if e.name == "" {
		e.name, e.code = "Note", "Z050"
	}
	e.data = map[string]any{"msg": d.Message, "code": string(d.Code), "hint": d.Hint, "unique_id": d.Node}
	if !d.Place.IsZero() {
		line, column := d.Place.Source.Position(d.Place.Span.Start)
		e.data["file_path"], e.data["line"], e.data["column"] = d.Place.Source.Path, line, column
	}
	if e.name == "MainEncounteredError" {
		e.data["exc"] = e.msg
	}
	l.write(e)
}

// sentence is a diagnostic as a text without colour or frame.
func sentence(d *diag.Diagnostic) string {
	text := d.Error()
	if d.Hint != "" {
		text += "\n  hint: " + d.Hint
	}
	return text
}

// codeOf is dbt's code of a warning.
func codeOf(event string) string {
	return map[string]string{
		"ConstraintNotEnforced": "E067", "CustomKeyInConfigDeprecation": "D020", "CustomKeyInObjectDeprecation": "D021",
		"DeprecatedModel": "I065", "DeprecatedReference": "I067", "UpcomingReferenceDeprecation": "I066",
		"DepsUnpinned": "M013", "JinjaLogWarning": "I061", "LogTestResult": "Q007", "MacroNotFoundForPatch": "I059",
		"NoNodeForYamlKey": "I058", "NoNodesForSelectionCriteria": "M030", "NothingToDo": "Q035",
		"PackageRedirectDeprecation": "D001", "SnapshotTimestampWarning": "I068", "UnusedResourceConfigPath": "I051",
	}[event]
}

// write writes an event to the sinks that want it. The first one is preceded by the event
// that begins every log of dbt.
func (l *EventLog) write(e event) {
	if !l.begun {
		l.begun = true
		l.write(event{name: "MainReportVersion", code: "A001", level: Info, msg: "Running with elt=" + l.opts.Version,
			data: map[string]any{"version": "=" + l.opts.Version, "log_version": 3}})
	}
	if e.thread == "" {
		e.thread = "MainThread"
	}
	now := l.opts.Now()
	for _, s := range l.opts.Sinks {
		if e.level < s.Level {
			continue
		}
		if s.JSON {
			l.writeJSON(s.Out, e, now)
			continue
		}
		fmt.Fprintf(s.Out, "%s [%-5s] [%s]: %s\n", now.UTC().Format("15:04:05.000000"), e.level, e.thread, cleanLines(e.msg))
	}
}

func (l *EventLog) writeJSON(out io.Writer, e event, now time.Time) {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.Encode(jsonEvent{Data: e.data, Info: jsonEventInfo{
		Code: e.code, Extra: map[string]string{}, InvocationID: l.opts.InvocationID, Level: e.level.String(), Msg: e.msg,
		Name: e.name, PID: os.Getpid(), Thread: e.thread, TS: stamp(now),
	}})
}

// cleanLines makes each line of a message safe for a terminal and keeps its lines.
func cleanLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = clean(line)
	}
	return strings.Join(lines, "\n")
}

// String returns dbt's word for the level.
func (l Level) String() string {
	switch l {
	case Debug:
		return "debug"
	case Warn:
		return "warn"
	case Failure:
		return "error"
	case Nothing:
		return "none"
	}
	return "info"
}

// stamp is a moment as dbt's events have it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
