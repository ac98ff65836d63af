package report

import (
	"fmt"
	"io"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner"
)

// plain writes one line a finished node and, at the end, what went wrong.
type plain struct {
	opts    Options
	style   Style
	layout  layout
	command string
	// unpublished are the nodes of the run that is over that are not visible.
	unpublished map[string]bool
	// shared are the mistakes of one node because of which others have failed in that run.
	shared shared

	told  bool // diagnostics stand above
	fault bool // one of them, or of the notices, is an error
}

// layout holds the widths of the columns of a node's line.
type layout struct{ kind, name int }

// statusWidth, detailWidth and timeWidth are the widths of the other columns.
const (
	statusWidth = 5
	detailWidth = 13
	timeWidth   = 6
)

// Observe writes what an event has to say.
func (p *plain) Observe(e runner.Event) {
	switch e := e.(type) {
	case runner.RunStarted:
		p.start(e)
		p.say(p.headline(e))
	case runner.Unchanged:
		p.say(unchanged(e))
	case runner.NodeFinished:
		if line := p.line(e.Result); line != "" {
			p.say(line)
		}
	case runner.Noticed:
		p.fault = p.fault || e.Diagnostic.Severity == diag.Error
		p.say(p.notice(e.Diagnostic))
	case runner.RunFinished:
		p.say(p.ending(e.Summary))
	}
}

// Diagnostics writes diagnostics that no run has brought up.
func (p *plain) Diagnostics(list diag.List) {
	WriteDiagnostics(p.opts.Err, list, p.opts.Width, p.style)
	p.told = p.told || len(list) > 0
	p.fault = p.fault || list.HasErrors()
}

// Interrupted tells the person that the interrupt was heard.
func (p *plain) Interrupted() {
	p.say("interrupted: cancelling what runs; nothing will be published (once more to leave at once)\n")
}

// Close writes the error that ended the command, if it is not told yet.
func (p *plain) Close(err error) {
	if err == nil {
		return
	}
	p.Diagnostics(diag.From(err, ""))
}

func (p *plain) say(text string) { io.WriteString(p.opts.Err, text) }

// start learns from a run's nodes how wide the columns must be.
func (p *plain) start(e runner.RunStarted) {
	p.command = e.Command
	for _, n := range e.Nodes {
		p.layout.kind = max(p.layout.kind, Width(kind(n)))
		p.layout.name = max(p.layout.name, Width(label(n)))
	}
	room := p.opts.Width - 2 - statusWidth - 2 - p.layout.kind - 2 - 2 - detailWidth - 2 - timeWidth
	p.layout.name = max(10, min(p.layout.name, room))
}

// headline is "build on target dev: 2 seeds, 14 models, 45 tests".
func (p *plain) headline(e runner.RunStarted) string {
	order := []project.ResourceType{project.Seed, project.Snapshot, project.Model, project.UnitTest, project.Test, project.Operation}
	counts := map[project.ResourceType]int{}
	for _, n := range e.Nodes {
		counts[n.Type]++
	}
	var parts []string
	for _, t := range order {
		if n := counts[t]; n > 0 {
			parts = append(parts, Plural(int64(n), nounOf(t)))
		}
	}
	if len(parts) == 0 {
		parts = []string{"nothing to do"}
	}
	gap := ""
	if p.told {
		gap = "\n"
	}
	head := clean(e.Command)
	if e.Target != "" {
		head += " on target " + clean(e.Target)
	}
	return gap + p.style.Bold(head) + ": " + strings.Join(parts, ", ") + "\n"
}

func nounOf(t project.ResourceType) string {
	switch t {
	case project.UnitTest:
		return "unit test"
	case project.Operation:
		return "hook"
	}
	return string(t)
}

// line is the line of a finished node; what was skipped has none, it is summed up at
// the end.
func (p *plain) line(r *runner.NodeResult) string {
	if r.Status == runner.Skipped || r.Status == runner.Reused {
		return ""
	}
	w, paint := word(r.Status, p.style)
	name, what, elapsed := label(r.Node), detail(r), Elapsed(r.CompileTime+r.ExecuteTime)
	room, timeRoom := p.room(Width(name), Width(what), Width(elapsed))
	return trimLines(fmt.Sprintf("  %s  %s  %s%s%s\n",
		paint(pad(w, statusWidth)),
		p.style.Dim(pad(kind(r.Node), p.layout.kind)),
		pad(name, p.layout.name),
		padLeft(what, room),
		p.style.Dim(padLeft(elapsed, timeRoom))))
}

// room is how wide the columns after a name are, with the gaps before them: a name that is too long
// for its column takes of the room for what there is to count, then of the gaps, so that the line
// keeps to the width of the terminal.
func (p *plain) room(name, what, elapsed int) (room, timeRoom int) {
	room, timeRoom = 2+detailWidth-max(name-p.layout.name, 0), 2+timeWidth
	gap := 0
	if what > 0 {
		room, gap = max(room, 2+what), 1
	}
	room = max(room, 0)
	over := 2 + statusWidth + 2 + p.layout.kind + 2 + max(name, p.layout.name) + room + timeRoom - p.opts.Width
	if over > 0 && room == gap+1+what {
		room, over = room-gap, over-gap
	}
	return room, max(timeRoom-max(over, 0), 1+elapsed)
}

// detail is what there is to count of a node.
func detail(r *runner.NodeResult) string {
	switch {
	case r.Diff != nil:
		return Plural(int64(len(r.Diff.Rows)), "row") + " off"
	case r.Status == runner.Failed || r.Status == runner.Warned:
		return Count(r.Failures) + " failing"
	case r.Resumed:
		return "taken over"
	case (r.Status == runner.Success || r.Status == runner.PartialSuccess) && r.Rows >= 0:
		if r.Rejected > 0 {
			return Plural(r.Rows, "row") + ", " + Count(r.Rejected) + " rejected"
		}
		return Plural(r.Rows, "row")
	}
	return ""
}

func (p *plain) notice(d *diag.Diagnostic) string {
	var b strings.Builder
	writeDiagnostic(&b, d, nil, p.opts.Width, p.style)
	return b.String()
}
