package main

import (
	"elt/compiler"

	"github.com/urfave/cli/v2"
)

func lsCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:    "ls",
		Aliases: []string{"list"},
		Usage:   "list nodes; opens no database",
		Action:  in.ls,
		Flags: join(selectionFlags("s"),
			[]cli.Flag{modelsFlag(), &cli.StringSliceFlag{Name: "output-keys", Category: groupOutput, Usage: "`KEYS` of --output json, dots reach inside: name config.materialized"}},
			projectFlags(), outputFlags("text", "selector", "name", "path", "json")),
	}
}

// modelsFlag is dbt's older way to choose nodes; with ls it chooses models.
func modelsFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "models", Aliases: []string{"m", "model"}, Category: groupSelection, Usage: "the same as --select with --resource-type model"}
}

func (in *invocation) ls(c *cli.Context) error {
	in.begin(c)
	if isGiven(c, "models") {
		for _, other := range []string{"select", "resource-type"} {
			if isGiven(c, other) {
				return usagef("elt ls takes --models or --%s, not both", other).
					withHint("--models is --select with --resource-type model")
			}
		}
	}
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	chosen, err := in.choose(c, plan)
	if err != nil {
		return err
	}
	if len(chosen) == 0 {
		return in.nothingChosen(c)
	}
	return in.list(plan, chosen, c.String("output"), words(c.StringSlice("output-keys")))
}

func (in *invocation) list(plan *compiler.Plan, ids []string, format string, keys []string) error {
	for _, id := range ids {
		if err := in.writeListed(plan.Nodes[id], format, keys); err != nil {
			return err
		}
	}
	return nil
}
