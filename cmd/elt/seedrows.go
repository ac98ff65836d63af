package main

import (
	"fmt"

	"elt/cmd/elt/internal/report"
	"elt/compiler"
	"elt/compiler/project"
	"elt/runner"

	"github.com/urfave/cli/v2"
)

// seedSample is how many rows of a seed --show prints, as dbt does.
const seedSample = 10

// showSeeds prints rows of the seeds that a run has loaded: the first ones, where dbt prints any.
func (in *invocation) showSeeds(c *cli.Context, plan *compiler.Plan, summary *runner.Summary) error {
	for _, result := range summary.Results {
		if result.Node.Type != project.Seed || !result.Published {
			continue
		}
		table, err := runner.Show(in.ctx, plan, runner.ShowOptions{Node: result.Node.UniqueID, Limit: seedSample, Wait: c.Duration("wait")})
		if err != nil {
			return err
		}
		if c.String("output") == "json" {
			line := ordered{{"type", "seed_rows"}, {"unique_id", result.Node.UniqueID}, {"rows", jsonRows(table)}}
			if err := report.WriteJSON(in.stdout, line); err != nil {
				return err
			}
			continue
		}
		title := ""
		if !c.Bool("quiet") {
			rel := result.Node.Relation
			title = fmt.Sprintf("rows of %s.%s\n\n", rel.Schema, rel.Identifier)
		}
		if _, err := fmt.Fprint(in.stdout, title); err != nil {
			return err
		}
		if err := in.writeRows(table, "table", ""); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(in.stdout); err != nil {
			return err
		}
	}
	return nil
}
