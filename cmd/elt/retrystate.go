package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/runner"

	"github.com/urfave/cli/v2"
)

func retryStateFlag() cli.Flag {
	return &cli.StringFlag{Name: "state", Category: groupSelection, Usage: "`DIR` with the run_results.json of the run to take up (default: the last run that the database has)"}
}

// earlierRun is what run_results.json, elt's or dbt's, tells of a run.
type earlierRun struct {
	Args    map[string]any
	Results []struct {
		ID     string `json:"unique_id"`
		Status string
	}
	folder string
}

// retryState does again what has failed or was skipped in the run whose run_results.json a folder has,
// with the command and the flags of that run, as dbt does.
func (in *invocation) retryState(c *cli.Context, dir string) error {
	run, err := in.earlierRun(c, dir)
	if err != nil {
		return err
	}
	command, _ := run.Args["which"].(string)
	if !slices.Contains([]string{"build", "run", "test", "seed", "snapshot"}, command) {
		return usagef("the run in %q was `%s`, which is not done again", dir, command).
			withHint("run it as it was run; retry is for build, run, test, seed and snapshot")
	}
	if err := run.setFlags(c); err != nil {
		return err
	}
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	ids := in.failedIn(run, plan, command)
	if len(ids) == 0 {
		_, err = fmt.Fprintf(in.stderr, "nothing to retry: no node of the run in %q failed or was skipped\n", dir)
		return err
	}
	if err := run.deferTo(plan); err != nil {
		return err
	}
	plan.Choose(ids)
	options := in.runOptions(c, ids)
	options.Command, in.which = command, command
	summary, err := runner.Run(in.ctx, plan, options, in.observer())
	return in.finish(c, plan, summary, err)
}

// earlierRun reads run_results.json of a folder: relative to where elt was started, else to the project.
func (in *invocation) earlierRun(c *cli.Context, dir string) (*earlierRun, error) {
	root, err := in.root(c)
	if err != nil {
		return nil, err
	}
	folder := dir
	if _, err := os.Stat(folder); err != nil && !filepath.IsAbs(folder) {
		folder = filepath.Join(root, dir)
	}
	data, err := os.ReadFile(filepath.Join(folder, "run_results.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usagef("--state: %q has no run_results.json", dir).
			withHint("name the target folder of the run that failed; without --state the last run in the database is taken up")
	}
	if err != nil {
		return nil, usagef("--state: %v", err)
	}
	run := &earlierRun{folder: folder}
	if err := json.Unmarshal(data, run); err != nil {
		return nil, usagef("--state: run_results.json in %q is not what elt or dbt writes: %v", dir, err)
	}
	return run, nil
}

// setFlags gives the flags that were not given the values which they had in the earlier run.
func (r *earlierRun) setFlags(c *cli.Context) error {
	for _, name := range []string{
		"target", "profile", "vars", "threads", "full-refresh", "empty", "sample", "store-failures", "fail-fast", "event-time-start", "event-time-end",
	} {
		value, had := r.Args[strings.ReplaceAll(name, "-", "_")]
		if !had || value == nil || isGiven(c, name) {
			continue
		}
		text := fmt.Sprint(value)
		if _, isText := value.(string); !isText {
			data, err := json.Marshal(value) // which is YAML, too
			if err != nil {
				return err
			}
			text = string(data)
		}
		if err := c.Set(name, text); err != nil {
			return usagef("run_results.json in %q: %s: %v", r.folder, name, err)
		}
	}
	return nil
}

// failedIn returns what of the earlier run is to be done again, in plan order. A node that is gone is
// told of.
func (in *invocation) failedIn(run *earlierRun, plan *compiler.Plan, command string) []string {
	failed := map[string]bool{}
	for _, result := range run.Results {
		switch runner.Status(result.Status) {
		case runner.Errored, runner.Failed, runner.Skipped, runner.PartialSuccess, "runtime error":
		default:
			continue
		}
		if strings.HasPrefix(result.ID, "operation.") {
			continue // hooks run anyway
		}
		if plan.Nodes[result.ID] == nil {
			in.warn(diag.EmptySelection, "%q, which failed or was skipped, is no node any more", result.ID)
		}
		failed[result.ID] = true
	}
	types := concernedTypes(command)
	return slices.DeleteFunc(slices.Clone(plan.Order), func(id string) bool {
		return !failed[id] || !slices.Contains(types, plan.Nodes[id].Type)
	})
}

// deferTo has nodes that are not selected read where the earlier run has read them.
func (r *earlierRun) deferTo(plan *compiler.Plan) error {
	if on, _ := r.Args["defer"].(bool); !on {
		return nil
	}
	dir, _ := r.Args["defer_state"].(string)
	if dir == "" {
		dir, _ = r.Args["state"].(string)
	}
	if dir == "" {
		return nil
	}
	state, err := readState(plan, dir)
	if err != nil {
		return err
	}
	favor, _ := r.Args["favor_state"].(bool)
	plan.Defer(&compiler.Deferral{State: state, Favor: favor})
	return nil
}
