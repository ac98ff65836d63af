package main

import "github.com/urfave/cli/v2"

func testCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:   "test",
		Usage:  "test what is published; change nothing",
		Action: in.execute,
		Flags: join(selectionFlags(),
			[]cli.Flag{failFastFlag(), storeFailuresFlag(), waitFlag()}, deferFlags(),
			projectFlags(), runOutputFlags()),
	}
}
