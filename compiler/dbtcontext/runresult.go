package dbtcontext

import (
	"cmp"
	"strings"
	"time"

	"elt/compiler/project"
	"elt/compiler/template"
)

// OnLooker is what a [Database] may have beside its methods: whether a template is rendered only to look at what it
// yields. What it logs and prints is then for nobody, and it changes nothing.
type OnLooker interface{ OnlyLooks() bool }

// HookNames is what a [Database] may have beside its methods: names that the hooks of a
// project see and other templates do not, such as results in on-run-end.
type HookNames interface {
	HookNames() map[string]template.Value
}

// RunResult is the outcome of a node as on-run-end hooks see it in results: an object with
// dbt's attributes, and to_dict().
type RunResult struct {
	Node          *project.Node
	Status        string // by dbt's words: "success", "error", "skipped", "pass", ...
	Message       string // "" is None
	Failures      int64  // of a test; below zero is None
	Rows          int64  // rows_affected of adapter_response; below zero is left out
	Worker        int    // from 0
	StartedAt     time.Time
	CompileTime   time.Duration
	ExecutionTime time.Duration // compiling included
}

// TypeName is the Python type name.
func (*RunResult) TypeName() string { return "RunResult" }

// Attr returns an attribute.
func (r *RunResult) Attr(name string) (template.Value, bool) {
	if name == "to_dict" {
		return bind("RunResult.to_dict", func(*template.Call) (template.Value, error) { return r.dict(), nil })
	}
	switch name {
	case "node":
		return resultPart{NodeValue(r.Node), "ManifestNode", NodeValue(r.Node)}, true
	case "timing":
		parts := template.NewList()
		for _, phase := range r.phases() {
			parts.Elems = append(parts.Elems, resultPart{phase.dict(NaiveDateTime), "TimingInfo", phase.dict(isoTime)})
		}
		return parts, true
	}
	return r.dict().Get(name)
}

// resultPart is an object that a result holds: its attributes, and what to_dict() answers with, which has
// times as text.
type resultPart struct {
	attrs    *template.Dict
	typeName string
	asDict   *template.Dict
}

// TypeName is the Python type name.
func (p resultPart) TypeName() string { return p.typeName }

// Attr returns an attribute.
func (p resultPart) Attr(name string) (template.Value, bool) {
	if name == "to_dict" {
		return bind(p.typeName+".to_dict", func(*template.Call) (template.Value, error) { return p.asDict, nil })
	}
	return p.attrs.Get(name)
}

func (r *RunResult) dict() *template.Dict {
	response := template.NewDict()
	if r.Status == "success" {
		response = template.NewDict(item("_message", cmp.Or(r.Message, "OK")))
		if verb, _, ok := strings.Cut(r.Message, " "); ok && r.Node.Type == project.Seed {
			_ = response.Set("code", verb)
		}
		if r.Rows >= 0 {
			_ = response.Set("rows_affected", r.Rows)
		}
	}
	message := r.Message
	if r.Status == "success" && message == "" {
		message = "OK"
	}
	var failures template.Value
	if r.Failures >= 0 {
		failures = r.Failures
	}
	return template.NewDict(
		item("status", r.Status), item("timing", r.timing()), item("thread_id", "Thread-"+template.Str(int64(r.Worker+1))),
		item("execution_time", r.ExecutionTime.Seconds()), item("adapter_response", response),
		item("message", noneIfEmpty(message)), item("failures", failures),
		item("node", NodeValue(r.Node)), item("unique_id", r.Node.UniqueID), item("batch_results", nil),
	)
}

// timing are dbt's two phases; a node that did not start has none.
func (r *RunResult) timing() *template.List {
	out := template.NewList()
	for _, phase := range r.phases() {
		out.Elems = append(out.Elems, phase.dict(isoTime))
	}
	return out
}

// resultPhase is a part of the time that a node has taken.
type resultPhase struct {
	name     string
	from, to time.Time
}

func (p resultPhase) dict(at func(time.Time) template.Value) *template.Dict {
	return template.NewDict(item("name", p.name), item("started_at", at(p.from.UTC())), item("completed_at", at(p.to.UTC())))
}

// isoTime is a time as dbt's dicts have it.
func isoTime(t time.Time) template.Value { return t.Format("2006-01-02T15:04:05.000000") + "Z" }

func (r *RunResult) phases() []resultPhase {
	if r.Status == "skipped" || r.StartedAt.IsZero() {
		return nil
	}
	compiled := r.StartedAt.Add(r.CompileTime)
	return []resultPhase{{"compile", r.StartedAt, compiled}, {"execute", compiled, r.StartedAt.Add(r.ExecutionTime)}}
}
