package report

import (
	"strings"

	"elt/compiler/diag"
	"elt/runner"
)

// quiet writes only what went wrong, and the summary if something did.
type quiet struct {
	*plain
	warnings bool // and what warns
}

// Observe keeps silent about all that goes well.
func (q *quiet) Observe(e runner.Event) {
	switch e := e.(type) {
	case runner.RunStarted:
		q.start(e)
	case runner.Noticed:
		q.fault = q.fault || e.Diagnostic.Severity == diag.Error
		if len(q.shown(diag.List{e.Diagnostic})) > 0 {
			q.say(q.notice(e.Diagnostic))
		}
	case runner.RunFinished:
		if text := q.story(e.Summary); text != "" {
			q.say(text[1:])
		}
	}
}

// story is what is told of a run: nothing if all of it went well.
func (q *quiet) story(s runner.Summary) string {
	var warned strings.Builder
	for _, r := range s.Results {
		if q.warnings && (r.Status == runner.Warned || r.Status == runner.Success && len(r.Diagnostics) > 0) {
			warned.WriteString("\n" + q.failure(r))
		}
	}
	if s.OK() {
		return warned.String()
	}
	if !q.warnings {
		s.Results = withoutWarnings(s.Results)
	}
	return q.ending(s)
}

// Diagnostics writes what is severe enough.
func (q *quiet) Diagnostics(list diag.List) { q.plain.Diagnostics(q.shown(list)) }

func (q *quiet) shown(list diag.List) diag.List {
	if !q.warnings {
		return list.Errors()
	}
	var out diag.List
	for _, d := range list {
		if d.Severity != diag.Remark {
			out = append(out, d)
		}
	}
	return out
}

// Close writes the error that ended the command.
func (q *quiet) Close(err error) {
	if err != nil {
		q.Diagnostics(diag.From(err, ""))
	}
}

// silent says nothing at all.
type silent struct{}

// Observe says nothing.
func (silent) Observe(runner.Event) {}

// Diagnostics says nothing.
func (silent) Diagnostics(diag.List) {}

// Interrupted says nothing.
func (silent) Interrupted() {}

// Close says nothing.
func (silent) Close(error) {}

func withoutWarnings(results []*runner.NodeResult) []*runner.NodeResult {
	var out []*runner.NodeResult
	for _, r := range results {
		failed := r.Status == runner.Failed || r.Status == runner.Errored || r.Status == runner.PartialSuccess
		if failed || r.Status == runner.Skipped || r.HeldFor != "" {
			out = append(out, r)
		}
	}
	return out
}
