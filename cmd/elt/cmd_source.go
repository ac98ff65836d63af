package main

import (
	"fmt"
	"slices"
	"time"

	"elt/cmd/elt/internal/report"
	"elt/compiler"
	"elt/runner"

	"github.com/urfave/cli/v2"
)

func sourceFilesCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:      "source files",
		Usage:     "list raw files: what was taken in, what the next build will take",
		ArgsUsage: "[SOURCE]",
		Action:    in.sourceFiles,
		Flags:     join([]cli.Flag{waitFlag()}, projectFlags(), outputFlags("text", "json")),
	}
}

func sourceRejectsCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:      "source rejects",
		Usage:     "list rows of raw files that are kept apart: file, line, column, reason and text",
		ArgsUsage: "[SOURCE]",
		Action:    in.sourceRejects,
		Flags:     join([]cli.Flag{waitFlag()}, projectFlags(), outputFlags("text", "json")),
	}
}

func sourceForgetCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:      "source forget",
		Usage:     "have the next build take files in anew",
		ArgsUsage: "FILE...",
		Action:    in.sourceForget,
		Flags: join([]cli.Flag{
			&cli.StringFlag{Name: "node", Category: groupSelection, Usage: "only for this `NODE`, a by_file model"},
			waitFlag(),
		}, projectFlags(), outputFlags("text", "json")),
	}
}

func (in *invocation) sourceFiles(c *cli.Context) error {
	in.begin(c)
	if c.NArg() > 1 {
		return usagef("elt source files takes one source, but got %d", c.NArg()).withHint("without one it lists the files of all")
	}
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	files, err := runner.SourceFiles(in.ctx, plan, runner.SourceOptions{Source: c.Args().First(), Wait: c.Duration("wait")})
	if err != nil {
		return err
	}
	return in.writeSourceFiles(plan, files, c.String("output"))
}

func (in *invocation) sourceRejects(c *cli.Context) error {
	in.begin(c)
	if c.NArg() > 1 {
		return usagef("elt source rejects takes one source, but got %d", c.NArg()).withHint("without one it lists the rejects of all")
	}
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	rejects, err := runner.Rejects(in.ctx, plan, runner.SourceOptions{Source: c.Args().First(), Wait: c.Duration("wait")})
	if err != nil {
		return err
	}
	return in.writeRejects(plan, rejects, c.String("output"))
}

func (in *invocation) writeRejects(plan *compiler.Plan, rejects []runner.Reject, format string) error {
	if format == "json" {
		for _, r := range rejects {
			line := ordered{{"source", r.Source}, {"path", r.Path}}
			if r.Line > 0 {
				line = append(line, field{"line", r.Line})
			}
			if r.Column != "" {
				line = append(line, field{"column", r.Column})
			}
			line = append(line, ordered{{"reason", r.Reason}, {"text", r.Text}, {"run_id", r.RunID}, {"rejected_at", timeOrNull(r.RejectedAt)}}...)
			if err := report.WriteJSON(in.stdout, line); err != nil {
				return err
			}
		}
		return nil
	}
	if len(rejects) == 0 {
		_, err := fmt.Fprintln(in.stderr, "no row is kept apart")
		return err
	}
	g := report.Grid{Columns: []string{"source", "file", "line", "reason", "text"}, Right: []bool{false, false, true}}
	for _, r := range rejects {
		line := ""
		if r.Line > 0 {
			line = fmt.Sprint(r.Line)
		}
		g.Rows = append(g.Rows, []string{nodeName(plan, r.Source), r.Path, line, r.Reason, r.Text})
	}
	return report.WriteTable(in.stdout, g, "", widthOrUnbounded(in.stdout), report.Style{})
}

func (in *invocation) sourceForget(c *cli.Context) error {
	in.begin(c)
	if c.NArg() == 0 {
		return usagef("elt source forget needs the files").withHint("elt source files lists what was taken in")
	}
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	options := runner.ForgetOptions{Files: c.Args().Slice(), Wait: c.Duration("wait")}
	if name := c.String("node"); name != "" {
		if options.Model, err = in.oneNode(plan, name); err != nil {
			return err
		}
	}
	files, err := runner.ForgetFiles(in.ctx, plan, options)
	if err != nil {
		return err
	}
	if c.String("output") == "json" {
		return in.writeSourceFiles(plan, files, "json")
	}
	for _, f := range files {
		fmt.Fprintf(in.stdout, "%s will be taken in anew by %s\n", f.Path, nodeName(plan, f.Model))
	}
	return nil
}

func (in *invocation) writeSourceFiles(plan *compiler.Plan, files []runner.SourceFile, format string) error {
	if format == "json" {
		for _, f := range files {
			if err := report.WriteJSON(in.stdout, sourceFileJSON(f)); err != nil {
				return err
			}
		}
		return nil
	}
	g := report.Grid{
		Columns: []string{"source", "file", "state", "rows", "bytes", "modified", "model", "run"},
		Right:   []bool{false, false, false, true, true},
	}
	formats := slices.ContainsFunc(files, func(f runner.SourceFile) bool { return f.Format != "" })
	if formats {
		g.Columns = append(g.Columns, "format")
	}
	counts := map[string]int{}
	for _, f := range files {
		counts[f.State]++
		row := []string{
			nodeName(plan, f.Source), f.Path, f.State, countOrNothing(f.Rows), countOrNothing(f.Bytes),
			dayAndTime(f.ModifiedAt), nodeName(plan, f.Model), f.RunID,
		}
		if formats {
			row = append(row, f.Format)
		}
		g.Rows = append(g.Rows, row)
	}
	if err := report.WriteTable(in.stdout, g, "", widthOrUnbounded(in.stdout), report.Style{}); err != nil {
		return err
	}
	_, err := fmt.Fprintln(in.stderr, nextFiles(counts))
	return err
}

// nextFiles says what the next build will do about the files.
func nextFiles(counts map[string]int) string {
	take := counts[runner.FileNew] + counts[runner.FileChanged] + counts[runner.FileFailed]
	switch gone := counts[runner.FileGone]; {
	case take == 0 && gone == 0:
		return "the next build has no file to take in"
	case gone == 0:
		return "the next build takes in " + report.Plural(int64(take), "file")
	default:
		return "the next build takes in " + report.Plural(int64(take), "file") + " and drops the rows of " + report.Plural(int64(gone), "file")
	}
}

func sourceFileJSON(f runner.SourceFile) ordered {
	out := ordered{{"source", f.Source}, {"path", f.Path}, {"state", f.State}}
	if f.Model != "" {
		out = append(out, field{"model", f.Model})
	}
	if f.Bytes >= 0 {
		out = append(out, field{"bytes", f.Bytes}, field{"modified_at", timeOrNull(f.ModifiedAt)})
	}
	if f.Rows >= 0 {
		out = append(out, field{"rows", f.Rows}, field{"taken_at", timeOrNull(f.TakenAt)}, field{"run_id", f.RunID})
	}
	if f.Format != "" {
		out = append(out, field{"format", f.Format})
	}
	if f.Message != "" {
		out = append(out, field{"message", f.Message})
	}
	return out
}

// nodeName is how a person calls a node: "source.table" for a source.
func nodeName(plan *compiler.Plan, id string) string {
	node := plan.Nodes[id]
	switch {
	case node == nil:
		return id
	case node.Table != nil:
		return node.Table.SourceName + "." + node.Name
	}
	return node.Name
}

func countOrNothing(n int64) string {
	if n < 0 {
		return ""
	}
	return report.Count(n)
}

func dayAndTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return moment(t)
}
