// Command jinja renders templates as elt does, for fuzz.py, which sets what it prints
// beside what dbt's own environment of Jinja2 prints.
//
// It reads one job a line from its input, as JSON, and answers each with one line:
//
//	{"macros": "{% macro m() %}...", "body": "{{ m() }}", "mode": "sql"}
//	{"text": "..."}, or {"error": "...", "line": 1}
//
// The mode is "sql" (execute is true), "parse" (execute is false and undefined values are
// lax) or "native" (as in YAML; the text is the value's type and repr). A job that
// panics ends the program: fuzz.py reports what it was working on.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// What one job may take: fuzz.py ends the program a little later.
const (
	limit  = 10 * time.Second
	memory = 1 << 30 // bytes
)

type job struct {
	Macros, Body, Mode string
}

type answer struct {
	Text  *string `json:"text,omitempty"`
	Error string  `json:"error,omitempty"`
	Jinja string  `json:"jinja,omitempty"` // the error in Jinja's words
	Line  int     `json:"line,omitempty"`  // 0 where the error has no place
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for in.Scan() {
		var j job
		err := json.Unmarshal(in.Bytes(), &j)
		if err == nil {
			err = out.Encode(j.run())
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "jinja:", err)
			os.Exit(1)
		}
	}
}

func (j job) run() answer {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	text, err := j.render(ctx)
	if err == nil {
		return answer{Text: &text}
	}
	a := answer{Error: err.Error()}
	var d *diag.Diagnostic
	if errors.As(err, &d) {
		a.Error, a.Jinja = d.Message, d.Message
		if d.Err != nil {
			a.Jinja = d.Err.Error()
		}
		if !d.Place.IsZero() {
			a.Line, _ = d.Place.Source.Position(d.Place.Span.Start)
		}
	}
	return a
}

func (j job) render(ctx context.Context) (string, error) {
	p := newProject()
	if j.Macros != "" {
		t, err := template.ParseBlocks(diag.NewSource("macros.sql", j.Macros), "macro")
		if err != nil {
			return "", err
		}
		if list := p.AddMacros("probe", t.Blocks(), "macros.sql"); len(list) > 0 {
			return "", list[0]
		}
	}
	t, err := template.Parse(diag.NewSource("body.sql", j.Body))
	if err != nil {
		return "", err
	}
	if t.IsPlain() && j.Mode != "native" {
		return j.Body, nil
	}
	th := template.NewThread(ctx)
	th.LaxUndefined = j.Mode == "parse"
	th.Limits.Time, th.Limits.Memory = limit, memory
	scope := p.Scope(host{execute: j.Mode != "parse"}, "probe")
	for name, v := range values() {
		scope.With(name, v)
	}
	if j.Mode == "native" {
		v, err := t.RenderNative(th, scope)
		if err != nil {
			return "", err
		}
		name := template.TypeName(v)
		return name[strings.LastIndexByte(name, '.')+1:] + " " + template.Repr(v), nil
	}
	out, err := t.Render(th, scope)
	return out.Text, err
}

func newProject() *dbtcontext.Project {
	none := func(string, string) (template.Value, bool) { return nil, false }
	return dbtcontext.New(dbtcontext.Settings{
		Name: "probe", Version: "1.0", Vars: none,
		Env:   func(string) (string, bool) { return "", false },
		Now:   time.Date(2024, 2, 29, 13, 4, 5, 0, time.UTC),
		Log:   func(string, bool) {},
		Print: func(string) {},
	})
}

// values are the names that fuzz.py gives Jinja too (VALUES there).
func values() map[string]template.Value {
	at := time.Date(2024, 2, 29, 13, 4, 5, 678900000, time.UTC)
	decimal := func(s string) template.Value { v, _ := dbtcontext.Decimal(s); return v }
	g, _ := template.FromJSON(`{"k": 1, "l": [3, 1, 2], "s": "abc", "n": null, "f": 1.5, "b": true}`)
	rows, _ := template.FromJSON(`[{"n": 1, "t": "b"}, {"n": 2, "t": "a"}, {"n": 3, "t": "B"}]`)
	return map[string]template.Value{
		"g": g, "rows": rows,
		"dec": decimal("1.50"), "dec2": decimal("3"),
		"day": dbtcontext.Date(at), "dt": dbtcontext.NaiveDateTime(at), "dtz": dbtcontext.DateTime(at),
	}
}

// host is a rendering without a node.
type host struct{ execute bool }

func (h host) Ref(call project.RefCall) (project.Relation, error) {
	return project.Relation{Database: "w", Schema: "main", Identifier: call.Name}, nil
}

func (h host) Source(call project.SourceCall) (project.Relation, string, error) {
	return project.Relation{Database: "w", Schema: call.Source, Identifier: call.Table}, "", nil
}

func (h host) Config(*template.Dict, diag.Place, []project.KeyPlace) error { return nil }
func (h host) ConfigGet(string) (template.Value, bool)                     { return nil, false }
func (h host) This() project.Relation                                      { return project.Relation{} }
func (h host) IsIncremental() bool                                         { return false }
func (h host) Node() *project.Node                                         { return nil }
func (h host) Execute() bool                                               { return h.execute }
func (h host) Database() dbtcontext.Database                               { return nil }
