package main

import (
	"errors"
	"fmt"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/packages"

	"github.com/urfave/cli/v2"
)

func depsCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:   "deps",
		Usage:  "install the packages of packages.yml",
		Action: in.deps,
		Flags: join([]cli.Flag{
			&cli.BoolFlag{Name: "upgrade", Category: groupRun, Usage: "resolve anew, though package-lock.yml is up to date"},
			&cli.StringFlag{Name: "add-package", Category: groupRun, Usage: "write `NAME@VERSION` into packages.yml and install it, too"},
			choice("source", []string{"hub", "git", "local"}, groupRun, "where the package of --add-package comes from"),
			&cli.BoolFlag{Name: "lock", Category: groupRun, Usage: "write package-lock.yml and install nothing"},
		}, projectFlags(), outputFlags("text")),
	}
}

func (in *invocation) deps(c *cli.Context) error {
	in.begin(c)
	p, err := in.load(c)
	if err != nil {
		return err
	}
	hub, _ := p.Env("ELT_PACKAGE_HUB_URL")
	if hub == "" {
		hub, _ = p.Env("DBT_PACKAGE_HUB_URL")
	}
	undo, err := in.addPackage(c, p)
	if err != nil {
		return err
	}
	any := false
	warnings, err := packages.Install(in.ctx, packages.Options{
		Project: p, HubURL: hub, Upgrade: c.Bool("upgrade"), LockOnly: c.Bool("lock"),
		Installed: func(one packages.Installed) {
			any = true
			line := "installed " + one.Name + " " + one.Version
			if one.Latest != "" {
				line += " (newest: " + one.Latest + ")"
			}
			fmt.Fprintln(in.stdout, line)
		},
	})
	in.secrets.add(p.SecretValues()...)
	in.reporter.Diagnostics(warnings)
	if err != nil && undo != nil {
		return errors.Join(err, undo())
	}
	if err == nil && !any && !c.Bool("lock") {
		in.warn(diag.MissingPackage, "packages.yml asks for no package")
	}
	return err
}

// addPackage writes the package of --add-package into packages.yml. undo takes that back; it is nil
// where there is none.
func (in *invocation) addPackage(c *cli.Context, p *project.Project) (undo func() error, err error) {
	if !isGiven(c, "add-package") {
		return nil, nil
	}
	source := c.String("source")
	addition := packages.Addition{Kind: project.PackageKind(source)}
	if source == "" || source == "hub" {
		source, addition.Kind = "hub", project.HubPackage
	}
	addition.Name, addition.Version = splitPackage(c.String("add-package"))
	switch {
	case addition.Name == "":
		return nil, usagef("--add-package needs the name of a package").withHint("for example --add-package dbt-labs/dbt_utils@1.3.0")
	case addition.Version == "" && addition.Kind != project.LocalPackage:
		return nil, usagef("--add-package needs a version, since its source is %s", source).
			withHint("write %s@VERSION", addition.Name)
	case addition.Version != "" && addition.Kind == project.LocalPackage:
		return nil, usagef("--add-package: a local package has no version").withHint("write %s", addition.Name)
	}
	added, err := packages.Add(in.ctx, p, addition)
	if err != nil {
		return nil, err
	}
	for _, name := range added.Removed {
		fmt.Fprintf(in.stdout, "removed %s from %s\n", name, added.File)
	}
	fmt.Fprintf(in.stdout, "added %s to %s\n", strings.TrimSpace(addition.Name+" "+addition.Version), added.File)
	return added.Undo, nil
}

// splitPackage takes NAME@VERSION apart. The @ of an address, git@github.com:shop/macros.git, is none.
func splitPackage(text string) (name, version string) {
	at := strings.LastIndexByte(text, '@')
	if at < 0 || strings.ContainsAny(text[at:], "/:") {
		return text, ""
	}
	return text[:at], text[at+1:]
}

// load reads the project without its packages and without rendering its templates, for
// commands that come before all that. What is wrong elsewhere than in the project file, or
// with the connection, does not matter to them.
func (in *invocation) load(c *cli.Context) (*project.Project, error) {
	at, err := in.locate(c)
	if err != nil {
		return nil, err
	}
	at.Uninstalled = true
	p, diags := project.Load(in.ctx, at)
	if p == nil {
		return nil, diags
	}
	var own diag.List
	for _, d := range diags.Errors() {
		if d.Place.Source != nil && d.Place.Source == p.Source && d.Code != diag.UnknownProfile {
			own = append(own, d)
		}
	}
	return p, own.Err()
}
