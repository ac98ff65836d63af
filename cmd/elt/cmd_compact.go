package main

import (
	"errors"
	"fmt"

	"elt/cmd/elt/internal/report"
	"elt/compiler"
	"elt/runner"

	"github.com/urfave/cli/v2"
)

func compactCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:      "compact",
		Usage:     "put small files of external models together",
		ArgsUsage: "[MODEL...]",
		Action:    in.compact,
		Flags: join([]cli.Flag{
			&cli.Int64Flag{Name: "up-to", Value: 128, Usage: "put files below `MB` megabytes together, to no longer ones"},
			&cli.BoolFlag{Name: "dry-run", Usage: "say what would be done, and do nothing"},
			waitFlag(),
		}, projectFlags(), outputFlags("text", "json")),
	}
}

func (in *invocation) compact(c *cli.Context) error {
	in.begin(c)
	if c.Int64("up-to") < 1 {
		return usagef("--up-to needs a number of megabytes, not %d", c.Int64("up-to"))
	}
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	options := runner.CompactOptions{
		UpTo: c.Int64("up-to") * 1_000_000, DryRun: c.Bool("dry-run"), Wait: c.Duration("wait"), Observer: in.reporter, Point: in.point,
	}
	for _, name := range c.Args().Slice() {
		id, err := in.oneNode(plan, name)
		if err != nil {
			return err
		}
		options.Nodes = append(options.Nodes, id)
	}
	done, err := runner.Compact(in.ctx, plan, options)
	if err != nil && len(done) == 0 {
		return err
	}
	return errors.Join(in.writeCompactions(plan, done, c.String("output"), options.DryRun), err)
}

// writeCompactions tells what was done, also where an error came after it.
func (in *invocation) writeCompactions(plan *compiler.Plan, done []runner.Compaction, format string, dry bool) error {
	if format == "json" {
		for _, d := range done {
			line := ordered{{"node", d.Node}, {"folder", d.Folder}, {"files_before", d.FilesBefore}, {"files_after", d.FilesAfter}, {"bytes_before", d.BytesBefore}}
			if !dry {
				line = append(line, ordered{{"bytes_after", d.BytesAfter}, {"rows", d.Rows}}...)
			}
			if err := report.WriteJSON(in.stdout, line); err != nil {
				return err
			}
		}
		return nil
	}
	if len(done) == 0 {
		_, err := fmt.Fprintln(in.stderr, "no files are worth putting together")
		return err
	}
	g := report.Grid{
		Columns: []string{"model", "folder", "files", "then", "bytes", "then", "rows"},
		Right:   []bool{false, false, true, true, true, true, true},
	}
	before, after := 0, 0
	for _, d := range done {
		before, after = before+d.FilesBefore, after+d.FilesAfter
		g.Rows = append(g.Rows, []string{
			nodeName(plan, d.Node), d.Folder, report.Count(int64(d.FilesBefore)), report.Count(int64(d.FilesAfter)),
			countOrNothing(d.BytesBefore), countOrNothing(d.BytesAfter), countOrNothing(d.Rows),
		})
	}
	if err := report.WriteTable(in.stdout, g, "", widthOrUnbounded(in.stdout), report.Style{}); err != nil {
		return err
	}
	word := "are now"
	if dry {
		word = "would become"
	}
	_, err := fmt.Fprintf(in.stderr, "%s %s %s\n", report.Plural(int64(before), "file"), word, report.Count(int64(after)))
	return err
}
