package main

import (
	"fmt"
	"sync"

	"elt/cmd/elt/internal/report"
	"elt/compiler/diag"

	"github.com/urfave/cli/v2"
)

// spoken are the warnings of templates that are not reported yet. Templates are rendered by
// many goroutines and more than once, reports are made by one: a warning waits here, and one
// of the same place and text as an earlier one is dropped. It is safe for concurrent use.
type spoken struct {
	mu      sync.Mutex
	known   map[warned]bool
	waiting diag.List
}

// warned is what makes two warnings the same.
type warned struct{ place, text string }

// add keeps a warning that was not heard before.
func (s *spoken) add(d *diag.Diagnostic) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := warned{d.Place.String(), d.Message}
	if s.known[key] {
		return
	}
	if s.known == nil {
		s.known = map[warned]bool{}
	}
	s.known[key] = true
	s.waiting = append(s.waiting, d)
}

// take returns what waits, in the order of files and places.
func (s *spoken) take() diag.List {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.waiting.Sorted()
	s.waiting = nil
	return list
}

// log returns what log() of templates calls: messages go to standard error, unless the
// command is quiet or its output is JSON, and to the log of events.
func (in *invocation) log(c *cli.Context) func(message string, info bool) {
	silent := levelOf(c) > report.Info || !c.Bool("print") || c.String("output") == "json" || logsJSON(c)
	return func(message string, info bool) {
		if in.eventLog != nil {
			in.eventLog.Message(message, info)
		}
		if info && !silent {
			fmt.Fprintln(in.stderr, message)
		}
	}
}

// printed returns what print() of templates calls: messages go to standard output, also of a
// quiet command, as in dbt. Where that holds JSON they are a line or an event of it, or, of
// a command whose result is one JSON value, on standard error.
func (in *invocation) printed(c *cli.Context) func(message string) {
	if !c.Bool("print") {
		return func(string) {}
	}
	out, isEvent := in.stdout, logsJSON(c)
	if c.String("output") == "json" {
		out = in.stderr
	}
	lines, isLine := in.lines.(interface{ Printed(message string) })
	return func(message string) {
		if in.eventLog != nil {
			in.eventLog.Printed(message)
		}
		switch {
		case isEvent:
		case isLine:
			lines.Printed(message)
		default:
			fmt.Fprintln(out, message)
		}
	}
}
