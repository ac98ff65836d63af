package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner"

	"github.com/urfave/cli/v2"
)

func cleanCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:   "clean",
		Usage:  "remove target folders, and what dead runs left in the database",
		Action: in.clean,
		Flags:  join([]cli.Flag{waitFlag(), giveUpFlag()}, projectFlags(), outputFlags("text")),
	}
}

func giveUpFlag() cli.Flag {
	return &cli.BoolFlag{Name: "give-up", Usage: "also drop what a run had promised to publish in an attached database, where that cannot be done"}
}

func (in *invocation) clean(c *cli.Context) error {
	in.begin(c)
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	for _, target := range plan.Project.CleanTargets {
		if err := in.removeFolder(plan.Project, target); err != nil {
			return err
		}
	}
	if _, err := os.Stat(plan.Project.Target.Path); err != nil {
		return nil // no database, no leftovers
	}
	dropped, err := runner.Clean(in.ctx, plan, runner.CleanOptions{
		Wait: c.Duration("wait"), GiveUp: c.Bool("give-up"), Observer: in.reporter,
	})
	for _, file := range dropped.Files {
		fmt.Fprintln(in.stdout, "removed "+file)
	}
	for _, relation := range dropped.Relations {
		fmt.Fprintln(in.stdout, "dropped "+relation.String())
	}
	return err
}

// removeFolder removes a folder of clean-targets, but nothing outside of the project
// and nothing that holds sources.
func (in *invocation) removeFolder(p *project.Project, target string) error {
	path := target
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.Root, path)
	}
	relative, err := filepath.Rel(p.Root, path)
	if err != nil || relative == "." || relative == ".." || strings.HasPrefix(relative, ".."+string(filepath.Separator)) {
		return diag.New(diag.WrongType, p.Place, "clean-targets has %q, which is not inside the project", target).
			WithHint("elt clean removes folders of the project only")
	}
	sources := slices.Concat(p.ModelPaths, p.SeedPaths, p.TestPaths, p.SnapshotPaths, p.MacroPaths, p.AnalysisPaths)
	for _, source := range sources {
		if source == relative || strings.HasPrefix(source+"/", filepath.ToSlash(relative)+"/") {
			return diag.New(diag.WrongType, p.Place, "clean-targets has %q, which holds sources of the project", target)
		}
	}
	if _, err := os.Lstat(path); err != nil {
		return nil
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	fmt.Fprintln(in.stdout, "removed "+filepath.ToSlash(relative))
	return nil
}
