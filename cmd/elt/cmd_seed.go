package main

import "github.com/urfave/cli/v2"

func seedCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:   "seed",
		Usage:  "load and publish seeds without testing them",
		Action: in.execute,
		Flags: join(selectionFlags(),
			[]cli.Flag{fullRefreshFlag(), failFastFlag(), allOrNothingFlag(), adoptFlag(), emptyFlag(), showRowsFlag(), waitFlag()}, changedFlags(),
			projectFlags(), runOutputFlags()),
	}
}
