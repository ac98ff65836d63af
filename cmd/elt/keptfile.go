package main

import (
	"os"
	"path/filepath"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner"
	"elt/runner/kept"
)

// keptFile is a file below the target path in which a command keeps for the next what it has
// found out about a project. The zero one keeps nothing.
type keptFile struct {
	*kept.File
	dir string // in which it is
}

// openKept reads the file; see [kept.Open]. What is wrong with it is a warning.
func openKept(of *project.Project, name, kind string, unused int) (keptFile, *diag.Diagnostic) {
	dir := of.TargetPath
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(of.Root, dir)
	}
	file, err := kept.Open(filepath.Join(dir, name), kind, unused)
	return keptFile{file, dir}, runner.IgnoredCache(of, name, err)
}

// save writes what was found, where there is a target folder: a command that writes nothing
// else makes none. That it cannot be written is not told: nothing but time is lost by it.
func (f keptFile) save() {
	if f.File == nil {
		return
	}
	if info, err := os.Stat(f.dir); err == nil && info.IsDir() {
		_ = f.Save()
	}
}

// treesCache is the file in which parsed property files are kept.
const treesCache = "trees.cache"

// keepTrees opens it. Of a file that has changed nothing stays: nobody will ask for what it was.
func (in *invocation) keepTrees(of *project.Project) (project.Keeper, *diag.Diagnostic) {
	var warning *diag.Diagnostic
	in.trees, warning = openKept(of, treesCache, project.TreesKind, 0)
	return in.trees, warning
}
