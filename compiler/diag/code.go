package diag

// Code is the short word by which a kind of diagnostic is known, in messages,
// JSON and the reference. There is no catch-all code.
type Code string

// The codes. Each is explained in docs/reference/diagnostics.md and has at least one
// end-to-end scenario that shows it.
const (
	NoProject         Code = "no-project"         // no elt.yml, dbt_project.yml or models folder here
	YAMLSyntax        Code = "yaml-syntax"        // a .yml file is not YAML
	WrongType         Code = "wrong-type"         // a key has a value of the wrong type or an impossible value
	UnknownKey        Code = "unknown-key"        // a key that elt does not know (warning)
	UnknownProfile    Code = "unknown-profile"    // profile or target does not exist
	MissingEnvVar     Code = "missing-env-var"    // env_var() of a variable that is not set
	UnknownVar        Code = "unknown-var"        // var() of a variable that is not set and has no default
	UnknownRef        Code = "unknown-ref"        // ref() of a node that does not exist
	DisabledRef       Code = "disabled-ref"       // ref() of a node that is disabled
	PrivateRef        Code = "private-ref"        // ref() of a model that is private to another group
	Deprecated        Code = "deprecated"         // a model whose deprecation date has passed, or a reference to one (warning)
	UnknownSource     Code = "unknown-source"     // source() of a table that no property file declares
	AmbiguousName     Code = "ambiguous-name"     // a name that could mean two nodes
	MissingPackage    Code = "missing-package"    // a package is asked for but not installed, or cannot be installed
	DuplicateNode     Code = "duplicate-node"     // two resources of one name
	ForeignRelation   Code = "foreign-relation"   // a relation that elt has not made would be replaced
	UnknownNode       Code = "unknown-node"       // a property file describes a node that does not exist (warning)
	UnknownTest       Code = "unknown-test"       // a generic test that is not defined
	UndefinedName     Code = "undefined-name"     // a template uses a name that does not exist
	UnknownFilter     Code = "unknown-filter"     // a template uses a filter or a Jinja test that does not exist
	TemplateSyntax    Code = "template-syntax"    // a template cannot be parsed
	TemplateError     Code = "template-error"     // a template failed while it was rendered
	RaisedError       Code = "raised-error"       // exceptions.raise_compiler_error() and its like
	Cycle             Code = "cycle"              // nodes that depend on each other
	BadSelector       Code = "bad-selector"       // a selection that cannot be parsed or names an unknown method
	EmptySelection    Code = "empty-selection"    // a selection that matches nothing (warning)
	SQL               Code = "sql"                // DuckDB does not accept a statement
	Data              Code = "data"               // a statement failed because of the data it read
	DataTest          Code = "data-test"          // a data test found failing rows
	UnitTest          Code = "unit-test"          // a unit test got other rows than expected
	Fixture           Code = "fixture"            // the rows of a unit test do not fit what they stand for
	LakeFile          Code = "lake-file"          // a raw file is missing, changed meanwhile or cannot be read
	Seed              Code = "seed"               // a seed file is not a proper CSV file
	DuplicateKey      Code = "duplicate-key"      // a key occurs twice in what is to be merged
	SchemaChange      Code = "schema-change"      // columns of an incremental model differ from its table
	Unchecked         Code = "unchecked"          // a query that cannot be checked before it is run (note)
	Impact            Code = "impact"             // a build would change columns that are published (note)
	Contract          Code = "contract"           // columns differ from an enforced contract
	Rejects           Code = "rejects"            // rows of raw files are kept apart, or would have to be and may not
	IncrementalConfig Code = "incremental-config" // an incremental model is configured in a way that cannot work
	SnapshotConfig    Code = "snapshot-config"    // a snapshot is configured in a way that cannot work
	Database          Code = "database"           // the database cannot be opened, is locked, is not one
	Held              Code = "held"               // a node was built but not published (warning)
	Timeout           Code = "timeout"            // a node took longer than its timeout
	Unsupported       Code = "unsupported"        // a feature of dbt that elt cannot run
)

// Codes returns every code, in the order they are declared.
func Codes() []Code {
	return []Code{
		NoProject, YAMLSyntax, WrongType, UnknownKey, UnknownProfile, MissingEnvVar, UnknownVar, UnknownRef,
		DisabledRef, PrivateRef, Deprecated, UnknownSource, AmbiguousName, MissingPackage, DuplicateNode, ForeignRelation,
		UnknownNode, UnknownTest, UndefinedName, UnknownFilter, TemplateSyntax, TemplateError, RaisedError, Cycle,
		BadSelector, EmptySelection, SQL, Data, DataTest, UnitTest, Fixture, LakeFile, Seed, DuplicateKey,
		SchemaChange, Unchecked, Impact, Contract, Rejects, IncrementalConfig, SnapshotConfig, Database, Held, Timeout,
		Unsupported,
	}
}
