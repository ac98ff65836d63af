package main

import "github.com/urfave/cli/v2"

func snapshotCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:   "snapshot",
		Usage:  "record what has changed in snapshots, without testing them",
		Action: in.execute,
		Flags: join(selectionFlags(),
			[]cli.Flag{failFastFlag(), allOrNothingFlag(), adoptFlag(), emptyFlag(), waitFlag()}, deferFlags(),
			projectFlags(), runOutputFlags()),
	}
}
