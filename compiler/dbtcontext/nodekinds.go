package dbtcontext

import (
	"elt/compiler/project"
	"elt/compiler/template"
)

// identity is what every resource has.
func identity(n *project.Node) []template.Item {
	return []template.Item{
		item("name", n.Name),
		item("resource_type", string(n.Type)),
		item("package_name", n.Package),
		item("path", n.Path),
		item("original_file_path", n.OriginalPath),
		item("unique_id", n.UniqueID),
		item("fqn", listOf(n.FQN)),
	}
}

// sourceValue is a source table.
func sourceValue(n *project.Node) *template.Dict {
	t := n.Table
	var freshness template.Value
	if t.Freshness != nil || !t.FreshnessSaid {
		freshness = freshnessValue(t.Freshness)
	}
	config := ConfigValue(n)
	_ = config.Set("freshness", freshness)
	unrendered := n.Unrendered()
	if t.FreshnessSaid { // dbt joins the levels before it keeps what was written
		_ = unrendered.Set("freshness", nil)
		if t.Freshness != nil {
			_ = unrendered.Set("freshness", freshnessValue(t.Freshness))
		}
	}
	d := template.NewDict(item("database", noneIfEmpty(n.Relation.Database)), item("schema", noneIfEmpty(n.Relation.Schema)))
	d.Add(identity(n)...)
	quoting := template.NewDict(item("database", nil), item("schema", nil), item("identifier", nil), item("column", nil))
	quoting.Update(dictOrEmpty(t.Quoting))
	d.Add(
		item("source_name", t.SourceName),
		item("source_description", t.SourceDescription),
		item("loader", t.Loader),
		item("identifier", n.Relation.Identifier),
		item("quoting", quoting),
		item("loaded_at_field", noneIfEmpty(t.LoadedAt)),
		item("loaded_at_query", noneIfEmpty(t.LoadedAtQuery)),
		item("freshness", freshness),
		item("external", t.External),
		item("description", n.Description),
		item("columns", columnsValue(n.Columns)),
		item("meta", dictOrEmpty(n.Meta)),
		item("source_meta", dictOrEmpty(t.SourceMeta)),
		item("tags", listOf(n.Tags)),
		item("config", config),
		item("patch_path", nil),
		item("unrendered_config", unrendered),
		item("relation_name", relationName(n)),
		item("created_at", int64(0)),
		item("unrendered_database", noneIfEmpty(t.RawDatabase)),
		item("unrendered_schema", noneIfEmpty(t.RawSchema)),
		item("doc_blocks", listOf(n.DocBlocks)),
	)
	return d
}

// freshnessValue is the thresholds of a source with every key dbt writes.
func freshnessValue(given *template.Dict) *template.Dict {
	none := func() *template.Dict { return template.NewDict(item("count", nil), item("period", nil)) }
	out := template.NewDict(item("warn_after", none()), item("error_after", none()), item("filter", nil))
	if given == nil {
		return out
	}
	for _, one := range given.Items() {
		name, _ := one.Key.(string)
		if d, ok := one.Value.(*template.Dict); ok {
			before, _ := out.Get(name)
			_ = out.Set(name, over(before, d))
			continue
		}
		if one.Value != nil {
			_ = out.Set(name, one.Value)
		}
	}
	return out
}

// exposureValue is an exposure.
func exposureValue(n *project.Node) *template.Dict {
	e := n.Exposure
	d := template.NewDict(identity(n)...)
	d.Add(
		item("type", e.Kind),
		item("owner", template.NewDict(item("email", noneIfEmpty(e.OwnerEmail)), item("name", noneIfEmpty(e.OwnerName)))),
		item("description", n.Description),
		item("label", noneIfEmpty(e.Label)),
		item("maturity", noneIfEmpty(e.Maturity)),
		item("meta", dictOrEmpty(n.Meta)),
		item("tags", listOf(n.Tags)),
		item("config", ConfigValue(n)),
		item("unrendered_config", n.Unrendered()),
		item("url", noneIfEmpty(e.URL)),
		item("depends_on", dependsOn(n)),
		item("refs", refsValue(n.Refs)),
		item("sources", sourcesValue(n.Sources)),
		item("metrics", metricsValue(n.Metrics)),
		item("created_at", int64(0)),
	)
	return d
}
