package main

import (
	"errors"
	"io"

	"elt/runner"

	"github.com/urfave/cli/v2"
)

func retryCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:   "retry",
		Usage:  "do again what failed or was skipped in the last run",
		Action: in.retry,
		Flags: join(hiddenFlags(eventTimeFlags()), []cli.Flag{failFastFlag(), allOrNothingFlag(), adoptFlag(), storeFailuresFlag(), fullRefreshFlag(), emptyFlag(), retryStateFlag(), sampleFlag(), waitFlag()},
			projectFlags(), runOutputFlags()),
	}
}

func (in *invocation) retry(c *cli.Context) error {
	in.begin(c)
	if dir := c.String("state"); dir != "" {
		return in.retryState(c, dir)
	}
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	options := in.runOptions(c, nil)
	options.Command = ""
	summary, err := runner.Retry(in.ctx, plan, options, in.observer())
	if errors.Is(err, runner.ErrNothingToRetry) {
		_, err = io.WriteString(in.stderr, "nothing to retry: "+err.Error()+"\n")
		return err
	}
	if summary != nil {
		in.which = summary.Command
	}
	return in.finish(c, plan, summary, err)
}
