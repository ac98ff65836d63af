package project

import (
	"path/filepath"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// ResourceType is dbt's resource_type.
type ResourceType string

// The resource types, by dbt's names.
const (
	Model     ResourceType = "model"
	Seed      ResourceType = "seed"
	Snapshot  ResourceType = "snapshot"
	Source    ResourceType = "source"
	Test      ResourceType = "test" // data test, generic or singular
	UnitTest  ResourceType = "unit_test"
	Exposure  ResourceType = "exposure"
	Operation ResourceType = "operation" // a hook of the project: on-run-start, on-run-end
	Analysis  ResourceType = "analysis"

	Metric        ResourceType = "metric"
	SemanticModel ResourceType = "semantic_model"
	SavedQuery    ResourceType = "saved_query"
)

// Relation is the name of a table or view, and its kind where it is known.
type Relation struct {
	Database, Schema, Identifier string
	Type                         string // "table", "view", "external", "cte" or "" if not known
}

// Key identifies the relation as DuckDB does: letter case does not count.
func (r Relation) Key() string {
	return strings.ToLower(r.Database + "\x00" + r.Schema + "\x00" + r.Identifier)
}

// String renders the relation as dbt-duckdb does: "database"."schema"."identifier",
// leaving out what is empty.
func (r Relation) String() string {
	return string(r.AppendTo(make([]byte, 0, len(r.Database)+len(r.Schema)+len(r.Identifier)+len(`""."".""`))))
}

// AppendTo appends what String renders.
func (r Relation) AppendTo(text []byte) []byte {
	first := true
	for _, p := range [...]string{r.Database, r.Schema, r.Identifier} {
		if p == "" {
			continue
		}
		if !first {
			text = append(text, '.')
		}
		first = false
		text = appendIdent(text, p)
	}
	return text
}

// QuoteIdent quotes an SQL identifier, always.
func QuoteIdent(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func appendIdent(text []byte, name string) []byte {
	text = append(text, '"')
	if strings.IndexByte(name, '"') >= 0 {
		name = strings.ReplaceAll(name, `"`, `""`)
	}
	return append(append(text, name...), '"')
}

// QuoteString quotes an SQL string literal.
func QuoteString(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// LiteralPath is the pattern by which DuckDB's readers find just the file of that name:
// they take "*", "?" and "[" in each path they are given for patterns. A path that has a
// backslash in a name, too, cannot be said as a pattern, since DuckDB cuts it there on every
// system; but what matches nothing as a pattern it takes for the name of a file.
func LiteralPath(path string) string {
	if filepath.Separator == '/' && strings.Contains(path, `\`) {
		return path
	}
	if !strings.ContainsAny(path, "*?[") { // as nearly all: a lake may have hundreds of thousands of files
		return path
	}
	return strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]").Replace(path)
}

// Node is one resource of a project: a model, seed, source table, data test and
// so on. It is filled in three steps: the loader sets what files say, the parse
// pass adds config, references and relation, the compile pass sets Compiled. After
// the parse pass only Compiled changes, by one goroutine a node.
type Node struct {
	UniqueID     string // "model.shop.orders", as dbt
	Type         ResourceType
	Name         string
	Package      string
	Path         string   // relative to its resource path: "staging/stg_orders.sql"
	OriginalPath string   // relative to the project: "models/staging/stg_orders.sql"
	FQN          []string // package, folders, name
	Source       *diag.Source
	Place        diag.Place // where it is declared, for messages
	RawCode      string
	Template     *template.Template // nil for seeds, sources, exposures
	Block        *template.Block    // of a snapshot written as a block of Template, else nil

	Config      *Config // final: project file < property file < config() in the file
	Tags        []string
	Meta        *template.Dict
	Description string
	Columns     []*Column
	Constraints []Constraint // of the model as a whole
	// Written is the name of Relation as templates print it: without quotes where quoting: says so.
	Written string

	PatchPath string // property file that describes what another file holds, or ""
	// PatchPackage is the package of that file, where it is another one.
	PatchPackage string
	PatchPlace   diag.Place // its name in that file
	Group        string
	DocBlocks    []string // unique_ids of the docs blocks that Description names
	// Version and LatestVersion are those of a versioned model, as text; "" for others.
	Version, LatestVersion string

	Relation  Relation // published name; zero for tests, exposures, analyses
	Pointer   Relation // of the latest version of a model: the view that shows it under a name without a version, or zero
	Refs      []RefCall
	Sources   []SourceCall
	Metrics   []MetricCall
	DependsOn []string // unique_ids, in order of first use, each once

	ChangeRefs []RefCall // of Refs, those whose changes the model reads by changes()
	Changes    []string  // unique_ids of the models they mean
	Macros     []string  // unique_ids of macros that the node calls itself while it is parsed
	Static     bool      // a model that dbt reads without rendering it
	LateMacros []string  // and when it is compiled, also where that fails

	Test     *TestInfo     // data tests
	Table    *SourceTable  // sources
	Exposure *ExposureInfo // exposures
	Semantic *SemanticInfo // metrics, semantic models, saved queries
	Unit     *UnitTestInfo // unit tests
	Hook     *HookInfo     // operations
	Lost     bool          // of a data test that is not enabled: what it reads is missing or disabled
	Maker    string        // of a model: "package.macro" of its own materialization, or ""
	Strategy string        // of an incremental model: the name of the strategy that macros of the project say, or ""

	Compiled *Compiled

	Root string // absolute folder of the project that holds the file; of seeds
	// FileSum is the checksum of a seed's file, by the kind and the value that dbt has; it is read when first asked.
	FileSum     func() (kind, sum string)
	PrimaryKey  []string       // of models, as constraints and tests let conclude
	Deprecation template.Value // deprecation_date of a model, as written, or nil
	// DeprecationPlace is where that date is written.
	DeprecationPlace diag.Place
	TimeSpine        template.Value // time_spine of a model, as written, or nil
}

// Materialized is the model's materialization ("view" where nothing is said);
// "seed", "snapshot" and "test" for those types; "" for what is never built.
func (n *Node) Materialized() string {
	switch n.Type {
	case Model:
		return n.Config.String("materialized", "view")
	case Seed, Snapshot, Test:
		return string(n.Type)
	}
	return ""
}

// IsEphemeral reports whether the node exists only as a CTE of its readers.
func (n *Node) IsEphemeral() bool { return n.Type == Model && n.Materialized() == "ephemeral" }

// IsLoose reports whether the node is a data test that names nothing by ref() or source(): what it looks at, a
// query or a macro of its own says. It waits for all that a run makes, whatever becomes of that.
func (n *Node) IsLoose() bool { return n.Type == Test && len(n.DependsOn) == 0 }

// IsRefable reports whether ref() can name the node.
func (n *Node) IsRefable() bool { return n.Type == Model || n.Type == Seed || n.Type == Snapshot }

// Column is what a property file says of a column.
type Column struct {
	Name        string
	Description string
	DataType    string
	Meta        *template.Dict
	Tags        []string
	Quote       bool
	QuoteSet    bool // quote: was written
	Constraints []Constraint
	Granularity string         // of a column that holds times, for MetricFlow, or ""
	Dimension   template.Value // what the column is to a semantic model: a kind, a record as dbt writes it, or nil
	Entity      template.Value // the same
	DocBlocks   []string       // unique_ids of the docs blocks that Description names
	Extra       *template.Dict // what a property file says under keys that mean nothing, which dbt carries along; nil for none
	Place       diag.Place
}

// Constraint is one constraint of a contract.
type Constraint struct {
	Type       string // not_null, unique, primary_key, foreign_key, check, custom
	Expression string
	Name       string
	Columns    []string
	To         string // of a foreign key: ref() or source() as written
	Target     string // the relation that To names
	ToColumns  []string
	Place      diag.Place
}

// RefCall is a ref() as it was called, or a plain table name that means one.
type RefCall struct {
	Package, Name, Version string
	VersionIsText          bool // the version was given as a text, not as a number
	Place                  diag.Place
}

// SourceCall is a source() as it was called.
type SourceCall struct {
	Source, Table string
	Place         diag.Place
}

// TestInfo is what a data test has beyond other nodes.
type TestInfo struct {
	Generic      string         // name of the generic test ("unique"), or "" for a singular one
	Namespace    string         // package in front of it ("dbt_utils"), or ""
	Kwargs       *template.Dict // arguments of the generic test, model and column_name included, as dbt's test_metadata
	Column       string         // column it is attached to, or ""
	Attached     string         // unique_id of the node it is declared under, or ""
	AttachedExpr string         // how kwargs name that node: "{{ get_where_subquery(ref('orders')) }}"
	// AttachedRefs and AttachedSources are the call in AttachedExpr: one of both.
	AttachedRefs    []RefCall
	AttachedSources []SourceCall
	FileKey         string         // dbt's file_key_name: "models.orders"
	Twin            bool           // another test has the same name: only their unique_ids differ
	Config          *template.Dict // config of the declaration, rendered, in the order of RawCode
}

// SourceTable is what a source table has beyond other nodes.
type SourceTable struct {
	SourceName        string
	SourceDescription string
	Identifier        string
	// Path holds the globs of a lake source, relative to the project or absolute
	// or URLs, {name} and {identifier} filled in; nil for a table of a database.
	Paths []Located
	// Expression is a FROM item given as such ("read_csv('x.csv')"), or "".
	Expression string
	// Bare is the FROM item of a dbt project's external_location that is just a path: the path in
	// quotes, as dbt-duckdb prints it, for DuckDB to read as it sees fit. It is "" otherwise.
	Bare string
	// Location is what dbt-duckdb's external_location makes the name of the table, "" without one.
	Location      string
	Format        string // "csv", "parquet", "json" or "" where the extension decides
	Options       *template.Dict
	AllowEmpty    bool
	Implicit      bool         // made by convention from a file, not declared
	Rivals        []Located    // of an implicit one: further files that have its name
	OnBadRows     string       // "fail" or "quarantine"
	MaxRejects    *RejectLimit // how many rows may be kept apart; nil for any number
	Formats       []*FileFormat
	FileDate      string // where in a path the date of a file stands: "exported_{date}"; "" for anywhere
	Freshness     *template.Dict
	FreshnessSaid bool // a property file has "freshness", be it null
	LoadedAt      string
	LoadedAtQuery string
	Fresh         *Freshness // nil where no limit is set
	Loader        string
	Quoting       *template.Dict
	External      template.Value // external:, as written
	SourceMeta    *template.Dict // meta of the source
	RawDatabase   string         // database and schema of the source as written, Jinja unrendered
	RawSchema     string
	OptionPlace   diag.Place

	types [2][]Setting // declared types: of columns in the files, of folders
}

// Located is a text and where it stands.
type Located struct {
	Text  string
	Place diag.Place
}

// ExposureInfo is what an exposure has beyond other nodes.
type ExposureInfo struct {
	Kind, Label, Maturity, URL string
	OwnerName, OwnerEmail      string
}

// HookInfo says when a project hook runs.
type HookInfo struct {
	When  string // "on-run-start" or "on-run-end"
	Index int
}

// Compiled is a node's rendered SQL.
type Compiled struct {
	SQL string // what runs: published names, ephemeral parents injected as CTEs
	// Map leads from SQL back to the template; it is never nil.
	Map Origin
	// CTEs lists the ephemeral nodes injected, parents first.
	CTEs []string
	// Deferred says that the node asks the database something only its parents'
	// build can answer: SQL is not set until the runner compiles it again.
	Deferred bool
	// PreHooks and PostHooks are the rendered hooks, without empty ones.
	PreHooks, PostHooks []RenderedHook
	// Kwargs are the rendered arguments of a generic test, for messages and fusing.
	Kwargs *template.Dict
	// Snapshot is what a snapshot takes from macros; nil for other nodes.
	Snapshot *SnapshotParts
	// External is where an external model is written; nil for other nodes.
	External *ExternalParts
	// Own is the SQL of an ephemeral model before its parents were injected, and OwnMap
	// its map: it is what readers inject.
	Own    string
	OwnMap Origin
}

// CalledMacros are the macros that the node calls itself: while the project is parsed, and when
// it is compiled, as far as it is.
func (n *Node) CalledMacros() []string {
	out := slices.Clone(n.Macros)
	for _, id := range n.LateMacros {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// ParsedMacros are the macros that dbt knows the node to call before it is compiled: not_null and unique, which
// dbt reads without rendering them, are known to call nothing else.
func (n *Node) ParsedMacros() []string {
	for _, id := range n.Macros {
		if n.Type == Test && (id == "macro.dbt.test_not_null" || id == "macro.dbt.test_unique") {
			return []string{id}
		}
	}
	return slices.Clone(n.Macros)
}

// Origin maps offsets of rendered SQL back to the place in a template that made it.
type Origin interface {
	Origin(offset int) (diag.Place, bool)
}

// RenderedHook is a pre- or post-hook after rendering.
type RenderedHook struct {
	SQL string // empty where Late is not
	// Late is the template of a hook that can be rendered in its turn only, since it asks the
	// database what its own node's build decides, or changes something while it is rendered.
	Late        string
	Transaction bool
	Place       diag.Place
}
