package main

import (
	"io"
	"strings"
	"time"

	"elt/cmd/elt/internal/report"
	"elt/runner"

	"github.com/urfave/cli/v2"
)

func historyCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:   "history",
		Usage:  "list past runs, one node's results, or the last failure's story",
		Action: in.history,
		Flags: join([]cli.Flag{
			&cli.StringFlag{Name: "node", Category: groupSelection, Usage: "only runs that had this `NODE`, with its results"},
			&cli.BoolFlag{Name: "last-failure", Category: groupSelection, Usage: "when it last worked, what changed since, what is stale"},
			&cli.StringFlag{Name: "intervals", Category: groupSelection, Usage: "the calendar of a microbatch `MODEL`: done, failed, missing"},
			&cli.IntFlag{Name: "limit", Value: 20, Category: groupSelection, Usage: "at most `N` runs (default: 20)"},
			waitFlag(),
		}, projectFlags(), outputFlags("text", "markdown", "json")),
	}
}

func (in *invocation) history(c *cli.Context) error {
	in.begin(c)
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	options := runner.HistoryOptions{Runs: c.Int("limit"), LastFailure: c.Bool("last-failure"), Wait: c.Duration("wait")}
	if name := c.String("node"); name != "" {
		if options.Node, err = in.oneNode(plan, name); err != nil {
			return err
		}
	}
	if name := c.String("intervals"); name != "" {
		if options.Intervals, err = in.oneNode(plan, name); err != nil {
			return err
		}
	}
	past, err := runner.History(in.ctx, plan, options)
	if err != nil {
		return err
	}
	switch {
	case past.Calendar != nil:
		return in.writeCalendar(past.Calendar, c.String("output"))
	case options.LastFailure && past.Incident == nil:
		_, err = io.WriteString(in.stderr, "no run has failed\n")
		return err
	case options.LastFailure:
		return in.writeIncident(past.Incident, c.String("output"))
	case len(past.Runs) == 0:
		_, err = io.WriteString(in.stderr, "no runs yet\n")
		return err
	}
	return in.writeRuns(past.Runs, c.String("output"), options.Node)
}

// writeRuns writes past runs, or, with a node, its results in them.
func (in *invocation) writeRuns(runs []runner.PastRun, format, node string) error {
	if format == "json" {
		for _, r := range runs {
			if err := report.WriteJSON(in.stdout, pastRunJSON(r)); err != nil {
				return err
			}
		}
		return nil
	}
	grid := runsGrid(runs)
	if node != "" {
		grid = nodeGrid(runs, node)
	}
	if format == "markdown" {
		return in.print(markdownTable(grid))
	}
	return report.WriteTable(in.stdout, grid, "", widthOrUnbounded(in.stdout), report.Style{})
}

func runsGrid(runs []runner.PastRun) report.Grid {
	g := report.Grid{
		Columns: []string{"run", "command", "target", "started", "took", "outcome", "nodes", "failed"},
		Right:   []bool{false, false, false, false, true, false, true, true},
	}
	for _, r := range runs {
		g.Rows = append(g.Rows, []string{
			r.RunID, r.Command, r.Target, moment(r.StartedAt), took(r), r.Outcome,
			report.Count(int64(len(r.Nodes))), report.Count(int64(failedNodes(r))),
		})
	}
	return g
}

func nodeGrid(runs []runner.PastRun, node string) report.Grid {
	g := report.Grid{
		Columns: []string{"run", "started", "status", "rows", "failures", "took", "published", "message"},
		Right:   []bool{false, false, false, true, true, true},
	}
	for _, r := range runs {
		for _, n := range r.Nodes {
			if n.UniqueID != node {
				continue
			}
			g.Rows = append(g.Rows, []string{
				r.RunID, moment(n.StartedAt), string(n.Status), rowsOf(n), failuresOf(n),
				report.Elapsed(n.Duration), yesNo(n.Published), firstLine(n.Message),
			})
		}
	}
	return g
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

func took(r runner.PastRun) string {
	if r.FinishedAt.IsZero() {
		return ""
	}
	return report.Elapsed(r.FinishedAt.Sub(r.StartedAt))
}

func rowsOf(n runner.PastNode) string {
	if n.Rows < 0 {
		return ""
	}
	return report.Count(n.Rows)
}

func failuresOf(n runner.PastNode) string {
	switch n.Status {
	case runner.Pass, runner.Warned, runner.Failed:
		return report.Count(n.Failures)
	}
	return ""
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

func failedNodes(r runner.PastRun) int {
	failed := 0
	for _, n := range r.Nodes {
		if n.Status == runner.Failed || n.Status == runner.Errored || n.Status == runner.PartialSuccess {
			failed++
		}
	}
	return failed
}

// markdownTable writes a grid as a table of a ticket or a pull request.
func markdownTable(g report.Grid) string {
	var b strings.Builder
	line := func(cells []string) {
		for _, cell := range cells {
			b.WriteString("| " + strings.ReplaceAll(cell, "|", `\|`) + " ")
		}
		b.WriteString("|\n")
	}
	line(g.Columns)
	rule := make([]string, len(g.Columns))
	for i := range rule {
		rule[i] = "---"
		if i < len(g.Right) && g.Right[i] {
			rule[i] = "--:"
		}
	}
	line(rule)
	for _, row := range g.Rows {
		line(row)
	}
	return b.String()
}

// pastRunJSON is a line of `elt history --output json`.
func pastRunJSON(r runner.PastRun) ordered {
	nodes := make([]ordered, len(r.Nodes))
	for i, n := range r.Nodes {
		nodes[i] = pastNodeJSON(n)
	}
	return ordered{
		{"run_id", r.RunID}, {"command", r.Command}, {"target", r.Target}, {"version", r.Version},
		{"started_at", timeOrNull(r.StartedAt)}, {"finished_at", timeOrNull(r.FinishedAt)},
		{"outcome", r.Outcome}, {"nodes", nodes},
	}
}

func pastNodeJSON(n runner.PastNode) ordered {
	out := ordered{
		{"unique_id", n.UniqueID}, {"status", n.Status}, {"started_at", timeOrNull(n.StartedAt)},
		{"duration_ms", float64(n.Duration.Microseconds()) / 1000}, {"published", n.Published},
	}
	if n.Rows >= 0 {
		out = append(out, field{"rows", n.Rows})
	}
	if failuresOf(n) != "" {
		out = append(out, field{"failures", n.Failures})
	}
	for _, f := range []field{{"message", n.Message}, {"skipped_for", n.SkippedFor}, {"held_for", n.HeldFor}} {
		if f.value != "" {
			out = append(out, f)
		}
	}
	return out
}

func timeOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339Nano)
}
