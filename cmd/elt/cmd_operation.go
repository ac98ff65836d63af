package main

import (
	"elt/runner"

	"github.com/urfave/cli/v2"
)

func runOperationCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:      "run-operation",
		Usage:     "call a macro that acts on the database, in one transaction",
		ArgsUsage: "MACRO",
		Action:    in.runOperation,
		Flags: join([]cli.Flag{
			&cli.StringFlag{Name: "args", Category: groupRun, Usage: "the macro's arguments as `YAML`: '{days: 30}'"},
			waitFlag(),
		}, projectFlags(), outputFlags("text")),
	}
}

func (in *invocation) runOperation(c *cli.Context) error {
	in.begin(c)
	if c.NArg() != 1 {
		return usagef("elt run-operation needs the name of one macro").withHint("for example: elt run-operation clean_up --args '{days: 30}'")
	}
	args, err := parseMapping("--args", c.String("args"), "{days: 30}")
	if err != nil {
		return err
	}
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	_, err = runner.Operation(in.ctx, plan, runner.OperationOptions{Macro: c.Args().First(), Args: args, Wait: c.Duration("wait")})
	return err
}
