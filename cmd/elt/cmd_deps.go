package main

import (
	"fmt"

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
	if err == nil && !any && !c.Bool("lock") {
		in.warn(diag.MissingPackage, "packages.yml asks for no package")
	}
	return err
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
