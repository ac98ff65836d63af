package main

import (
	"errors"
	"io"
	"strings"
	"sync"

	"elt/cmd/elt/internal/report"
	"elt/compiler"
	"elt/compiler/project"
	"elt/runner"

	"github.com/urfave/cli/v2"
)

func compileCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:   "compile",
		Usage:  "render SQL to target/compiled; with --select or --inline also print it",
		Action: in.compile,
		Flags: join(selectionFlags(),
			[]cli.Flag{
				&cli.StringFlag{Name: "inline", Category: groupSelection, Usage: "a `TEMPLATE` to render in the project's context"},
				&cli.BoolFlag{Name: "inject-ephemeral-ctes", Value: true, Hidden: true},
				fullRefreshFlag(), emptyFlag(), waitFlag(),
			}, deferFlags(),
			projectFlags(), outputFlags("text", "json")),
	}
}

func (in *invocation) compile(c *cli.Context) error {
	in.begin(c)
	if isGiven(c, "inline") && (isGiven(c, "select") || isGiven(c, "selector")) {
		return usagef("elt compile takes a selection or --inline, not both")
	}
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	options := runner.CompileOptions{Wait: c.Duration("wait"), Spare: in.spare}
	if isGiven(c, "inline") {
		compiled, err := runner.CompileInline(in.ctx, plan, c.String("inline"), options)
		if err != nil {
			return err
		}
		return in.writeCompiled(nil, compiled, c.String("output"))
	}
	chosen, err := in.choose(c, plan)
	if err != nil {
		return err
	}
	if len(chosen) == 0 {
		return in.nothingChosen(c)
	}
	write := sync.OnceValue(func() error { return in.writeArtifacts(c, plan, nil) })
	options.Rendered = func() { _ = write() }
	list := runner.CompileAll(in.ctx, plan, chosen, options)
	written := write() // at the latest now: messages name the compiled SQL
	if err := list.Err(); err != nil {
		return errors.Join(err, written)
	}
	in.reporter.Diagnostics(list)
	if written != nil {
		return written
	}
	if !selects(c) {
		return nil
	}
	return in.printCompiled(plan, chosen, c.String("output"))
}

// printCompiled prints the SQL of the chosen nodes; of several, each under its path.
func (in *invocation) printCompiled(plan *compiler.Plan, ids []string, format string) error {
	var nodes []*project.Node
	for _, id := range ids {
		if n := plan.Nodes[id]; n.Compiled != nil {
			nodes = append(nodes, n)
		}
	}
	for i, n := range nodes {
		if format != "json" && len(nodes) > 1 {
			title := "-- " + n.OriginalPath + " (" + n.Name + ")\n"
			if i > 0 {
				title = "\n" + title
			}
			if _, err := io.WriteString(in.stdout, title); err != nil {
				return err
			}
		}
		if err := in.writeCompiled(n, n.Compiled, format); err != nil {
			return err
		}
	}
	return nil
}

// compiledJSON is a line of `elt compile --output json`.
type compiledJSON struct {
	UniqueID     string `json:"unique_id,omitempty"`
	Name         string `json:"name,omitempty"`
	CompiledCode string `json:"compiled_code"`
}

// writeCompiled writes one rendered text; node is nil for an inline one.
func (in *invocation) writeCompiled(node *project.Node, compiled *project.Compiled, format string) error {
	if compiled.Deferred {
		return errors.New("this template asks the database something that only a build of its parents can answer")
	}
	if format == "json" {
		line := compiledJSON{CompiledCode: compiled.SQL}
		if node != nil {
			line.UniqueID, line.Name = node.UniqueID, node.Name
		}
		return report.WriteJSON(in.stdout, line)
	}
	_, err := io.WriteString(in.stdout, strings.Trim(compiled.SQL, "\n")+"\n")
	return err
}
