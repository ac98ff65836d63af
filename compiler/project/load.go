package project

import (
	"context"
	"io/fs"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// LoadOptions say where a project is and how it is run. FS and Root are required.
type LoadOptions struct {
	FS   fs.FS  // the project's folder
	Root string // its absolute path

	Profile     string // --profile; "" for the project's
	Target      string // --target; "" for the profile's
	ProfilesDir string // --profiles-dir, absolute or relative to Root; "" for dbt's search
	TargetPath  string // --target-path; "" for the project's
	Vars        *template.Dict // --vars

	Env  func(name string) (string, bool) // the environment; nil for an empty one
	Home string                           // for ~/.dbt/profiles.yml; "" to skip it
	// ReadFile reads files outside FS (profiles); nil means os.ReadFile.
	ReadFile func(absPath string) ([]byte, error)
	// Scope gives the names templates in YAML values may use. target is nil while
	// the target itself is being read. nil means a scope with env_var, var and target.
	Scope func(vars VarLookup, target *Target) template.Scope
}

// VarLookup looks up a variable of var().
type VarLookup func(name string) (template.Value, bool)

// Load reads a project. The project is never nil unless there is none here or ctx
// is done; the diagnostics are sorted.
func Load(ctx context.Context, opts LoadOptions) (*Project, diag.List) {
	return nil, nil
}

// Env looks a variable up as env_var() does: the real environment first, then .env.
func (p *Project) Env(name string) (string, bool) { return p.env(name) }

// Vars are the variables of var().
type Vars struct {
	CLI     *template.Dict // --vars: before everything else
	Project *template.Dict // vars: of the project file or vars.yml, packages' mappings included
}

// Lookup finds a variable for a resource of a package: --vars, then what the
// project sets for that package, then what it sets for all.
func (v *Vars) Lookup(pkg, name string) (template.Value, bool) { return nil, false }

// VarsFor returns the lookup for resources of one package.
func (p *Project) VarsFor(pkg string) VarLookup {
	return func(name string) (template.Value, bool) { return p.Vars.Lookup(pkg, name) }
}

// ResolveInput says what config to resolve.
type ResolveInput struct {
	Type    ResourceType
	Package string
	FQN     []string
	Patch   *Config    // of the property file, or nil
	InFile  []ConfigCall // calls of config() in the template, in order
}

// ConfigCall is one call of config().
type ConfigCall struct {
	Values *template.Dict
	Place  diag.Place
}

// ResolveConfig merges dbt's defaults, the project file, the property file and
// config() calls, in this order of precedence, and checks the types of the keys
// elt knows. It is safe for concurrent use.
func ResolveConfig(p *Project, in ResolveInput) (*Config, diag.List) { return nil, nil }

// UnusedConfig warns of folders in the project file's config under which no
// resource was found. Call it when all configs are resolved.
func (p *Project) UnusedConfig() diag.List { return nil }

// BuildSources returns a node for each table of the patches' sources.
func BuildSources(p *Project) ([]*Node, diag.List) { return nil, nil }

// BuildSeeds returns a node for each seed file, its property file and config merged.
func BuildSeeds(p *Project) ([]*Node, diag.List) { return nil, nil }

// BuildExposures returns a node for each exposure. Refs and Sources are set.
func BuildExposures(p *Project) ([]*Node, diag.List) { return nil, nil }

// BuildUnitTests returns a node for each unit test. Refs holds the model tested.
func BuildUnitTests(p *Project) ([]*Node, diag.List) { return nil, nil }

// GenericTests returns the data tests a property file declares on a model, seed or
// snapshot and its columns, named and hashed as dbt names and hashes them. attached
// is the unique_id of the resource, "" where it does not exist.
func GenericTests(p *Project, patch *Patch, attached string) ([]*Node, diag.List) { return nil, nil }

// SourceTests returns the data tests declared on source tables and their columns.
func SourceTests(p *Project) ([]*Node, diag.List) { return nil, nil }

// Apply sets on a node what a patch says: description, columns, places.
func (patch *Patch) Apply(n *Node) {}

// From renders a lake source as a FROM item over the given paths. Without paths, and
// for a table of a database, it is "".
func (t *SourceTable) From(paths []string) string { return "" }

// DatabaseName is the name DuckDB gives the database in a file: the file's stem.
func DatabaseName(path string) string { return "" }

func (p *Project) fqnPrefix(path string) []string { return nil }

type configTree struct{}
type lakeKeys struct{}
