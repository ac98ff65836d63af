// Package project turns the files of a dbt or elt project into resources and
// config: elt.yml or dbt_project.yml, profiles, property files, seeds and the
// paths of templates. It renders only what YAML needs (native Jinja in values) and
// decides nothing about dependencies. Every key keeps its place for messages.
//
// Start reading at [Load]. It never stops at the first mistake: what can be read
// is read, and all that is wrong comes back as one list of diagnostics. After Load
// a [Project] is read-only and safe for concurrent use. [ResolveConfig] merges what
// the project file, a property file and a template say into a node's config;
// [GenericTests] and [BuildSources] turn property files into nodes.
package project

import (
	"elt/compiler/diag"
	"elt/compiler/template"
)

// Project is a loaded project.
type Project struct {
	Name    string
	Place   diag.Place // of the name in the project file; zero by convention
	Version string
	Root    string // absolute path
	// Folder is where the project lies relative to the root project, with slashes:
	// "dbt_packages/dbt_utils"; "" for the root project itself.
	Folder string
	// FileName is "elt.yml", "dbt_project.yml", or "" where the project works by
	// convention.
	FileName string
	Source   *diag.Source // the project file, nil by convention

	IsElt     bool   // elt.yml or convention: elt's own defaults hold
	AsDBT     bool   // compat: dbt; what elt does otherwise than dbt on purpose is done as dbt does
	SQLFirst  bool   // plain table names are references
	LakeViews string // "pinned" or "live"

	ModelPaths    []string
	SeedPaths     []string
	TestPaths     []string
	SnapshotPaths []string
	MacroPaths    []string
	AnalysisPaths []string
	DocsPaths     []string
	TargetPath    string // where artifacts go, relative to Root or absolute
	PackagesPath  string // where packages are installed
	CleanTargets  []string

	Target *Target // never nil; a target that could not be read is a default one

	Vars       *Vars
	Quoting    *template.Dict // "database", "schema", "identifier", as far as set; never nil
	Dispatch   []DispatchOrder
	OnRunStart []HookText
	OnRunEnd   []HookText
	Flags      *template.Dict // never nil

	Files   []File // all files of the resource paths but property files, sorted by path
	Unread  []File // those that could not be read, without names; of each a mistake is told
	Patches *Patches
	// PropertyFiles are the property files that could be read, sorted by path.
	PropertyFiles []*diag.Source
	// Packages are the installed packages, by the names of their folders. They are
	// projects of their own that share the root's target and variables.
	Packages []*Project
	// RestrictAccess is restrict-access: models with access protected cannot be read
	// from other projects.
	RestrictAccess bool

	configs map[ResourceType]*configTree
	env     func(name string) (string, bool)
	opts    LoadOptions
	secrets []string // secret environment variables that were read
	root    *Project // the project this is a package of, or nil
}

// HookText is one on-run-start or on-run-end hook, unrendered.
type HookText struct {
	SQL         string
	Transaction bool
	Place       diag.Place
}

// DispatchOrder is one entry of dispatch: where macros of a namespace are looked for.
type DispatchOrder struct {
	Namespace   string
	SearchOrder []string
	Place       diag.Place
}

// FileKind says what a file of a resource path is.
type FileKind string

// The kinds of files.
const (
	ModelFile       FileKind = "model"
	TestFile        FileKind = "test"         // a singular data test
	GenericTestFile FileKind = "generic_test" // tests/generic/*.sql: macros
	MacroFile       FileKind = "macro"
	SnapshotFile    FileKind = "snapshot"
	AnalysisFile    FileKind = "analysis"
	SeedFile        FileKind = "seed"
	DocsFile        FileKind = "docs"
	FixtureFile     FileKind = "fixture" // tests/fixtures/*.csv and *.sql
)

// File is one file of a resource path.
type File struct {
	Kind         FileKind
	Path         string       // relative to its resource path: "staging/stg_orders.sql"
	OriginalPath string       // relative to the project: "models/staging/stg_orders.sql"
	Name         string       // file name without folder and extension
	Source       *diag.Source // nil for seeds, whose content is not read here
	// Leading is how many bytes of white space stand before the first character. dbt
	// cuts them off before it renders; here they stay for the sake of positions, and
	// whoever renders takes them off the result.
	Leading int
}

// FilesOf returns the files of one kind, sorted by path.
func (p *Project) FilesOf(kind FileKind) []File {
	var out []File
	for _, f := range p.Files {
		if f.Kind == kind {
			out = append(out, f)
		}
	}
	return out
}

// FQN returns the fqn of a resource in a file: package, folders of the path
// relative to its resource path, name.
func (p *Project) FQN(path, name string) []string {
	return append(p.fqnPrefix(path), name)
}

// OwnDefaults reports whether elt's own defaults hold, and not dbt's.
func (p *Project) OwnDefaults() bool { return p.IsElt && !p.AsDBT }
