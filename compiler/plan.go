// Package compiler turns a folder of files into a [Plan]: nodes with rendered SQL,
// their graph, a selection, and diagnostics.
//
// It is pure: it reads an fs.FS, prints nothing and opens nothing. What it must ask
// a database comes in through small interfaces ([dbtcontext.Database], [SQLParser]).
// The same input gives the same output, whatever the order of goroutines.
//
// [Parse] reads the project, renders every template once with execute false to
// learn references and config, and builds the graph. [Plan.Compile] renders the
// chosen nodes with execute true. [Plan.Bind] binds their queries against a
// [ShellCatalog], empty relations in memory, and so knows the columns of everything
// before a row is read; the [Bound] it returns tells them ([Bound.Columns]), and
// DuckDB's plan of each query ([Bound.BoundPlan], [Bound.NodeOf]). runner.Bind does all
// of it for a project. Start reading at Parse.
package compiler

import (
	"io/fs"
	"strings"
	"sync"
	"time"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/graph"
	"elt/compiler/project"
	"elt/compiler/template"
)

// Options say what to compile and for which target. Root and FS are required.
type Options struct {
	FS   fs.FS  // the project's folder
	Root string // its absolute path, for lake files and messages
	// StartedThere says that relative paths in SQL mean files below Root: the command was started there.
	StartedThere bool

	Command     string // "build", "run", ...: dbt's flags.WHICH
	Profile     string // --profile
	Target      string // --target
	ProfilesDir string // --profiles-dir
	TargetPath  string // --target-path; "" for the project's
	Vars        *template.Dict
	Uninstalled bool // take a project whose packages are not installed
	FullRefresh bool
	Empty       bool // every ref() and source() reads no rows
	// EventTimeStart and EventTimeEnd are the flags of these names, for templates.
	EventTimeStart, EventTimeEnd time.Time
	// SampleStart and SampleEnd are --sample: models and snapshots read of what has an
	// event_time only these rows, the end excluded. Both are zero or neither.
	SampleStart, SampleEnd time.Time

	Args *template.Dict // invocation_args_dict; nil for an empty one
	// MetadataEnvs are the variables DBT_ENV_CUSTOM_ENV_*, by the rest of their names.
	MetadataEnvs *template.Dict
	Threads      int // 0 for the target's

	Env          func(name string) (string, bool) // environment; nil for an empty one
	Home         string                           // for ~/.dbt/profiles.yml; "" to skip it
	Now          time.Time                        // run_started_at
	InvocationID string

	SQLParser SQLParser // for plain table names; nil switches SQL first off
	// Keep is [project.LoadOptions.Keep].
	Keep func(*project.Project) (project.Keeper, *diag.Diagnostic)

	// What templates say: log(), print() and exceptions.warn(). They are called by many
	// goroutines, once for each time a template is rendered, and may be nil.
	Log   func(message string, info bool)
	Print func(message string)
	Warn  func(warning *diag.Diagnostic)
}

// SQLParser finds the tables a query reads, by DuckDB's own parser. It is safe for
// concurrent use.
type SQLParser interface {
	// TableRefs returns every table name a SELECT statement reads, CTEs resolved
	// (a name that means a CTE is not returned), with the byte span of the name.
	// SQL that is not one SELECT, or that does not parse, gives an error.
	TableRefs(sql string) ([]TableRef, error)
}

// Rememberer is an SQLParser that keeps what it finds from one command to the next.
type Rememberer interface {
	SQLParser
	// Remember is called once, before the first query, unless the project has no SQL first.
	// The same comes out without it. The diagnostic is a warning, or nil.
	Remember(*project.Project) *diag.Diagnostic
}

// TableRef is one table name in a query.
type TableRef struct {
	Catalog, Schema, Name string
	Start, End            int  // byte offsets of the whole dotted name
	Aliased               bool // an alias follows
}

// Plan is a compiled project.
type Plan struct {
	Project     *project.Project
	Nodes       map[string]*project.Node
	Order       []string // all unique_ids, parents first; the same for the same input
	Graph       *graph.Graph
	Disabled    []*project.Node // enabled: false
	semantics   []*project.Node
	Diagnostics diag.List // warnings; errors make Parse fail

	without   *takenOut      // nil but for a plan beside an error
	hookGraph *template.Dict // see [Plan.hookGraphValue]

	options      Options
	dbt          *dbtcontext.Project
	names        *names
	templates    *templates
	docs         docs
	state        *State
	current      fs.FS
	deferral     *Deferral
	selected     []string
	chosenOnce   sync.Once
	chosen       map[string]bool // selected, as a set
	hasEphemeral bool
	whereOnce    sync.Once
	ownWhere     map[string]bool // packages whose tests use get_where_subquery as it comes
	// ephemeral guards Compiled of ephemeral nodes, which all their readers share.
	ephemeral sync.Mutex
	rawOnce   sync.Once
	raw       rawFiles // of the project's folder, once a hint has asked for them
}

// ProjectOf returns the project a node belongs to: the root project or a package.
func (p *Plan) ProjectOf(node *project.Node) *project.Project {
	if proj := p.Project.In(node.Package); proj != nil {
		return proj
	}
	return p.Project
}

// sqlFirst reports whether plain table names are references.
func (p *Plan) sqlFirst() bool { return p.options.SQLParser != nil && p.Project.SQLFirst }

// Macros returns the macros of the project and its packages, without those that come
// with elt.
func (p *Plan) Macros() []dbtcontext.MacroInfo {
	var out []dbtcontext.MacroInfo
	for _, m := range p.dbt.OwnMacros() {
		if !isBuiltin(&m) {
			out = append(out, m)
		}
	}
	return out
}

// Macro returns the macro of a unique_id, also one of those that come with elt.
func (p *Plan) Macro(id string) (dbtcontext.MacroInfo, bool) {
	pkg, name, ok := strings.Cut(strings.TrimPrefix(id, "macro."), ".")
	if !ok {
		return dbtcontext.MacroInfo{}, false
	}
	return p.dbt.MacroOf(pkg, name)
}
