package project

// The keys of property files, as dbt 1.12 knows them, and elt's own for lake sources.
var (
	fileKeys = keySet("version", "models", "seeds", "snapshots", "sources", "macros", "analyses", "exposures",
		"metrics", "semantic_models", "saved_queries", "groups", "unit_tests", "data_tests", "functions", "anchors")

	describedKeys = keySet("name", "description", "docs", "config", "meta", "group", "columns", "data_type")
	testedKeys    = describedKeys.with("tests", "data_tests", "quote_columns", "tags")

	modelKeys = testedKeys.with("access", "constraints", "latest_version", "deprecation_date", "versions",
		"time_spine", "contract", "semantic_model", "metrics", "derived_semantics", "agg_time_dimension",
		"primary_entity", "freshness")
	seedKeys     = testedKeys
	snapshotKeys = testedKeys.with("relation")
	analysisKeys = describedKeys.with("access", "tags")
	singularKeys = keySet("name", "description", "docs", "config", "meta")
	macroKeys    = keySet("name", "description", "docs", "config", "meta", "arguments")

	columnKeys = keySet("name", "description", "data_type", "meta", "quote", "tests", "data_tests", "tags",
		"config", "constraints", "docs", "granularity", "policy_tags", "entity", "dimension")

	lakeKeyNames = []string{"path", "format", "options", "allow_empty", "on_bad_rows", "max_rejects", "formats", "file_date"}
	sourceKeys   = keySet("name", "description", "database", "schema", "loader", "loaded_at_field",
		"loaded_at_query", "meta", "tags", "config", "overrides", "freshness", "quoting", "tables").with(lakeKeyNames...)
	tableKeys = keySet("name", "description", "meta", "identifier", "loaded_at_field", "loaded_at_query",
		"loader", "tests", "data_tests", "tags", "freshness", "quoting", "external", "columns", "config", "docs",
		"quote_columns", "data_type").with(lakeKeyNames...)

	exposureKeys = keySet("name", "description", "label", "type", "url", "maturity", "owner", "depends_on",
		"config", "meta", "tags", "enabled")
	unitTestKeys = keySet("name", "description", "model", "given", "expect", "overrides", "config", "versions",
		"tags", "meta", "expect_final")
	givenKeys    = keySet("input", "rows", "format", "fixture")
	expectKeys   = keySet("rows", "format", "fixture", "ordered")
	overrideKeys = keySet("macros", "vars", "env_vars")
	groupKeys    = keySet("name", "owner", "description", "config")

	constraintKeys = keySet("type", "name", "expression", "columns", "warn_unenforced", "warn_unsupported",
		"to", "to_columns")
)

// unsupportedKeys are parts of property files that dbt knows and elt does not run.
var unsupportedKeys = []string{"functions"}

// resourceKeys says which key of a property file describes which resources.
var resourceKeys = []struct {
	key   string
	t     ResourceType
	known *keys
	a     string
}{
	{"models", Model, modelKeys, "a model"},
	{"seeds", Seed, seedKeys, "a seed"},
	{"snapshots", Snapshot, snapshotKeys, "a snapshot"},
	{"analyses", Analysis, analysisKeys, "an analysis"},
}
