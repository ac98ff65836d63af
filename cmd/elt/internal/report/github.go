package report

import (
	"fmt"
	"io"
	"strings"

	"elt/compiler/diag"
	"elt/runner"
)

// WithGitHub returns a reporter that, beside reporting as r does, writes workflow
// commands to out, which GitHub shows as annotations in the changed files, and a
// Markdown summary of the run to summary, which may be nil.
func WithGitHub(r Reporter, out, summary io.Writer) Reporter {
	return &github{Reporter: r, out: out, summary: summary}
}

type github struct {
	Reporter
	out, summary io.Writer
	plain        plain // its summary line
	annotated    map[mistake]bool
}

// Observe writes an annotation for each node that failed or warns.
func (g *github) Observe(e runner.Event) {
	switch e := e.(type) {
	case runner.RunStarted:
		g.plain.command = e.Command
	case runner.NodeFinished:
		for _, d := range findings(e.Result) {
			g.annotateOnce(d, e.Result)
		}
	case runner.Noticed:
		g.annotate(e.Diagnostic)
	case runner.RunFinished:
		g.writeSummary(e.Summary)
	}
	g.Reporter.Observe(e)
}

// Diagnostics writes an annotation for each diagnostic.
func (g *github) Diagnostics(list diag.List) {
	for _, d := range list {
		g.annotate(d)
	}
	g.Reporter.Diagnostics(list)
}

// Close annotates the error that ended the command.
func (g *github) Close(err error) {
	for _, d := range diag.From(err, "") {
		g.annotate(d)
	}
	g.Reporter.Close(err)
}

// findings are the diagnostics of a result; a test that found something has one.
func findings(r *runner.NodeResult) diag.List {
	switch r.Status {
	case runner.Failed, runner.Warned:
		if len(r.Diagnostics) > 0 {
			return r.Diagnostics
		}
		d := diag.New(diag.DataTest, r.Node.Place, "test %q found %s", r.Node.Name, Plural(r.Failures, "failing row"))
		if r.Status == runner.Warned {
			d.Severity = diag.Warning
		}
		return diag.List{d}
	}
	return r.Diagnostics
}

// annotateOnce annotates what a result tells, unless it is the mistake of another node that has
// been told of.
func (g *github) annotateOnce(d *diag.Diagnostic, r *runner.NodeResult) {
	if m, ok := mistakeOf(d, r.Node); ok {
		if g.annotated[m] {
			return
		}
		if g.annotated == nil {
			g.annotated = map[mistake]bool{}
		}
		g.annotated[m] = true
	}
	g.annotate(d)
}

// annotate writes "::error file=...,line=...,col=...,title=...::message".
func (g *github) annotate(d *diag.Diagnostic) {
	properties := []string{"title=" + property(string(d.Code))}
	if !d.Place.IsZero() {
		line, column := d.Place.Source.Position(d.Place.Span.Start)
		properties = append([]string{"file=" + property(d.Place.Source.Path), fmt.Sprintf("line=%d,col=%d", line, column)}, properties...)
	}
	message := d.Message
	if d.Hint != "" {
		message += "\nhint: " + d.Hint
	}
	command := d.Severity.String()
	if d.Severity == diag.Remark {
		command = "notice"
	}
	fmt.Fprintf(g.out, "::%s %s::%s\n", command, strings.Join(properties, ","), escaped(message))
}

// escaped writes a text as the value of a workflow command.
func escaped(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

// property writes a text as a property of a workflow command.
func property(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(escaped(text))
}

// writeSummary writes the summary of the run and a table of what failed or warns.
func (g *github) writeSummary(s runner.Summary) {
	if g.summary == nil {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "### elt %s\n\n%s\n", g.plain.command, g.plain.summary(s))
	rows := 0
	for _, r := range s.Results {
		for _, d := range findings(r) {
			if rows++; rows == 1 {
				b.WriteString("\n| | node | where | what |\n|---|---|---|---|\n")
			}
			fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", r.Status, r.Node.Name, d.Place, inTable(d.Message))
		}
	}
	io.WriteString(g.summary, b.String())
}

func inTable(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", "<br>").Replace(text)
}
