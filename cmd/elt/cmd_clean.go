package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

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
		Flags:  join([]cli.Flag{waitFlag(), giveUpFlag(), outsideFlag()}, projectFlags(), outputFlags("text")),
	}
}

func giveUpFlag() cli.Flag {
	return &cli.BoolFlag{Name: "give-up", Usage: "also drop what a run had promised to publish in an attached database, where that cannot be done"}
}

func outsideFlag() cli.Flag {
	return &cli.BoolFlag{Name: "clean-project-files-only", Value: true, Category: groupRun, Usage: "--no-clean-project-files-only also removes folders of clean-targets outside of the project"}
}

func (in *invocation) clean(c *cli.Context) error {
	in.begin(c)
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	for _, target := range plan.Project.CleanTargets {
		if err := mayRemove(plan.Project, target, c.Bool("clean-project-files-only")); err != nil {
			return err
		}
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

// holds reports whether a folder is another one or above it.
func holds(folder, other string) bool {
	relative, err := filepath.Rel(folder, other)
	return err == nil && filepath.IsLocal(relative)
}

// folderOf is a folder of clean-targets.
func folderOf(p *project.Project, target string) string {
	if filepath.IsAbs(target) {
		return target
	}
	return filepath.Join(p.Root, target)
}

// mayRemove refuses to remove a folder that holds the project or its sources, and with inside one
// outside of the project.
func mayRemove(p *project.Project, target string, inside bool) error {
	path := folderOf(p, target)
	relative, err := filepath.Rel(p.Root, path)
	if err != nil || relative == "." || holds(path, p.Root) {
		return diag.New(diag.WrongType, p.Place, "clean-targets has %q, which holds the project", target).
			WithHint("elt clean removes folders of the project only")
	}
	if inside && !filepath.IsLocal(relative) {
		return diag.New(diag.WrongType, p.Place, "clean-targets has %q, which is not inside the project", target).
			WithHint("elt clean removes folders of the project only, unless --no-clean-project-files-only is given")
	}
	sources := slices.Concat(p.ModelPaths, p.SeedPaths, p.TestPaths, p.SnapshotPaths, p.MacroPaths, p.AnalysisPaths)
	for _, source := range sources {
		if !filepath.IsAbs(source) {
			source = filepath.Join(p.Root, source)
		}
		if holds(path, source) {
			return diag.New(diag.WrongType, p.Place, "clean-targets has %q, which holds sources of the project", target)
		}
	}
	return nil
}

// removeFolder removes a folder of clean-targets.
func (in *invocation) removeFolder(p *project.Project, target string) error {
	path := folderOf(p, target)
	if _, err := os.Lstat(path); err != nil {
		return nil
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	if relative, err := filepath.Rel(p.Root, path); err == nil {
		path = relative
	}
	fmt.Fprintln(in.stdout, "removed "+filepath.ToSlash(path))
	return nil
}
