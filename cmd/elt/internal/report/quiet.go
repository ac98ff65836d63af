package report

import (
	"elt/compiler/diag"
	"elt/runner"
)

// quiet writes only what went wrong, and the summary if something did.
type quiet struct{ *plain }

// Observe keeps silent about all that goes well.
func (q *quiet) Observe(e runner.Event) {
	switch e := e.(type) {
	case runner.RunStarted:
		q.start(e)
	case runner.Noticed:
		if e.Diagnostic.Severity == diag.Error {
			q.say(q.notice(e.Diagnostic))
		}
	case runner.RunFinished:
		if !e.Summary.OK() {
			e.Summary.Results = withoutWarnings(e.Summary.Results)
			q.say(q.ending(e.Summary)[1:])
		}
	}
}

// Diagnostics writes errors and leaves warnings out.
func (q *quiet) Diagnostics(list diag.List) { q.plain.Diagnostics(list.Errors()) }

// Close writes the error that ended the command.
func (q *quiet) Close(err error) {
	if err != nil {
		q.Diagnostics(diag.From(err, ""))
	}
}

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
