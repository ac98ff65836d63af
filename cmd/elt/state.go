package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"elt/compiler"
	"elt/compiler/template"

	"github.com/urfave/cli/v2"
)

// stateFlag names an earlier run to compare with.
func stateFlag() cli.Flag {
	return &cli.StringFlag{Name: "state", Category: groupSelection, Usage: "`DIR` with the manifest.json of an earlier run, for state: and result:"}
}

// deferFlags say what stands for nodes that are not selected.
func deferFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "defer", Category: groupRun, Usage: "read nodes that are neither selected nor in the target as --state has built them"},
		&cli.BoolFlag{Name: "no-defer", Hidden: true, Category: groupRun},
		&cli.BoolFlag{Name: "favor-state", Category: groupRun, Usage: "with --defer: also those that are in the target"},
		&cli.BoolFlag{Name: "no-favor-state", Hidden: true, Category: groupRun},
		&cli.StringFlag{Name: "defer-state", Category: groupRun, Usage: "`DIR` for --defer, where it is not that of --state"},
	}
}

func emptyFlag() cli.Flag {
	return &cli.BoolFlag{Name: "empty", Category: groupRun, Usage: "read no rows: build everything without data"}
}

// useState hands the plan what --state, --defer and their like name.
func (in *invocation) useState(c *cli.Context, plan *compiler.Plan) error {
	var state *compiler.State
	if dir := c.String("state"); dir != "" {
		var err error
		if state, err = readState(plan, dir); err != nil && comparesState(c) {
			return err
		}
		if err == nil {
			plan.UseState(state, os.DirFS(targetDir(plan)))
		}
	}
	if !c.Bool("defer") || c.Bool("no-defer") || !defers(c.Command.Name) {
		return nil
	}
	if dir := c.String("defer-state"); dir != "" {
		var err error
		if state, err = readState(plan, dir); err != nil {
			return err
		}
	}
	if state == nil {
		return usagef("--defer needs --state, or --defer-state").withHint("name the target folder of the run that built the other nodes")
	}
	plan.Defer(&compiler.Deferral{State: state, Favor: c.Bool("favor-state") && !c.Bool("no-favor-state")})
	return nil
}

// comparesState reports whether anything on the command line needs what --state names, which as a
// variable of the environment stands there for every command.
func comparesState(c *cli.Context) bool {
	asks := func(text string) bool {
		return strings.Contains(text, "state:") || strings.Contains(text, "result:") || strings.Contains(text, "source_status:")
	}
	return c.Bool("defer") && defers(c.Command.Name) || c.String("selector") != "" ||
		slices.ContainsFunc(slices.Concat(c.StringSlice("select"), c.StringSlice("models"), c.StringSlice("exclude")), asks)
}

// defers reports whether a command reads relations, which may be those of another target.
func defers(command string) bool {
	return slices.Contains([]string{"build", "run", "test", "snapshot", "compile", "show", "docs generate"}, command)
}

// readState reads an earlier run's folder: relative to where elt was started, as dbt has it, else to
// the project.
func readState(plan *compiler.Plan, dir string) (*compiler.State, error) {
	path := dir
	if _, err := os.Stat(path); err != nil && !filepath.IsAbs(path) {
		path = filepath.Join(plan.Project.Root, dir)
	}
	return compiler.ReadState(os.DirFS(path), dir)
}

// targetDir is the folder of the project's artifacts.
func targetDir(plan *compiler.Plan) string {
	if dir := plan.Project.TargetPath; filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(plan.Project.Root, plan.Project.TargetPath)
}

// metadataEnvs are the variables that dbt copies into artifacts and hands to templates.
func metadataEnvs(environ []string) *template.Dict {
	out := template.NewDict()
	slices.Sort(environ)
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		for _, prefix := range []string{"DBT_ENV_CUSTOM_ENV_", "DBT_ENGINE_ENV_CUSTOM_ENV_"} {
			if rest, ok := strings.CutPrefix(name, prefix); ok {
				out.Update(template.NewDict(template.Item{Key: rest, Value: value}))
			}
		}
	}
	return out
}

// argsOf are the flags that were given, as templates see them.
func argsOf(c *cli.Context) *template.Dict {
	given := givenFlags(c)
	keys := make([]string, 0, len(given))
	for key := range given {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	out := template.NewDict()
	for _, key := range keys {
		out.Update(template.NewDict(template.Item{Key: key, Value: argument(given[key])}))
	}
	return out
}

func argument(v any) template.Value {
	switch x := v.(type) {
	case []string:
		list := template.NewList()
		for _, s := range x {
			list.Elems = append(list.Elems, s)
		}
		return list
	case int:
		return int64(x)
	}
	return v
}
