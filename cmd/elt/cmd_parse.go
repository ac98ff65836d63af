package main

import "github.com/urfave/cli/v2"

func parseCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:   "parse",
		Usage:  "read the project and write manifest.json; opens no database",
		Action: in.parseOnly,
		Flags:  join(projectFlags(), outputFlags("text")),
	}
}

func (in *invocation) parseOnly(c *cli.Context) error {
	in.begin(c)
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	return in.writeArtifacts(c, plan, nil)
}
