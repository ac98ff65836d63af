package main

import "github.com/urfave/cli/v2"

func buildCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:   "build",
		Usage:  "seeds, snapshots, models and tests in order; publish what passed",
		Action: in.execute,
		Flags: join(selectionFlags(),
			[]cli.Flag{fullRefreshFlag(), expireFlag(), failFastFlag(), allOrNothingFlag(), adoptFlag(), storeFailuresFlag(), emptyFlag(), showRowsFlag(), sampleFlag(), waitFlag()}, changedFlags(), eventTimeFlags(), deferFlags(),
			projectFlags(), runOutputFlags()),
	}
}
