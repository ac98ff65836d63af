package main

import (
	"slices"
	"strings"
	"time"

	"elt/compiler/diag"
	"elt/compiler/project"

	"github.com/urfave/cli/v2"
)

// The headings under which --help lists flags, in this order.
const (
	groupProject   = "project"
	groupSelection = "selection"
	groupRun       = "run"
	groupOutput    = "output"
)

// projectFlags say which project and which target.
func projectFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "project-dir", Category: groupProject, Usage: "`DIR` of the project (default: this folder or the nearest above it)"},
		&cli.StringFlag{Name: "target", Aliases: []string{"t"}, Category: groupProject, Usage: "`NAME` of the target to use"},
		&cli.StringFlag{Name: "profile", Category: groupProject, Usage: "`NAME` of the profile to use"},
		&cli.StringFlag{Name: "profiles-dir", Category: groupProject, Usage: "`DIR` that holds profiles.yml"},
		&cli.StringFlag{Name: "target-path", Category: groupProject, Usage: "`DIR` for compiled SQL and artifacts (default: target)"},
		&cli.StringFlag{Name: "vars", Category: groupProject, Usage: "variables as `YAML`: '{start: 2013-01-01}'"},
		&cli.IntFlag{Name: "threads", Category: groupProject, Usage: "`N` nodes at a time"},
	}
}

// outputFlags say how to report.
func outputFlags(formats ...string) []cli.Flag {
	return append([]cli.Flag{
		choice("output", formats, groupOutput, "how to report"),
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Category: groupOutput, Usage: "report only what goes wrong"},
		&cli.BoolFlag{Name: "use-colors", Category: groupOutput, Usage: "colour always; --no-color never (default: on a terminal)"},
		&cli.BoolFlag{Name: "no-color", Hidden: true, Category: groupOutput},
	}, globalFlags()...)
}

// runOutputFlags say how to report a run.
func runOutputFlags() []cli.Flag {
	return append(outputFlags("text", "json"),
		&cli.StringFlag{Name: "junit", Category: groupOutput, Usage: "also write results to `FILE` as JUnit XML"},
		&cli.BoolFlag{Name: "github", Category: groupOutput, Usage: "also write annotations and a job summary for GitHub"},
	)
}

// selectionFlags say which nodes. short are the other names of --select, where it has not those of
// dbt's commands.
func selectionFlags(short ...string) []cli.Flag {
	if short == nil {
		short = []string{"s", "m", "models", "model"}
	}
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "select", Aliases: short, Category: groupSelection, Usage: "`NODES` to take: orders, +orders, tag:daily, models/marts"},
		&cli.StringSliceFlag{Name: "exclude", Category: groupSelection, Usage: "`NODES` to leave out"},
		stateFlag(),
		&cli.StringFlag{Name: "selector", Category: groupSelection, Usage: "`NAME` of a selector in selectors.yml"},
		indirectFlag(),
		&cli.StringSliceFlag{Name: "resource-type", Aliases: []string{"resource-types"}, Category: groupSelection, Usage: "only `TYPES` of nodes: model, seed, test, ..."},
		&cli.StringSliceFlag{Name: "exclude-resource-type", Aliases: []string{"exclude-resource-types"}, Category: groupSelection, Usage: "no `TYPES` of nodes"},
	}
}

func indirectFlag() cli.Flag {
	return choice("indirect-selection", []string{"eager", "cautious", "buildable", "empty"}, groupSelection, "which tests come with the nodes")
}

func waitFlag() cli.Flag {
	return &cli.DurationFlag{Name: "wait", Category: groupRun, Usage: "wait `TIME` for a database that another process holds: 30s"}
}

func failFastFlag() cli.Flag {
	return &cli.BoolFlag{Name: "fail-fast", Aliases: []string{"x"}, Category: groupRun, Usage: "start nothing more after the first failure"}
}

func fullRefreshFlag() cli.Flag {
	return &cli.BoolFlag{Name: "full-refresh", Aliases: []string{"f"}, Category: groupRun, Usage: "rebuild incremental models from all their input"}
}

func showRowsFlag() cli.Flag {
	return &cli.BoolFlag{Name: "show", Category: groupRun, Usage: "also print the first rows of each seed that was loaded"}
}

func expireFlag() cli.Flag {
	return &cli.BoolFlag{Name: "expire", Category: groupRun, Usage: "remove what is older than models keep it (keep: 90 days)"}
}

// changedFlags leave out what is up to date.
func changedFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "changed", Category: groupRun, Usage: "do only what is not up to date in the database, and its tests"},
		&cli.BoolFlag{Name: "dry-run", Category: groupRun, Usage: "with --changed: say what would be done and why, and do nothing"},
	}
}

// eventTimeFlags say which batches of microbatch models to do.
func eventTimeFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "event-time-start", Category: groupRun, Usage: "do the batches of microbatch models from `TIME` on"},
		&cli.StringFlag{Name: "event-time-end", Category: groupRun, Usage: "and before `TIME`: 2024-02-01"},
	}
}

// eventTimes reads them; as in dbt both are given, or none.
func eventTimes(c *cli.Context) (start, end time.Time, err error) {
	from, until := c.String("event-time-start"), c.String("event-time-end")
	if from == "" && until == "" {
		return start, end, nil
	}
	for _, flag := range []struct{ name, other, value string }{
		{"event-time-start", "event-time-end", from}, {"event-time-end", "event-time-start", until},
	} {
		if flag.value == "" {
			return start, end, usagef("--%s needs --%s too", flag.other, flag.name)
		}
	}
	if start, err = project.ParseTime(from); err != nil {
		return start, end, usagef("--event-time-start: %v", err).withHint("write 2024-01-01, or 2024-01-01T12:00:00")
	}
	if end, err = project.ParseTime(until); err != nil {
		return start, end, usagef("--event-time-end: %v", err).withHint("write 2024-01-01, or 2024-01-01T12:00:00")
	}
	if !start.Before(end) {
		return start, end, usagef("--event-time-start %s is not before --event-time-end %s", from, until)
	}
	return start, end, nil
}

func storeFailuresFlag() cli.Flag {
	return &cli.BoolFlag{Name: "store-failures", Category: groupRun, Usage: "keep the rows that tests find in tables"}
}

func allOrNothingFlag() cli.Flag {
	return &cli.BoolFlag{Name: "all-or-nothing", Category: groupRun, Usage: "publish only if everything is green"}
}

func adoptFlag() cli.Flag {
	return &cli.BoolFlag{Name: "adopt", Category: groupRun, Usage: "replace relations that elt has not made"}
}

// choice is a flag that takes one of a few words.
func choice(name string, words []string, group, usage string) cli.Flag {
	return &cli.StringFlag{
		Name: name, Category: group, Usage: usage + ": `" + strings.Join(words, "|") + "`",
		Action: func(_ *cli.Context, value string) error {
			if slices.Contains(words, value) {
				return nil
			}
			err := usagef("--%s is one of %s, not %q", name, strings.Join(words, ", "), value)
			if s := diag.Suggest(value, words); s != "" {
				return err.withHint("did you mean %s?", s)
			}
			return err
		},
	}
}

// join makes one list of several.
func join(lists ...[]cli.Flag) []cli.Flag { return slices.Concat(lists...) }
