package main

import (
	"slices"

	"github.com/urfave/cli/v2"
)

// dbtCommands are the commands that dbt has, too. Each of them takes every flag that dbt's takes.
func dbtCommands() []string {
	return []string{
		"build", "clean", "clone", "compile", "debug", "deps", "docs generate", "init", "ls", "parse", "retry", "run",
		"run-operation", "seed", "show", "snapshot", "source freshness", "test",
	}
}

// asInDBT adds to a command the flags of dbt's command that it has no use for: those that dbt takes
// with every command, whether it looks at them there or not, and those about the project.
func asInDBT(c *cli.Command) {
	if !slices.Contains(dbtCommands(), c.Name) {
		return
	}
	flags := join(everywhereFlags(), deprecatedFlags(), projectFlags(), globalFlags(), outputFlags()[1:])
	has := map[string]bool{}
	for _, f := range c.Flags {
		for _, name := range namesOf(f) {
			has[name] = true
		}
	}
	for _, f := range flags {
		if name := namesOf(f)[0]; !has[name] {
			has[name] = true
			c.Flags = append(c.Flags, hidden(f))
		}
	}
}

// everywhereFlags are flags that dbt takes with every command, and that mean something to some.
func everywhereFlags() []cli.Flag {
	return join(deferFlags(), []cli.Flag{
		stateFlag(), failFastFlag(), indirectFlag(),
	})
}

// deprecatedFlags carry older environment variables inside of dbt, which refuses them on the
// command line.
func deprecatedFlags() []cli.Flag {
	var flags []cli.Flag
	for _, name := range []string{"deprecated-defer", "deprecated-favor-state", "deprecated-state"} {
		flags = append(flags, &cli.StringFlag{Name: name})
	}
	return append(flags, &cli.BoolFlag{Name: "deprecated-print"}, &cli.BoolFlag{Name: "deprecated-no-print"})
}

// hidden is a flag that --help does not list.
func hidden(f cli.Flag) cli.Flag {
	switch f := f.(type) {
	case *cli.BoolFlag:
		f.Hidden = true
	case *cli.StringFlag:
		f.Hidden = true
	case *cli.StringSliceFlag:
		f.Hidden = true
	case *cli.IntFlag:
		f.Hidden = true
	}
	return f
}

func hiddenFlags(flags []cli.Flag) []cli.Flag {
	for _, f := range flags {
		hidden(f)
	}
	return flags
}

// refuse says of flags of dbt that elt cannot follow why not, before anything is done.
func refuse(c *cli.Context) error {
	for _, f := range deprecatedFlags() {
		if name := namesOf(f)[0]; isGiven(c, name) {
			return usagef("--%s is no flag for the command line", name).
				withHint("dbt refuses it, too; write the flag without \"deprecated-\"")
		}
	}
	switch {
	case c.Command.Name == "docs generate" && c.Bool("static"):
		return usagef("--static is not possible: elt writes no HTML page").
			withHint("without it, manifest.json and catalog.json are written, which `dbt docs serve` and other tools show")
	case c.Command.Name == "compile" && isGiven(c, "inject-ephemeral-ctes") && !c.Bool("inject-ephemeral-ctes"):
		return usagef("--no-inject-ephemeral-ctes is not possible: elt compiles to SQL that can be run").
			withHint("elt compile -s NODE --output json without it has the whole SQL")
	}
	return nil
}
