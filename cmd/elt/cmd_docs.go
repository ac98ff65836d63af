package main

import (
	"fmt"
	"path/filepath"

	"elt/cmd/elt/internal/report"
	"elt/runner"
	"elt/runner/artifact"

	"github.com/urfave/cli/v2"
)

func docsGenerateCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:   "docs generate",
		Usage:  "write manifest.json and catalog.json for tools that show them",
		Action: in.docsGenerate,
		Flags: join(selectionFlags(), []cli.Flag{
			&cli.BoolFlag{Name: "compile", Value: true, Category: groupRun, Usage: "--no-compile renders no SQL into the manifest"},
			&cli.BoolFlag{Name: "empty-catalog", Category: groupRun, Usage: "do not look at the database"},
			&cli.BoolFlag{Name: "static", Hidden: true},
			waitFlag(),
		}, deferFlags(), projectFlags(), outputFlags("text")),
	}
}

func (in *invocation) docsGenerate(c *cli.Context) error {
	in.begin(c)
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	var chosen []string
	if selects(c) {
		chosen, err = in.choose(c, plan)
	} else {
		err = in.useState(c, plan)
	}
	if err != nil {
		return err
	}
	if c.Bool("compile") {
		problems := runner.CompileAll(in.ctx, plan, plan.Order, runner.CompileOptions{Wait: c.Duration("wait")})
		if problems.HasErrors() {
			return problems
		}
		in.reporter.Diagnostics(problems)
	}
	if err := in.writeArtifacts(c, plan, nil); err != nil {
		return err
	}
	var tables []runner.CatalogTable
	if !c.Bool("empty-catalog") {
		if tables, err = runner.Catalog(in.ctx, plan, runner.CatalogOptions{Nodes: chosen, Wait: c.Duration("wait")}); err != nil {
			return err
		}
	}
	folder := in.targetFolder(plan)
	if err := artifact.WriteCatalog(folder, tables, in.artifactMeta(c)); err != nil {
		return artifactFault(err)
	}
	if c.Bool("quiet") {
		return nil
	}
	shown, err := filepath.Rel(plan.Project.Root, folder)
	if err != nil {
		shown = folder
	}
	_, err = fmt.Fprintf(in.stderr, "%s described in %s\n", report.Plural(int64(len(tables)), "relation"), filepath.ToSlash(filepath.Join(shown, "catalog.json")))
	return err
}
