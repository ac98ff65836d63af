package project

import (
	"strings"

	"elt/compiler/diag"
	"elt/compiler/regex"
	"elt/compiler/template"
)

// kind is the type of a config key's value.
type kind int

const (
	anyValue kind = iota
	text
	boolean
	whole
	textOrList
	mapping
	mappings   // a list of mappings
	hooks      // SQL, {sql, transaction}, or a list of these
	boolOrText // static_analysis: YAML reads on and off as booleans
	boolOrDict // latest_version_pointer: false is short for {enabled: false}
)

var kindWords = map[kind]string{
	text: "a string", boolean: "true or false", whole: "a whole number", textOrList: "a string or a list of strings",
	mapping: "a mapping", mappings: "a list of mappings", hooks: "SQL, {sql: ..., transaction: true}, or a list of these", boolOrText: "a string",
	boolOrDict: "true, false or a mapping",
}

// configType is what is known of one config key.
type configType struct {
	kind    kind
	choices []string // the only values allowed
}

// The config keys by resource type: dbt's, dbt-duckdb's and elt's. Keys beyond
// these are legal, since templates can read them; only what looks like a slip of
// the pen gets a warning.
var (
	sharedConfig = map[string]configType{
		"enabled": {kind: boolean}, "alias": {kind: text}, "schema": {kind: text}, "database": {kind: text},
		"tags": {kind: textOrList}, "meta": {kind: mapping}, "group": {kind: text},
		"static_analysis": {kind: boolOrText},
	}
	nodeConfig = merged(sharedConfig, map[string]configType{
		"materialized": {kind: text}, "incremental_strategy": {kind: text}, "batch_size": {},
		"lookback": {kind: whole}, "begin": {}, "persist_docs": {kind: mapping},
		"pre_hook": {kind: hooks}, "post_hook": {kind: hooks}, "quoting": {kind: mapping},
		"column_types": {kind: mapping}, "full_refresh": {kind: boolean}, "unique_key": {kind: textOrList},
		"on_schema_change":        {kind: text, choices: []string{"ignore", "append_new_columns", "sync_all_columns", "fail"}},
		"on_configuration_change": {kind: text, choices: []string{"apply", "continue", "fail"}},
		"grants":                  {kind: mapping}, "packages": {kind: textOrList}, "docs": {kind: mapping},
		"contract": {kind: mapping}, "event_time": {kind: text}, "concurrent_batches": {kind: boolean},
		"access": {kind: text, choices: []string{"private", "protected", "public"}}, "freshness": {},
		"sql_header": {kind: text}, "on_error": {kind: text, choices: []string{"skip_children", "continue"}},
		"timeout": {}, "reuse": {kind: text}, "adopt": {kind: boolean},
	})
	modelConfig = merged(nodeConfig, map[string]configType{
		"incremental_predicates": {kind: textOrList}, "predicates": {kind: textOrList},
		"merge_update_columns": {kind: textOrList}, "merge_exclude_columns": {kind: textOrList},
		"merge_on_using_columns": {kind: textOrList}, "merge_update_condition": {kind: text},
		"merge_insert_condition": {kind: text}, "merge_update_set_expressions": {kind: mapping},
		"merge_returning_columns": {}, "merge_clauses": {kind: mapping},
		"indexes": {kind: mappings}, "location": {kind: text}, "format": {kind: text}, "options": {kind: mapping},
		"delimiter": {kind: text}, "partition_by": {}, "partitioned_by": {kind: textOrList},
		"sorted_by": {kind: textOrList}, "parquet_read_options": {kind: mapping}, "csv_read_options": {kind: mapping},
		"json_read_options": {kind: mapping}, "plugin": {kind: text}, "parameters": {}, "temp_schema_name": {kind: text},
		"glue_register": {kind: boolean}, "glue_database": {kind: text}, "partition_columns": {},
		"on_duplicate_key": {kind: text, choices: []string{"fail", "latest"}}, "order_by": {kind: textOrList},
		"change_key": {kind: textOrList}, "keep": {},
		"file_column": {kind: text}, "file_sources": {kind: textOrList},
		"on_deleted_file":        {kind: text, choices: []string{"delete", "keep", "fail"}},
		"test_scope":             {kind: text, choices: []string{"all", "delta"}},
		"latest_version_pointer": {kind: boolOrDict}, "overwrite": {kind: boolean}, "codec": {kind: text},
	})
	seedConfig = merged(nodeConfig, map[string]configType{
		"delimiter": {kind: text}, "quote_columns": {kind: boolean}, "fast": {kind: boolean},
	})
	snapshotConfig = merged(nodeConfig, map[string]configType{
		"strategy": {kind: text}, "updated_at": {kind: text}, "check_cols": {kind: textOrList},
		"target_schema": {kind: text}, "target_database": {kind: text}, "snapshot_meta_column_names": {kind: mapping},
		"dbt_valid_to_current": {kind: text}, "invalidate_hard_deletes": {kind: boolean},
		"hard_deletes": {kind: text, choices: []string{"ignore", "invalidate", "new_record"}},
	})
	testConfig = merged(sharedConfig, map[string]configType{
		"severity": {kind: text}, "where": {kind: text}, "limit": {kind: whole}, "warn_if": {kind: text},
		"error_if": {kind: text}, "fail_calc": {kind: text}, "store_failures": {kind: boolean},
		"store_failures_as": {kind: text}, "materialized": {kind: text}, "sql_header": {kind: text},
		"test_scope": {kind: text, choices: []string{"all", "delta"}},
	})
	sourceConfig = map[string]configType{
		"enabled": {kind: boolean}, "event_time": {kind: text}, "freshness": {}, "loaded_at_field": {kind: text},
		"loaded_at_query": {kind: text}, "meta": {kind: mapping}, "tags": {kind: textOrList},
		"static_analysis": {kind: boolOrText}, "schema": {kind: text}, "database": {kind: text},
		// what dbt-duckdb and elt read here
		"external_location": {kind: text}, "formatter": {kind: text}, "plugin": {kind: text}, "path": {kind: textOrList},
		"format": {kind: text}, "options": {kind: mapping}, "allow_empty": {kind: boolean}, "on_bad_rows": {kind: text},
		"max_rejects": {}, "formats": {kind: mappings}, "file_date": {kind: text},
	}
	otherConfig = map[string]configType{
		"enabled": {kind: boolean}, "meta": {kind: mapping}, "tags": {kind: textOrList}, "docs": {kind: mapping},
		"group": {kind: text}, "static_analysis": {kind: boolOrText},
	}
	savedQueryConfig = merged(otherConfig, map[string]configType{
		"cache": {kind: mapping}, "export_as": {kind: text}, "schema": {kind: text},
	})
)

func merged(maps ...map[string]configType) map[string]configType {
	out := map[string]configType{}
	for _, m := range maps {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

func configTypes(t ResourceType) map[string]configType {
	switch t {
	case Model:
		return modelConfig
	case Seed:
		return seedConfig
	case Snapshot:
		return snapshotConfig
	case Test:
		return testConfig
	case Source:
		return sourceConfig
	case SavedQuery:
		return savedQueryConfig
	}
	return otherConfig
}

// knownNames are the known config keys of each resource type, for suggestions.
var knownNames = func() map[ResourceType]*keys {
	out := map[ResourceType]*keys{}
	for _, t := range []ResourceType{Model, Seed, Snapshot, Test, Source, Exposure, UnitTest, Analysis, Metric, SemanticModel, SavedQuery} {
		var names []string
		for k := range configTypes(t) {
			names = append(names, k)
		}
		out[t] = keySet(names...)
	}
	return out
}()

func knownConfig(t ResourceType) *keys {
	if k, ok := knownNames[t]; ok {
		return k
	}
	return knownNames[Exposure]
}

// testConfigKeys are those config keys that may stand flat among a test's
// arguments, in the order in which dbt writes them.
var testConfigKeys = []string{"severity", "tags", "enabled", "where", "limit", "warn_if", "error_if", "fail_calc",
	"store_failures", "store_failures_as", "meta", "database", "schema", "alias"}

var testConfigSet = keySet(testConfigKeys...).set

// configKey gives a config key its one name: "+" is left out, hooks have underscores.
func configKey(key string) string {
	key = strings.TrimSpace(strings.TrimPrefix(key, "+"))
	switch key {
	case "pre-hook":
		return "pre_hook"
	case "post-hook":
		return "post_hook"
	}
	return key
}

// isLateConfig reports whether the value of a key is rendered when it is used.
func isLateConfig(key string) bool {
	return key == "pre_hook" || key == "post_hook" || key == "loaded_at_query"
}

// checkConfigKey warns of a key that is unknown but close to a known one. Others
// are a project's own affair.
func (r *report) checkConfigKey(t ResourceType, key string, at diag.Place) {
	if d := suspiciousConfig(t, key, at); d != nil {
		r.add(d)
	}
}

func suspiciousConfig(t ResourceType, key string, at diag.Place) *diag.Diagnostic {
	name := configKey(key)
	known := knownConfig(t)
	if known.set[name] || len(name) < 4 {
		return nil
	}
	meant := diag.Suggest(name, known.names)
	if meant == "" {
		return nil
	}
	return diag.Warn(diag.UnknownKey, at, "%q is not a config key of a %s", name, word(t)).WithEvent("CustomKeyInConfigDeprecation").
		WithHint("did you mean %q? otherwise it only serves templates that read it", meant)
}

// word names a resource type in messages.
func word(t ResourceType) string { return strings.ReplaceAll(string(t), "_", " ") }

var severityText = regex.Lazy(`(?i)^(warn|error)$`)

// checkConfig checks the type of a config value. null takes back what lower levels
// say, but a node is either enabled or not and has a materialization, as in dbt.
func checkConfig(t ResourceType, key string, v ConfigValue) *diag.Diagnostic {
	ct, ok := configTypes(t)[key]
	if !ok || v.Value == nil && key != "enabled" && key != "materialized" {
		return nil
	}
	if !fits(ct.kind, v.Value) {
		return wrongValue(v.Place, key, kindWords[ct.kind], v.Value)
	}
	s, isText := v.Value.(string)
	if !isText {
		return nil
	}
	if key == "severity" && !severityText().MatchString(s) {
		return wrongChoice(v.Place, key, s, "error", "warn")
	}
	if len(ct.choices) > 0 && !contains(ct.choices, s) {
		return wrongChoice(v.Place, key, s, ct.choices...)
	}
	return nil
}

func fits(k kind, v template.Value) bool {
	switch k {
	case text:
		_, ok := v.(string)
		return ok
	case boolean:
		_, ok := v.(bool)
		return ok
	case whole:
		_, ok := v.(int64)
		return ok
	case textOrList:
		if _, ok := v.(string); ok {
			return true
		}
		elems, ok := elements(v)
		return ok && all(elems, text)
	case mapping:
		_, ok := v.(*template.Dict)
		return ok
	case mappings:
		elems, ok := elements(v)
		return ok && all(elems, mapping)
	case hooks:
		elems, ok := elements(v)
		if !ok {
			elems = []template.Value{v}
		}
		for _, e := range elems {
			if !fits(text, e) && !isHook(e) {
				return false
			}
		}
	case boolOrText:
		return fits(text, v) || fits(boolean, v)
	case boolOrDict:
		return fits(mapping, v) || fits(boolean, v)
	}
	return true
}

// isHook reports whether a value is {sql: ..., transaction: ...}.
func isHook(v template.Value) bool {
	d, ok := v.(*template.Dict)
	if !ok {
		return false
	}
	sql, _ := dictGet(d, "sql")
	transaction, given := dictGet(d, "transaction")
	return fits(text, sql) && (!given || fits(boolean, transaction))
}

func all(elems []template.Value, k kind) bool {
	for _, e := range elems {
		if !fits(k, e) {
			return false
		}
	}
	return true
}

// elements returns the elements of a list or tuple.
func elements(v template.Value) ([]template.Value, bool) {
	switch x := v.(type) {
	case *template.List:
		return x.Elems, true
	case template.Tuple:
		return x, true
	case *template.Set:
		return x.Elems(), true
	}
	return nil, false
}
