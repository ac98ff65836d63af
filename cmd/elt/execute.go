package main

import (
	"errors"

	"elt/cmd/elt/internal/report"
	"elt/compiler"
	"elt/compiler/diag"
	"elt/runner"

	"github.com/urfave/cli/v2"
)

// execute is what build, run, test, seed and snapshot do: read the project, choose
// nodes, run them and report.
func (in *invocation) execute(c *cli.Context) error {
	in.begin(c)
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	chosen, err := in.choose(c, plan)
	if err != nil {
		return err
	}
	if len(chosen) == 0 {
		return errors.Join(in.nothingChosen(c), in.emptyArtifacts(c, plan))
	}
	if c.Bool("dry-run") {
		return in.dryRun(c, plan, chosen)
	}
	options := in.runOptions(c, chosen)
	options.Settled = in.writesPlanEarly(c, plan)
	options.Ending = !c.Bool("show") // which reads the database again
	summary, err := runner.Run(in.ctx, plan, options, in.observer())
	if err == nil && c.Bool("show") {
		err = in.showSeeds(c, plan, summary)
	}
	if err == nil && summary.Unchanged {
		return in.doneLine(c, summary) // what the last run wrote still holds
	}
	return in.finish(c, plan, summary, err)
}

// emptyArtifacts writes what a dbt project has in its target folder also where there was nothing to do: state
// that others compare with, and a run without results.
func (in *invocation) emptyArtifacts(c *cli.Context, plan *compiler.Plan) error {
	if plan.Project.IsElt || c.Bool("dry-run") {
		return nil
	}
	return in.writeArtifacts(c, plan, &runner.Summary{Command: c.Command.Name})
}

// dryRun says what a run with --changed would do, and why.
func (in *invocation) dryRun(c *cli.Context, plan *compiler.Plan, chosen []string) error {
	if !c.Bool("changed") {
		return usagef("--dry-run is for --changed").withHint("elt ls lists what a selection means, elt compile checks it")
	}
	anew, same, err := runner.Changes(in.ctx, plan, in.runOptions(c, chosen))
	if err != nil {
		return err
	}
	if c.String("output") == "json" {
		for _, change := range anew {
			line := map[string]string{"type": "change", "unique_id": change.Node.UniqueID, "why": change.Why}
			if err := report.WriteJSON(in.stdout, line); err != nil {
				return err
			}
		}
		return nil
	}
	return in.print(report.ChangesText(anew, same))
}

// observer hears of a run.
func (in *invocation) observer() runner.Observer { return tightening{in.reporter, in.collector} }

// runOptions turns flags into the runner's options.
func (in *invocation) runOptions(c *cli.Context, chosen []string) runner.Options {
	start, end, _ := eventTimes(c) // wrong ones have stopped the parse
	if start.IsZero() {
		start, end = in.sample.start, in.sample.end // other batches would be empty
	}
	return runner.Options{
		EventTimeStart: start, EventTimeEnd: end,
		Command: c.Command.Name, Selected: chosen,
		FullRefresh: c.Bool("full-refresh"), FailFast: c.Bool("fail-fast"),
		AllOrNothing: c.Bool("all-or-nothing"), StoreFailures: c.Bool("store-failures"), Adopt: c.Bool("adopt"), Warnings: in.warnings,
		Changed: c.Bool("changed"), Expire: c.Bool("expire"), Empty: c.Bool("empty"), Sampled: c.Bool("empty") || !in.sample.start.IsZero(),
		Threads: threads(c), Wait: c.Duration("wait"), Version: version(), Spare: in.spare, Ending: true, Point: in.point,
	}
}

// nothingChosen says that a selection is empty: a warning, as in dbt.
func (in *invocation) nothingChosen(c *cli.Context) error {
	switch {
	case in.saidEmpty:
		return nil
	case !selects(c):
		in.reporter.Diagnostics(diag.List{diag.Warn(diag.EmptySelection, diag.Place{}, "there is nothing here that `elt %s` could do", c.Command.Name).WithEvent("NothingToDo")})
		return nil
	}
	d := diag.Warn(diag.EmptySelection, diag.Place{}, "the selection matches nothing that `elt %s` could do", c.Command.Name).WithEvent("NoNodesForSelectionCriteria").
		WithHint("elt ls with the same flags shows what a selection matches")
	if c.Command.Name == "ls" {
		d.Message, d.Hint = "the selection matches nothing", "elt ls without a selection lists what there is"
	}
	in.reporter.Diagnostics(diag.List{d})
	return nil
}

// finish writes artifacts and turns what a run came to into the command's outcome.
func (in *invocation) finish(c *cli.Context, plan *compiler.Plan, summary *runner.Summary, err error) error {
	if summary != nil || isAboutSQL(err) {
		err = errors.Join(err, in.writeArtifacts(c, plan, summary))
	}
	err = errors.Join(err, in.doneLine(c, summary))
	switch {
	case err != nil:
		return err
	case !summary.OK():
		return errFailed
	}
	return nil
}

// isAboutSQL reports whether an error is about compiled SQL, which is then to be found
// where the message says.
func isAboutSQL(err error) bool {
	for _, d := range diag.From(err, "") {
		if d.Compiled != nil {
			return true
		}
	}
	return false
}
