package dbtcontext

import (
	"elt/compiler/project"
	"elt/compiler/template"
)

// ConfigValue is a node's config as dbt writes it: every key dbt knows for the node's
// type, in dbt's order and with dbt's defaults, then all others.
func ConfigValue(n *project.Node) *template.Dict {
	d := template.NewDict(configDefaults(n.Type)...)
	if n.Config == nil {
		return d
	}
	for _, key := range n.Config.Keys() {
		v, _ := n.Config.Get(key)
		switch key {
		case "pre_hook", "post_hook":
			_ = d.Set(key[:len(key)-len("_hook")]+"-hook", hooksValue(n.Config.Hooks(key)))
		case "docs", "contract", "snapshot_meta_column_names":
			_ = d.Set(key, over(d, key, v.Value))
		case "tags", "packages":
			_ = d.Set(key, listOf(n.Config.Strings(key)))
		default:
			_ = d.Set(key, v.Value)
		}
	}
	if n.Type == project.Exposure || n.Type == project.Test {
		return d
	}
	if n.Group != "" {
		_ = d.Set("group", n.Group)
	}
	return d
}

// over joins a mapping with the default that is in d.
func over(d *template.Dict, key string, v template.Value) template.Value {
	given, ok := v.(*template.Dict)
	before, _ := d.Get(key)
	def, isDict := before.(*template.Dict)
	if !ok || !isDict {
		return v
	}
	out := def.Copy()
	out.Update(given)
	return out
}

func hooksValue(hooks []project.HookText) *template.List {
	out := template.NewList()
	for _, h := range hooks {
		out.Elems = append(out.Elems, template.NewDict(
			item("sql", h.SQL), item("transaction", h.Transaction), item("index", nil)))
	}
	return out
}

// configDefaults are the keys of a type's config with their defaults.
func configDefaults(t project.ResourceType) []template.Item {
	switch t {
	case project.Source:
		return []template.Item{item("enabled", true), item("event_time", nil), item("freshness", nil),
			item("loaded_at_field", nil), item("loaded_at_query", nil), item("meta", template.NewDict()),
			item("tags", template.NewList()), item("static_analysis", nil)}
	case project.Exposure:
		return []template.Item{item("enabled", true), item("tags", template.NewList()), item("meta", template.NewDict())}
	case project.UnitTest:
		return []template.Item{item("tags", template.NewList()), item("meta", template.NewDict()),
			item("enabled", true), item("static_analysis", nil)}
	}
	out := []template.Item{item("enabled", true), item("alias", nil), item("schema", nil), item("database", nil),
		item("tags", template.NewList()), item("meta", template.NewDict()), item("group", nil), item("static_analysis", nil)}
	if t == project.Test {
		return append(out, item("materialized", "test"), item("severity", "ERROR"), item("store_failures", nil),
			item("store_failures_as", nil), item("where", nil), item("limit", nil), item("fail_calc", "count(*)"),
			item("warn_if", "!= 0"), item("error_if", "!= 0"))
	}
	materialized := map[project.ResourceType]string{project.Seed: "seed", project.Snapshot: "snapshot"}[t]
	if materialized == "" {
		materialized = "view"
	}
	out = append(out, item("materialized", materialized), item("incremental_strategy", nil), item("batch_size", nil),
		item("lookback", int64(1)), item("begin", nil), item("persist_docs", template.NewDict()),
		item("post-hook", template.NewList()), item("pre-hook", template.NewList()), item("quoting", template.NewDict()),
		item("column_types", template.NewDict()), item("full_refresh", nil), item("unique_key", nil),
		item("on_schema_change", "ignore"), item("on_configuration_change", "apply"), item("grants", template.NewDict()),
		item("packages", template.NewList()), item("docs", template.NewDict(item("show", true), item("node_color", nil))),
		item("contract", template.NewDict(item("enforced", false), item("alias_types", true))),
		item("event_time", nil), item("concurrent_batches", nil))
	return append(out, ownDefaults(t)...)
}

// ownDefaults are the keys that one type has beyond those of all nodes with SQL.
func ownDefaults(t project.ResourceType) []template.Item {
	switch t {
	case project.Model:
		return []template.Item{item("access", "protected"), item("freshness", nil)}
	case project.Seed:
		return []template.Item{item("delimiter", ","), item("quote_columns", nil)}
	case project.Snapshot:
		names := template.NewDict(item("dbt_valid_to", nil), item("dbt_valid_from", nil), item("dbt_scd_id", nil),
			item("dbt_updated_at", nil), item("dbt_is_deleted", nil))
		return []template.Item{item("strategy", nil), item("target_schema", nil), item("target_database", nil),
			item("updated_at", nil), item("check_cols", nil), item("snapshot_meta_column_names", names),
			item("dbt_valid_to_current", nil)}
	}
	return nil
}
