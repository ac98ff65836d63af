package dbtcontext

import (
	"slices"

	"elt/compiler/project"
	"elt/compiler/template"
)

// ConfigValue is a node's config as dbt writes it: every key dbt knows for the node's
// type, in dbt's order and with dbt's defaults, then all others.
func ConfigValue(n *project.Node) *template.Dict { return configRecord(n).dict() }

// configRecord is ConfigValue in the making.
func configRecord(n *project.Node) record {
	return func(put func(string, template.Value)) {
		defaults := configDefaults(n.Type)
		keys := n.Config.Keys()
		for _, def := range defaults {
			put(def.key, configOf(n, def))
		}
		for _, key := range keys {
			if key = dbtConfigKey(key); !hasDefault(defaults, key) {
				put(key, configOf(n, configDefault{key: key}))
			}
		}
		if n.Group != "" && hasGroup(n) && !hasDefault(defaults, "group") && !slices.Contains(keys, "group") {
			put("group", n.Group)
		}
	}
}

func hasDefault(defaults []configDefault, key string) bool {
	return slices.ContainsFunc(defaults, func(def configDefault) bool { return def.key == key })
}

// hasGroup reports whether a node's config tells its group.
func hasGroup(n *project.Node) bool {
	return n.Config != nil && n.Type != project.Exposure && n.Type != project.Test
}

// dbtConfigKey is a key as dbt writes it.
func dbtConfigKey(key string) string {
	switch key {
	case "pre_hook":
		return "pre-hook"
	case "post_hook":
		return "post-hook"
	}
	return key
}

// configOf is the value of a key of a node's config.
func configOf(n *project.Node, def configDefault) template.Value {
	if def.key == "group" && n.Group != "" && hasGroup(n) {
		return n.Group
	}
	key := def.key
	if key == "pre-hook" || key == "post-hook" {
		key = key[:len(key)-len("-hook")] + "_hook"
	}
	v, ok := n.Config.Get(key)
	if !ok {
		return def.value
	}
	switch key {
	case "pre_hook", "post_hook":
		return hooksValue(n.Config.Hooks(key))
	case "docs", "contract", "snapshot_meta_column_names":
		return over(finished(def.value), v.Value)
	case "latest_version_pointer":
		if enabled, ok := v.Value.(bool); ok { // as dbt: false is short for a mapping
			v.Value = template.NewRecord(item("enabled", enabled))
		}
		return over(finished(def.value), v.Value)
	case "tags", "packages":
		return texts(n.Config.Strings(key))
	case "begin": // dbt makes a point in time of a text, and writes it out again
		if text, ok := v.Value.(string); ok && n.IsMicrobatch() {
			if at, ok := isoDatetime(text, false); ok {
				return at.ISOFormat()
			}
		}
	}
	return v.Value
}

// over joins a mapping with its default.
func over(def, v template.Value) template.Value {
	given, ok := v.(*template.Dict)
	before, isDict := def.(*template.Dict)
	if !ok || !isDict {
		return v
	}
	out := before.Copy()
	out.Update(given)
	return out
}

func hooksValue(hooks []project.HookText) *template.List {
	out := template.NewList()
	for _, h := range hooks {
		out.Elems = append(out.Elems, template.NewRecord(
			item("sql", h.SQL), item("transaction", h.Transaction), item("index", nil)))
	}
	return out
}

// configDefault is a key of a config with its default.
type configDefault struct {
	key   string
	value template.Value
}

// emptyRecord is an empty dict.
func emptyRecord(func(string, template.Value)) {}

// defaultsOf is a record of keys with constant values.
func defaultsOf(items ...configDefault) record {
	return func(put func(string, template.Value)) {
		for _, it := range items {
			put(it.key, it.value)
		}
	}
}

// configDefaults are the keys of a type's config with their defaults. The caller must not
// change it.
func configDefaults(t project.ResourceType) []configDefault {
	switch t {
	case project.Source:
		return sourceDefaults
	case project.Exposure:
		return exposureDefaults
	case project.UnitTest:
		return unitTestDefaults
	case project.Metric, project.SemanticModel:
		return metricDefaults
	case project.SavedQuery:
		return savedQueryDefaults
	case project.Test:
		return testDefaults
	case project.Seed:
		return seedDefaults
	case project.Snapshot:
		return snapshotDefaults
	case project.Model:
		return modelDefaults
	}
	return queryDefaults("view")
}

// What is in these lists is never changed: dicts and lists are made of records and texts.
var (
	sourceDefaults = []configDefault{{"enabled", true}, {"event_time", nil}, {"freshness", nil},
		{"loaded_at_field", nil}, {"loaded_at_query", nil}, {"meta", record(emptyRecord)},
		{"tags", texts(nil)}, {"static_analysis", nil}}
	exposureDefaults   = []configDefault{{"enabled", true}, {"tags", texts(nil)}, {"meta", record(emptyRecord)}}
	metricDefaults     = []configDefault{{"enabled", true}, {"group", nil}, {"meta", record(emptyRecord)}}
	savedQueryDefaults = []configDefault{{"enabled", true}, {"group", nil}, {"meta", record(emptyRecord)}, {"export_as", nil},
		{"schema", nil}, {"cache", defaultsOf(configDefault{"enabled", false})}}
	unitTestDefaults = []configDefault{{"tags", texts(nil)}, {"meta", record(emptyRecord)},
		{"enabled", true}, {"static_analysis", nil}}
	testDefaults = append(commonDefaults(), []configDefault{{"materialized", "test"}, {"severity", "ERROR"}, {"store_failures", nil},
		{"store_failures_as", nil}, {"sql_header", nil}, {"where", nil}, {"limit", nil}, {"fail_calc", "count(*)"},
		{"warn_if", "!= 0"}, {"error_if", "!= 0"}}...)
	modelDefaults = append(queryDefaults("view"), configDefault{"access", "protected"}, configDefault{"freshness", nil},
		configDefault{"on_error", nil}, configDefault{"latest_version_pointer", pointerDefaults})
	pointerDefaults        = defaultsOf(configDefault{"enabled", nil}, configDefault{"alias", nil})
	seedDefaults           = append(queryDefaults("seed"), configDefault{"delimiter", ","}, configDefault{"quote_columns", nil})
	snapshotColumnDefaults = defaultsOf(configDefault{"dbt_valid_to", nil}, configDefault{"dbt_valid_from", nil},
		configDefault{"dbt_scd_id", nil}, configDefault{"dbt_updated_at", nil}, configDefault{"dbt_is_deleted", nil})
	snapshotDefaults = append(queryDefaults("snapshot"), []configDefault{{"strategy", nil}, {"target_schema", nil}, {"target_database", nil},
		{"updated_at", nil}, {"check_cols", nil}, {"snapshot_meta_column_names", snapshotColumnDefaults},
		{"dbt_valid_to_current", nil}}...)
)

// commonDefaults are those of whatever comes from a file of the project.
func commonDefaults() []configDefault {
	return []configDefault{{"enabled", true}, {"alias", nil}, {"schema", nil}, {"database", nil},
		{"tags", texts(nil)}, {"meta", record(emptyRecord)}, {"group", nil}, {"static_analysis", nil}}
}

// queryDefaults are those of what becomes a relation.
func queryDefaults(materialized string) []configDefault {
	return append(commonDefaults(), []configDefault{
		{"materialized", materialized}, {"incremental_strategy", nil}, {"batch_size", nil},
		{"lookback", int64(1)}, {"begin", nil}, {"persist_docs", record(emptyRecord)},
		{"post-hook", texts(nil)}, {"pre-hook", texts(nil)}, {"quoting", record(emptyRecord)},
		{"column_types", record(emptyRecord)}, {"full_refresh", nil}, {"unique_key", nil},
		{"on_schema_change", "ignore"}, {"on_configuration_change", "apply"}, {"grants", record(emptyRecord)},
		{"packages", texts(nil)}, {"docs", defaultsOf(configDefault{"show", true}, configDefault{"node_color", nil})},
		{"contract", defaultsOf(configDefault{"enforced", false}, configDefault{"alias_types", true})},
		{"event_time", nil}, {"concurrent_batches", nil}}...)
}
