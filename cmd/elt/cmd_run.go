package main

import "github.com/urfave/cli/v2"

func runCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:   "run",
		Usage:  "build and publish models without testing them",
		Action: in.execute,
		Flags: join(selectionFlags(),
			[]cli.Flag{fullRefreshFlag(), expireFlag(), failFastFlag(), allOrNothingFlag(), adoptFlag(), emptyFlag(), sampleFlag(), waitFlag()}, changedFlags(), eventTimeFlags(), deferFlags(),
			projectFlags(), runOutputFlags()),
	}
}
