// Package packages installs the packages a project asks for, as dbt deps does: it reads
// packages.yml or dependencies.yml, resolves versions over all packages and what they ask
// for themselves, writes package-lock.yml, and fills the folder of packages.
//
// Hub packages come from a hub over HTTP, git packages by the git program, tar archives over
// HTTP, local packages as links. Everything is fetched into a temporary folder beside the
// installed packages first; only what is complete replaces them. Nothing is printed. Start
// reading at [Install].
package packages

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// Options say what to install and how. Project is required.
type Options struct {
	Project   *project.Project
	HubURL    string          // address of the package hub, with or without a slash at its end
	Client    *http.Client    // nil for http.DefaultClient
	Upgrade   bool            // resolve anew though the lock is up to date
	LockOnly  bool            // write package-lock.yml and install nothing
	Installed func(Installed) // called for each package that was installed; may be nil
}

// Installed is one package that was installed.
type Installed struct {
	Name    string // of the project in it
	Source  string // as it is asked for
	Version string // version, commit, "local" or "tarball"
	Latest  string // newest version of a hub package, where it is another one
}

// pinned is a package whose version is settled. spec holds everything of it that
// package-lock.yml keeps.
type pinned struct {
	spec   project.PackageSpec
	latest string
	folder string // where it lies meanwhile; of a local package where it stays
}

// Install resolves, locks and installs. Warnings come with a nil error.
func Install(ctx context.Context, o Options) (diag.List, error) {
	in := &installer{Options: o, root: o.Project.Root}
	if in.Client == nil {
		in.Client = http.DefaultClient
	}
	in.target = o.Project.PackagesPath
	if !filepath.IsAbs(in.target) {
		in.target = filepath.Join(in.root, in.target)
	}
	if err := in.checkTarget(); err != nil {
		return nil, err
	}
	wanted, diags := o.Project.WantedPackages(ctx)
	if err := diags.Err(); err != nil {
		return nil, err
	}
	in.warnings = append(in.warnings, diags...)
	work, err := os.MkdirTemp(filepath.Dir(in.target), ".elt_packages")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	in.work = work
	err = in.run(ctx, wanted)
	return in.warnings, err
}

type installer struct {
	Options
	root, target, work string
	warnings           diag.List
	hubs               map[string]*hubPackage
	fetched            map[string]string // folders of fetched packages, by what they are
}

// checkTarget refuses to empty the project's own folder or one above it.
func (in *installer) checkTarget() error {
	if rel, err := filepath.Rel(in.target, in.root); err == nil && filepath.IsLocal(rel) {
		return diag.New(diag.WrongType, in.Project.Place, "packages-install-path %q holds the project itself", in.Project.PackagesPath).
			WithHint("elt deps empties that folder; name one of its own, as dbt_packages")
	}
	return nil
}

func (in *installer) run(ctx context.Context, wanted []project.PackageSpec) error {
	hash := project.PackagesHash(wanted)
	locked, lockedHash, diags := in.Project.LockedPackages(ctx)
	if diags.HasErrors() {
		lockedHash = "" // a lock that cannot be read is made anew
	}
	packages := pins(locked)
	if in.Upgrade || lockedHash != hash {
		var err error
		if packages, err = in.resolve(ctx, wanted); err != nil {
			return err
		}
		if len(packages) > 0 {
			if err := in.writeLock(packages, hash); err != nil {
				return err
			}
		}
	}
	if in.LockOnly {
		return nil
	}
	return in.install(ctx, packages)
}

func pins(specs []project.PackageSpec) []*pinned {
	var out []*pinned
	for _, s := range specs {
		out = append(out, &pinned{spec: s})
	}
	return out
}

// install fetches all packages and then replaces what is installed.
func (in *installer) install(ctx context.Context, packages []*pinned) error {
	ready := filepath.Join(in.work, "ready")
	if err := os.Mkdir(ready, 0o755); err != nil {
		return err
	}
	for _, p := range packages {
		if err := in.fetch(ctx, p); err != nil {
			return err
		}
		to := filepath.Join(ready, p.spec.Project)
		if p.spec.Kind == project.LocalPackage {
			if err := linkOrCopy(p.folder, to); err != nil {
				return err
			}
			continue
		}
		if err := os.RemoveAll(filepath.Join(p.folder, ".git")); err != nil {
			return err
		}
		if err := os.Rename(p.folder, to); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(in.target); err != nil {
		return err
	}
	if err := os.Rename(ready, in.target); err != nil {
		return err
	}
	if in.Installed != nil {
		for _, p := range packages {
			in.Installed(Installed{Name: p.spec.Project, Source: p.spec.Source, Version: p.version(), Latest: p.latest})
		}
	}
	return nil
}

// linkOrCopy makes a local package available: as a link, so that what is changed in it
// counts at once; as a copy where the system has no links.
func linkOrCopy(from, to string) error {
	if os.Symlink(from, to) == nil {
		return nil
	}
	return os.CopyFS(to, os.DirFS(from))
}

func (p *pinned) version() string {
	switch p.spec.Kind {
	case project.HubPackage:
		return p.spec.Versions[0]
	case project.GitPackage:
		return p.spec.Revision
	}
	return string(p.spec.Kind)
}

// checkNames refuses two packages with a project of one name, and one of the project's own.
func (in *installer) checkNames(packages []*pinned) error {
	seen := map[string]*pinned{}
	for _, p := range packages {
		name := p.spec.Project
		if name == in.Project.Name {
			return problem(p.spec.Place, "the package %q has the name of the project itself: %q", p.spec.Source, name).
				WithHint("rename one of the two projects")
		}
		if first, ok := seen[name]; ok {
			return problem(p.spec.Place, "the packages %q and %q are both named %q", first.spec.Source, p.spec.Source, name).
				WithHint("take one of them out; the same package can come from a hub and from git")
		}
		seen[name] = p
	}
	return nil
}

// problem is a diagnostic of this package.
func problem(place diag.Place, format string, args ...any) *diag.Diagnostic {
	return diag.New(diag.MissingPackage, place, format, args...)
}

// because adds an error's cause to a diagnostic.
func because(d *diag.Diagnostic, err error) *diag.Diagnostic {
	d.Message += ": " + err.Error()
	d.Err = err
	return d
}

// sortedVersions sorts versions, the lowest first.
func sortedVersions(list []version) []version {
	slices.SortFunc(list, version.compare)
	return list
}

func quoted(list []string) string { return fmt.Sprintf("%q", list) }
