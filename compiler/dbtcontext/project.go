package dbtcontext

import (
	"sync"
	"time"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// Settings are what the context of a project is made of. Only Name is required:
// every function may be nil, which means "nothing known".
type Settings struct {
	Name    string // the root project's name
	Version string

	// Target is what templates see as target: name, schema, database, type, threads.
	Target *template.Dict
	// Vars looks up a variable for a package: --vars, then the root project, then
	// the package itself. VarNames lists what it knows, for messages.
	Vars     func(pkg, name string) (template.Value, bool)
	VarNames func(pkg string) []string
	Env      func(name string) (string, bool)

	Now          time.Time // run_started_at and datetime.now()
	InvocationID string
	Command      string // flags.WHICH
	// Flags are the other flags, by dbt's upper-case names: FULL_REFRESH, EMPTY, ...
	Flags map[string]template.Value
	Args  *template.Dict // invocation_args_dict
	// MetadataEnvs are the variables DBT_ENV_CUSTOM_ENV_*, by the rest of their name.
	MetadataEnvs *template.Dict
	Threads      int

	Log   func(message string, info bool) // log()
	Print func(message string)            // print()
	Warn  func(warning *diag.Diagnostic)  // exceptions.warn(); nil sends it to Log

	// RuntimeConfig is the project's config as `builtins.ref.config` shows it, by attribute.
	RuntimeConfig func() map[string]template.Value

	Graph func() template.Value // graph
	// HookGraph is graph for the hooks of the project: what one of them puts into it, the next find there. At the end of
	// a run it tells what has been compiled.
	HookGraph         func(atEnd bool) template.Value
	SelectedResources func() []string
	Doc               func(pkg, name string) (string, bool) // doc()
	DocNames          func() []string                       // for messages

	Quoting  Quoting
	Dispatch []Dispatch
	// Packages are the installed packages, without the root project.
	Packages []string

	ExternalRoot   string // adapter.external_root(); "" means "."
	LocationExists func(path string) bool

	// DbtVersion is the version of dbt that elt answers as; "" means [DbtVersion].
	DbtVersion string
	// SecretSeen is told the value of every secret variable a template reads, so
	// that it can be kept out of logs and artifacts.
	SecretSeen func(value string)
}

// DbtVersion is the version of dbt whose context this package has.
const DbtVersion = "1.12.0"

// Quoting is the project's quoting: nil means quoted, dbt-duckdb's default.
type Quoting struct{ Database, Schema, Identifier *bool }

// Dispatch is one entry of the project's dispatch: list.
type Dispatch struct {
	Namespace   string
	SearchOrder []string
}

// Project is the context of one project. AddMacros fills it; once that is done it
// is safe for concurrent use, and makes a [Scope] for each rendering.
type Project struct {
	set      Settings
	packages map[string]*macroPackage
	order    []string // names of packages in the order of their first macro

	builtinOnce sync.Once
	builtin     *builtinIndex
	configOnce  sync.Once
	config      template.Value
	staticOnce  sync.Once
	static      map[string]template.Value
}

// New returns a project without macros of its own.
func New(s Settings) *Project {
	if s.DbtVersion == "" {
		s.DbtVersion = DbtVersion
	}
	if s.ExternalRoot == "" {
		s.ExternalRoot = "."
	}
	p := &Project{set: s, packages: map[string]*macroPackage{}}
	p.addPackage(s.Name)
	for _, name := range s.Packages {
		p.addPackage(name)
	}
	return p
}

// Settings returns what the project was made of.
func (p *Project) Settings() Settings { return p.set }
