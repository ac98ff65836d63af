package project

import (
	"elt/compiler/diag"
	"elt/compiler/template"
)

// Patches are the contents of all property files. Order: by file, then as written.
type Patches struct {
	Resources []*Patch // models, seeds, snapshots, analyses
	Macros    []*MacroPatch
	Sources   []*SourcePatch
	Exposures []*ExposurePatch
	Semantics []*SemanticPatch // metrics, semantic models, saved queries
	UnitTests []*UnitTestPatch
	Groups    []*GroupPatch
	// SingularTests describes tests/*.sql files, from data_tests: entries with a name.
	SingularTests []*Patch
	// Borrowed are entries of other projects' property files about nodes of this one.
	Borrowed []*Patch

	byName map[patchKey]*Patch
}

// Patch is what a property file says of one model, seed, snapshot, analysis or
// singular test.
type Patch struct {
	Type        ResourceType
	Key         string // key of the property file it stands under: "models", "seeds", ...
	Name        string
	Place       diag.Place // of the name
	Package     string
	Path        string // the property file, relative to the project
	Description string // unrendered: may hold doc()
	DescPlace   diag.Place
	Config      *Config // the config: block, with tags, meta and docs given beside it; never nil
	Columns     []*ColumnPatch
	Tests       []*TestPatch // tests of the whole relation
	Constraints []Constraint
	// QuoteColumns quotes column names in tests of all columns.
	QuoteColumns bool
	// Version, LatestVersion and DefinedIn are those of one version; see [Patch.ByVersion].
	Version, LatestVersion, DefinedIn string
	Versions                          template.Value // versions: as written, or nil
	VersionsPlace                     diag.Place
	each                              []*Patch
	// Raw holds what a snapshot or a model has beyond: relation, access, docs, time_spine.
	Raw map[string]ConfigValue
}

// ColumnPatch is what a property file says of a column, tests included.
type ColumnPatch struct {
	Column
	Tests []*TestPatch
}

// TestPatch is one generic test as it is written under a resource or a column.
type TestPatch struct {
	Name  string     // "unique", "dbt_utils.recency"
	Place diag.Place // of the test's name
	Args  *template.Dict
	// ArgPlaces are the places of arguments, by name; of keys under config:, with
	// "config: " in front.
	ArgPlaces map[string]diag.Place
	// Nested are the names of those that stood under arguments:.
	Nested []string
}

// MacroPatch is what a property file says of a macro.
type MacroPatch struct {
	Name, Description string
	Place             diag.Place
	Path              string
	Meta              *template.Dict
	Arguments         template.Value
}

// SourcePatch is one entry of sources:.
type SourcePatch struct {
	Name, Description string
	Place             diag.Place
	Path              string // property file
	RelPath           string // the same relative to its resource path
	Overrides         string
	Database, Schema  string
	RawDatabase       string // as written
	RawSchema         string
	Loader            string
	Quoting           *template.Dict
	Freshness         ConfigValue // raw; Value nil where it is not set
	LoadedAt          ConfigValue
	LoadedAtQuery     ConfigValue // a template, rendered when it is used
	Config            *Config     // config: with tags beside it; never nil
	Meta              *template.Dict
	Tags              []string
	Lake              lakeKeys
	Tables            []*TablePatch
}

// TablePatch is one table of a source.
type TablePatch struct {
	Name, Description string
	Place             diag.Place
	Identifier        string
	Loader            string
	Quoting           *template.Dict
	Freshness         ConfigValue
	LoadedAt          ConfigValue
	LoadedAtQuery     ConfigValue // a template, rendered when it is used
	Config            *Config
	Meta              *template.Dict
	Tags              []string
	Columns           []*ColumnPatch
	Tests             []*TestPatch
	QuoteColumns      bool
	External          template.Value
	Lake              lakeKeys
}

// ExposurePatch is one entry of exposures:.
type ExposurePatch struct {
	Name, Label, Description string
	Kind, Maturity, URL      string
	OwnerName, OwnerEmail    string
	Place                    diag.Place
	Path, RelPath            string
	DependsOn                []Located // "ref('orders')", "source('a', 'b')"
	Config                   *Config
}

// UnitTestPatch is one entry of unit_tests:.
type UnitTestPatch struct {
	Name, Description string
	Place             diag.Place
	ModelPlace        diag.Place
	Path, RelPath     string
	Config            *Config
	Info              UnitTestInfo
}

// GroupPatch is one entry of groups:.
type GroupPatch struct {
	Name, OwnerName, OwnerEmail string
	Description                 string
	Place                       diag.Place
	Path, RelPath               string
	Config                      *Config
}
