package artifact

import (
	"io"

	"elt/compiler"
	"elt/compiler/dbtcontext"
	"elt/compiler/project"
	"elt/compiler/template"
)

// The keys of semantic_manifest.json, as metricflow_semantic_interfaces 0.213 writes them. A key that a
// mapping of the manifest lacks is null.
var (
	semanticModelKeys = []string{"name", "defaults", "description", "node_relation", "primary_entity", "entities", "measures",
		"dimensions", "label", "metadata", "config"}
	metricKeys  = []string{"name", "description", "type", "type_params", "filter", "metadata", "label", "config", "time_granularity", "datatype"}
	elementKeys = map[string][]string{
		"entities": {"name", "description", "type", "role", "expr", "metadata", "label", "config"},
		"measures": {"name", "agg", "description", "create_metric", "expr", "agg_params", "metadata", "non_additive_dimension",
			"agg_time_dimension", "label", "config"},
		"dimensions": {"name", "description", "type", "is_partition", "type_params", "expr", "metadata", "label", "config", "datatype"},
	}
	metricParamKeys = []string{"measure", "numerator", "denominator", "expr", "window", "grain_to_date", "metrics",
		"conversion_type_params", "cumulative_type_params", "input_measures", "metric_aggregation_params", "join_to_timespine", "fill_nulls_with", "is_private"}
	savedQueryKeys = []string{"name", "query_params", "description", "metadata", "label", "exports", "tags"}
	queryKeys      = []string{"metrics", "group_by", "order_by", "limit", "where"}
)

// SemanticManifest writes semantic_manifest.json, which MetricFlow reads: the semantic layer
// of a project, as dbt-core 1.12 writes it.
func SemanticManifest(w io.Writer, plan *compiler.Plan) error {
	parts := map[project.ResourceType]*template.List{project.SemanticModel: template.NewList(),
		project.Metric: template.NewList(), project.SavedQuery: template.NewList()}
	for _, node := range plan.Semantics() {
		list := parts[node.Type]
		list.Elems = append(list.Elems, semanticNode(node))
	}
	out := template.NewRecord(
		template.Item{Key: "semantic_models", Value: parts[project.SemanticModel]},
		template.Item{Key: "metrics", Value: parts[project.Metric]},
		template.Item{Key: "project_configuration", Value: template.NewRecord(
			template.Item{Key: "time_spine_table_configurations", Value: legacySpine(plan)},
			template.Item{Key: "metadata"},
			template.Item{Key: "dsi_package_version", Value: template.NewRecord(template.Item{Key: "major_version", Value: "0"},
				template.Item{Key: "minor_version", Value: "213"}, template.Item{Key: "patch_version", Value: "0"})},
			template.Item{Key: "time_spines", Value: timeSpines(plan)})},
		template.Item{Key: "saved_queries", Value: parts[project.SavedQuery]})
	text, err := template.ToJSON(out, false)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}

// semanticNode is a node as MetricFlow wants it.
func semanticNode(node *project.Node) *template.Dict {
	all := dbtcontext.GraphValue(node)
	switch node.Type {
	case project.SemanticModel:
		out := keep(all, semanticModelKeys)
		for part, keys := range elementKeys {
			change(out, part, each(func(d *template.Dict) template.Value { return keep(d, keys) }))
		}
		change(out, "config", metaAlone)
		return out
	case project.Metric:
		out := keep(all, metricKeys)
		change(out, "config", metaAlone)
		change(out, "type_params", inside(func(d *template.Dict) template.Value {
			params := keep(d, metricParamKeys)
			change(params, "cumulative_type_params", inside(func(d *template.Dict) template.Value {
				return keep(d, []string{"window", "grain_to_date", "period_agg", "metric"})
			}))
			return params
		}))
		return out
	}
	out := keep(all, savedQueryKeys)
	change(out, "query_params", inside(func(d *template.Dict) template.Value { return keep(d, queryKeys) }))
	change(out, "exports", each(func(d *template.Dict) template.Value {
		export := keep(d, []string{"name", "config"})
		change(export, "config", inside(func(d *template.Dict) template.Value {
			return keep(d, []string{"export_as", "schema_name", "alias"})
		}))
		return export
	}))
	return out
}

// keep is a mapping of some keys of another.
func keep(d *template.Dict, keys []string) *template.Dict {
	out := template.NewRecord()
	for _, key := range keys {
		v, _ := d.Get(key)
		out.AddNew(template.Item{Key: key, Value: v})
	}
	return out
}

// change replaces the value of a key.
func change(d *template.Dict, key string, by func(template.Value) template.Value) {
	v, _ := d.Get(key)
	_ = d.Set(key, by(v)) // a text is always a key
}

// inside applies a function to a mapping, and leaves null as it is.
func inside(by func(*template.Dict) template.Value) func(template.Value) template.Value {
	return func(v template.Value) template.Value {
		if d, ok := v.(*template.Dict); ok {
			return by(d)
		}
		return v
	}
}

// each applies a function to the mappings in a list.
func each(by func(*template.Dict) template.Value) func(template.Value) template.Value {
	return func(v template.Value) template.Value {
		out := template.NewList()
		list, _ := v.(*template.List)
		for _, e := range list.Elems {
			out.Elems = append(out.Elems, inside(by)(e))
		}
		return out
	}
}

// metaAlone is a config of which MetricFlow reads meta only.
func metaAlone(v template.Value) template.Value {
	return inside(func(d *template.Dict) template.Value { return keep(d, []string{"meta"}) })(v)
}

// timeSpines are the models with a time_spine, in plan order.
func timeSpines(plan *compiler.Plan) *template.List {
	out := template.NewList()
	for _, id := range plan.Order {
		node := plan.Nodes[id]
		spine, ok := node.TimeSpine.(*template.Dict)
		if !ok || node.Type != project.Model {
			continue
		}
		primary, _ := spine.Get("standard_granularity_column")
		var grain template.Value
		for _, c := range node.Columns {
			if c.Name == primary && c.Granularity != "" {
				grain = c.Granularity
			}
		}
		written, _ := dbtcontext.GraphValue(node).Get("time_spine")
		own, _ := written.(*template.Dict).Get("custom_granularities")
		out.Elems = append(out.Elems, template.NewRecord(
			template.Item{Key: "node_relation", Value: nodeRelation(node)},
			template.Item{Key: "primary_column", Value: template.NewRecord(
				template.Item{Key: "name", Value: primary}, template.Item{Key: "time_granularity", Value: grain})},
			template.Item{Key: "custom_granularities", Value: own}))
	}
	return out
}

func nodeRelation(node *project.Node) *template.Dict {
	return template.NewRecord(template.Item{Key: "alias", Value: node.Relation.Identifier},
		template.Item{Key: "schema_name", Value: node.Relation.Schema}, template.Item{Key: "database", Value: node.Relation.Database},
		template.Item{Key: "relation_name", Value: node.Written})
}

// legacySpine is the model metricflow_time_spine, which was the one time spine before
// models could say that they are one.
func legacySpine(plan *compiler.Plan) *template.List {
	out := template.NewList()
	semantic := false
	for _, node := range plan.Semantics() {
		semantic = semantic || node.Type == project.SemanticModel
	}
	for _, id := range plan.Order {
		node := plan.Nodes[id]
		if semantic && node.Type == project.Model && node.Name == "metricflow_time_spine" && node.TimeSpine == nil {
			out.Elems = append(out.Elems, template.NewRecord(template.Item{Key: "location", Value: node.Written},
				template.Item{Key: "column_name", Value: "date_day"}, template.Item{Key: "grain", Value: "day"}))
		}
	}
	return out
}
