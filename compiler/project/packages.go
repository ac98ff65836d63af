package project

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"elt/compiler/diag"
)

// packageFiles are the files in which a project names the packages it needs.
var packageFiles = []string{"packages.yml", "dependencies.yml"}

// All returns the project and its packages: the project first, then the packages by the
// names of their folders. Of a package it is the package alone.
func (p *Project) All() []*Project { return append([]*Project{p}, p.Packages...) }

// In returns the project of a package's name: the project itself, one of its packages,
// or nil where none has the name.
func (p *Project) In(pkg string) *Project {
	for _, one := range p.All() {
		if one.Name == pkg {
			return one
		}
	}
	return nil
}

// IsPackage reports whether the project is a package of another one.
func (p *Project) IsPackage() bool { return p.root != nil }

// shown is a file of the project as messages name it: relative to the root project.
func (p *Project) shown(name string) string { return path.Join(p.Folder, name) }

// loadPackages loads every package that is installed. The folder is taken as it is,
// whoever has filled it, as dbt does; that fewer are in it than packages.yml asks for
// is an error.
func (l *loader) loadPackages() {
	dir := l.abs(l.p.PackagesPath)
	fsys, shown := l.packagesFS(dir)
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		l.missingPackages(0)
		return
	}
	found := 0
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "__") {
			continue
		}
		info, err := fs.Stat(fsys, e.Name())
		if err != nil || !info.IsDir() {
			continue
		}
		found++
		sub, err := fs.Sub(fsys, e.Name())
		if err == nil {
			l.loadPackage(sub, filepath.Join(dir, e.Name()), path.Join(shown, e.Name()))
		}
	}
	l.missingPackages(found)
}

// packagesFS is the folder of the packages as a file system, and what messages call it.
func (l *loader) packagesFS(dir string) (fs.FS, string) {
	relative, err := filepath.Rel(l.opts.Root, dir)
	relative = filepath.ToSlash(relative)
	if err == nil && fs.ValidPath(relative) && relative != "." {
		if sub, err := fs.Sub(l.opts.FS, relative); err == nil {
			return sub, relative
		}
	}
	return os.DirFS(dir), filepath.ToSlash(dir)
}

// loadPackage loads one package: its project file, macros, resources and property
// files, for the connection and the command line of the root project. Warnings are left
// out: nobody can do anything about the files of somebody else's package.
func (l *loader) loadPackage(fsys fs.FS, dir, shown string) {
	opts := l.opts
	opts.FS, opts.Root = fsys, dir
	sub := newLoader(l.ctx, opts)
	sub.kept = l.kept
	p := sub.p
	p.root, p.Folder, p.env, p.Target = l.p, shown, l.p.env, l.p.Target
	if !sub.isPackage() {
		l.add(diag.New(diag.MissingPackage, diag.Place{Source: diag.NewSource(shown, "")}, "the folder %q is no package: it has no dbt_project.yml", shown).
			WithHint("run \"elt deps\", or remove the folder"))
		return
	}
	file := sub.projectDocument()
	sub.loadIdentity(file)
	if first := l.p.In(p.Name); first != nil && p.Name != "" {
		l.add(diag.New(diag.DuplicateNode, p.Place, "two projects are named %q", p.Name).
			WithNote(first.Place, "the other one is here").
			WithHint("remove one of them from %s", l.p.PackagesPath))
		return
	}
	own := sub.loadVars(file)
	l.p.Vars.Packages[p.Name] = own.Project
	p.Vars = l.p.Vars
	sub.loadSettings(file)
	sub.loadFiles()
	l.list = append(l.list, sub.list.Errors()...)
	l.p.Packages = append(l.p.Packages, p)
}

// isPackage finds the project file of a package. A folder that works by convention is no
// package, since nothing says how it is called.
func (l *loader) isPackage() bool {
	for _, name := range []string{"elt.yml", "dbt_project.yml"} {
		if _, err := fs.Stat(l.opts.FS, name); err == nil {
			l.p.FileName, l.p.IsElt = name, name == "elt.yml"
			return true
		}
	}
	return false
}

// missingPackages reports that fewer packages are installed than are asked for, as dbt
// does: it counts, and does not look which.
func (l *loader) missingPackages(found int) {
	if l.opts.Uninstalled {
		return
	}
	wanted, place := 0, diag.Place{}
	for _, name := range packageFiles {
		if _, err := fs.Stat(l.opts.FS, name); err != nil {
			continue
		}
		file, ok := l.document(name)
		if !ok {
			continue
		}
		if list := file.get("packages"); list.isList() {
			wanted += len(list.items())
			if place.IsZero() {
				place = list.place()
			}
		}
	}
	if wanted > found {
		l.add(diag.New(diag.MissingPackage, place, "%d %s asked for, but %d installed in %q",
			wanted, plural(wanted, "package is", "packages are"), found, l.p.PackagesPath).
			WithHint("run \"elt deps\""))
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// rootConfig merges what the root project's file says of a resource of a package over
// everything else, as dbt does: it is the last word.
func (p *Project) rootConfig(out *Config, t ResourceType, fqn []string) {
	if p.root == nil || p.root.configs[t] == nil {
		return
	}
	var chain []*configTree
	for tree := p.root.configs[t].find(fqn); tree != nil; tree = tree.parent {
		chain = append(chain, tree)
	}
	for _, tree := range slices.Backward(chain) {
		for _, e := range tree.config.own {
			mergeConfig(out, e.key, e.value)
		}
	}
}
