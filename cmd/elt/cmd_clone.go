package main

import (
	"fmt"
	"slices"
	"strings"

	"elt/cmd/elt/internal/report"
	"elt/compiler"
	"elt/compiler/project"
	"elt/runner"

	"github.com/urfave/cli/v2"
)

func cloneCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:   "clone",
		Usage:  "make views over what another target has built, for --state",
		Action: in.clone,
		Flags: join(selectionFlags(),
			[]cli.Flag{&cli.BoolFlag{Name: "full-refresh", Aliases: []string{"f"}, Category: groupRun, Usage: "also in place of what is there"},
				failFastFlag(), allOrNothingFlag(), adoptFlag(), waitFlag()},
			projectFlags(), runOutputFlags()),
	}
}

// clone makes views over the relations of an earlier run, where the target has nothing yet.
func (in *invocation) clone(c *cli.Context) error {
	in.begin(c)
	if c.String("state") == "" {
		return usagef("elt clone needs --state").withHint("name the target folder of the run that built what is to be shown")
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
	state, err := readState(plan, c.String("state"))
	if err != nil {
		return err
	}
	clones, unknown, left, err := plan.Clones(chosen, state)
	if err != nil {
		return err
	}
	if !c.Bool("full-refresh") {
		there, err := in.existing(c, clones)
		if err != nil {
			return err
		}
		left = append(left, there...)
	}
	wanted := slices.DeleteFunc(slices.Clone(clones.Order), func(id string) bool {
		return slices.ContainsFunc(left, func(n *project.Node) bool { return n.UniqueID == id })
	})
	in.sayLeft(c, unknown, left)
	summary := &runner.Summary{Counts: map[runner.Status]int{}}
	if len(wanted) > 0 {
		summary, err = runner.Run(in.ctx, clones, in.runOptions(c, wanted), in.observer())
	}
	if summary != nil {
		for _, node := range slices.Concat(unknown, left) {
			summary.Results = append(summary.Results, &runner.NodeResult{Node: node, Status: runner.Success, Message: "No-op", Rows: -1})
			summary.Counts[runner.Success]++
		}
	}
	return in.finish(c, plan, summary, err)
}

// existing are the nodes of a plan whose relations the target has.
func (in *invocation) existing(c *cli.Context, plan *compiler.Plan) ([]*project.Node, error) {
	tables, err := runner.Catalog(in.ctx, plan, runner.CatalogOptions{Wait: c.Duration("wait")})
	if err != nil {
		return nil, err
	}
	var out []*project.Node
	for _, t := range tables {
		out = append(out, t.Nodes...)
	}
	return out, nil
}

// sayLeft tells which nodes nothing is done about.
func (in *invocation) sayLeft(c *cli.Context, unknown, left []*project.Node) {
	if c.Bool("quiet") || c.String("output") == "json" || logsJSON(c) {
		return
	}
	say := func(nodes []*project.Node, what string) {
		if len(nodes) == 0 {
			return
		}
		names := make([]string, len(nodes))
		for i, n := range nodes {
			names[i] = n.Name
		}
		slices.Sort(names)
		_, _ = fmt.Fprintf(in.stderr, "%s %s: %s\n", report.Plural(int64(len(nodes)), "relation"), what, strings.Join(names, ", "))
	}
	say(unknown, "not in the state")
	say(left, "there already, and left as they are")
}
