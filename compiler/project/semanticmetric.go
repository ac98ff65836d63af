package project

import (
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// newMetric reads a metric without type_params, as dbt has them since 1.12: in the entry of a
// model, with the semantic model that it is, or, where both are nil, on its own.
func (f *propertyFile) newMetric(c cursor, model *Patch, semantic *SemanticPatch) {
	name, ok := f.rendered().name(c, "name", "a metric")
	if !ok {
		return
	}
	p := &SemanticPatch{Type: Metric, Name: name, Place: c.get("name").place(), Path: f.entry.original(), RelPath: f.entry.rel,
		unwrapped: true}
	if model != nil {
		p.under = model.Name
	}
	p.Description, _ = f.description(c)
	said := f.shaped(c, ownMetric, "name", "description", "config")
	p.Config = f.config(c, Metric)
	get := func(key string) template.Value { v, _ := said.Get(key); return v }
	kind := stringAt(said, "type")
	p.Body = shapedName(metricShape, "")
	for _, key := range []string{"type", "filter", "time_granularity"} {
		dictSet(p.Body, key, get(key))
	}
	dictSet(p.Body, "label", either(get("label"), name))
	params := shapedName(metricParams, "")
	dictSet(p.Body, "type_params", params)
	for _, key := range []string{"numerator", "denominator", "expr", "join_to_timespine"} {
		dictSet(params, key, get(key))
	}
	dictSet(params, "metrics", get("input_metrics"))
	dictSet(params, "is_private", get("hidden"))
	switch kind {
	case "simple":
		f.needs(c, name, kind, said, "agg")
	case "ratio":
		f.needs(c, name, kind, said, "numerator", "denominator")
	case "cumulative":
		f.needs(c, name, kind, said, "input_metric")
		dictSet(params, "cumulative_type_params", template.NewRecord(template.Item{Key: "window", Value: get("window")},
			template.Item{Key: "grain_to_date", Value: get("grain_to_date")}, template.Item{Key: "period_agg", Value: get("period_agg")},
			template.Item{Key: "metric", Value: get("input_metric")}))
	case "conversion":
		f.needs(c, name, kind, said, "base_metric", "conversion_metric", "entity")
		own := shapedName(conversionParams, "")
		for _, key := range []string{"entity", "calculation", "window", "constant_properties", "base_metric", "conversion_metric"} {
			dictSet(own, key, get(key))
		}
		dictSet(params, "conversion_type_params", own)
	}
	if agg := get("agg"); agg != nil {
		if semantic == nil || kind != "simple" {
			f.add(diag.New(diag.WrongType, c.get("agg").place(), "the metric %q has %q, which simple metrics of a model with semantic_model: have", name, "agg").
				WithHint("write it under metrics: of the model"))
			return
		}
		dictSet(params, "metric_aggregation_params", aggregated(said, semantic))
	}
	f.patches.Semantics = append(f.patches.Semantics, p)
}

// needs reports keys that a metric of its type cannot do without.
func (f *propertyFile) needs(c cursor, name, kind string, said *template.Dict, keys ...string) {
	for _, key := range keys {
		if v, _ := said.Get(key); v == nil {
			f.add(diag.New(diag.WrongType, c.get("name").place(), "the metric %q is of type %q and has no %q", name, kind, key))
		}
	}
}

// aggregated is how a simple metric makes one value of many.
func aggregated(said *template.Dict, semantic *SemanticPatch) *template.Dict {
	defaults, _ := semantic.Body.Get("defaults")
	timeDimension, _ := defaults.(*template.Dict).Get("agg_time_dimension")
	get := func(key string) template.Value { v, _ := said.Get(key); return v }
	kind := strings.ToLower(stringAt(said, "percentile_type"))
	var additive template.Value
	if d, ok := get("non_additive_dimension").(*template.Dict); ok {
		choice, _ := d.Get("window_agg")
		groups, _ := d.Get("group_by")
		additive = template.NewRecord(template.Item{Key: "name", Value: stringAt(d, "name")},
			template.Item{Key: "window_choice", Value: choice}, template.Item{Key: "window_groupings", Value: groups})
	}
	return template.NewRecord(template.Item{Key: "semantic_model", Value: semantic.Name}, template.Item{Key: "agg", Value: get("agg")},
		template.Item{Key: "agg_params", Value: template.NewRecord(template.Item{Key: "percentile", Value: get("percentile")},
			template.Item{Key: "use_discrete_percentile", Value: kind == "discrete"},
			template.Item{Key: "use_approximate_percentile", Value: kind == "continuous"})},
		template.Item{Key: "agg_time_dimension", Value: either(get("agg_time_dimension"), timeDimension)},
		template.Item{Key: "non_additive_dimension", Value: additive})
}

func either(v, otherwise template.Value) template.Value {
	if v != nil {
		return v
	}
	return otherwise
}
