package project

import "elt/compiler/template"

// The words of the semantic layer, as dbt_semantic_interfaces 0.9 knows them.
var (
	timeGrains = []string{"nanosecond", "microsecond", "millisecond", "second", "minute", "hour", "day", "week", "month",
		"quarter", "year"}
	metricTypes    = []string{"simple", "ratio", "cumulative", "derived", "conversion"}
	aggregations   = []string{"sum", "min", "max", "count_distinct", "sum_boolean", "average", "percentile", "median", "count"}
	entityTypes    = []string{"foreign", "natural", "primary", "unique"}
	dimensionTypes = []string{"categorical", "time"}
)

// The shapes of metrics, in the order of dbt's manifest v12.
var (
	measureInput = &shape{"an input measure", []field{{key: "name", read: textOf, needed: true}, {key: "filter", read: filterOf},
		{key: "alias", read: textOf}, {key: "join_to_timespine", read: flagOf, absent: notSet}, {key: "fill_nulls_with", read: wholeOf}}}
	metricInput = &shape{"an input metric", []field{{key: "name", read: textOf, needed: true}, {key: "filter", read: filterOf},
		{key: "alias", read: textOf}, {key: "offset_window", read: windowOf}, {key: "offset_to_grain", read: textOf}}}
	constantProperty = &shape{"a constant property", []field{{key: "base_property", read: textOf, needed: true},
		{key: "conversion_property", read: textOf, needed: true}}}
	conversionParams = &shape{"conversion_type_params", []field{{key: "base_measure", read: named(measureInput), needed: true},
		{key: "conversion_measure", read: named(measureInput), needed: true}, {key: "entity", read: textOf, needed: true},
		{key: "calculation", read: oneOf("conversions", "conversion_rate"), absent: func() template.Value { return "conversion_rate" }},
		{key: "window", read: windowOf}, {key: "constant_properties", read: listed(nested(constantProperty))},
		{key: "base_metric"}, {key: "conversion_metric"}}}
	cumulativeParams = &shape{"cumulative_type_params", []field{{key: "window", read: windowOf}, {key: "grain_to_date", read: textOf},
		{key: "period_agg", read: oneOf("first", "last", "average"), absent: func() template.Value { return "first" }}, {key: "metric"}}}
	metricParams = &shape{"type_params", []field{{key: "measure", read: named(measureInput)}, {key: "input_measures", absent: noItems},
		{key: "numerator", read: named(metricInput)}, {key: "denominator", read: named(metricInput)}, {key: "expr", read: expression},
		{key: "window", read: windowOf}, {key: "grain_to_date", read: oneOf(timeGrains...)},
		{key: "metrics", read: listed(named(metricInput)), absent: noItems},
		{key: "conversion_type_params", read: nested(conversionParams)},
		{key: "cumulative_type_params", read: nested(cumulativeParams)}, {key: "metric_aggregation_params"},
		{key: "fill_nulls_with"}, {key: "join_to_timespine", absent: notSet}, {key: "is_private"}}}
	metricShape = &shape{"a metric", []field{{key: "label", read: textOf, needed: true},
		{key: "type", read: oneOf(metricTypes...), needed: true}, {key: "type_params", read: nested(metricParams), needed: true},
		{key: "filter", read: filterOf}, {key: "metadata"}, {key: "time_granularity", read: textOf}}}
)

// The shapes of semantic models.
var (
	modelDefaults  = &shape{"defaults", []field{{key: "agg_time_dimension", read: textOf}}}
	validityParams = &shape{"validity_params", []field{{key: "is_start", read: flagOf, absent: notSet},
		{key: "is_end", read: flagOf, absent: notSet}}}
	dimensionParams = &shape{"type_params", []field{{key: "time_granularity", read: oneOf(timeGrains...), needed: true},
		{key: "validity_params", read: nested(validityParams)}}}
	noMeta = func() template.Value {
		return template.NewRecord(template.Item{Key: "meta", Value: template.NewDict()})
	}
	entityShape = &shape{"an entity", []field{{key: "name", read: textOf, needed: true}, {key: "type", read: oneOf(entityTypes...), needed: true},
		{key: "description", read: rawText}, {key: "label", read: textOf}, {key: "role", read: textOf}, {key: "expr", read: textOf},
		{key: "config", read: elementConfig, absent: noMeta}}}
	dimensionShape = &shape{"a dimension", []field{{key: "name", read: textOf, needed: true}, {key: "type", read: oneOf(dimensionTypes...), needed: true},
		{key: "description", read: rawText}, {key: "label", read: textOf}, {key: "is_partition", read: flagOf, absent: notSet},
		{key: "type_params", read: nested(dimensionParams)}, {key: "expr", read: textOf}, {key: "metadata"},
		{key: "config", read: elementConfig, absent: noMeta}, {key: "datatype"}}}
	aggregationParams = &shape{"agg_params", []field{{key: "percentile", read: numberOf},
		{key: "use_discrete_percentile", read: flagOf, absent: notSet}, {key: "use_approximate_percentile", read: flagOf, absent: notSet}}}
	nonAdditive = &shape{"non_additive_dimension", []field{{key: "name", read: textOf, needed: true},
		{key: "window_choice", read: oneOf(aggregations...), needed: true}, {key: "window_groupings", read: textsOf, absent: noItems}}}
	measureShape = &shape{"a measure", []field{{key: "name", read: textOf, needed: true}, {key: "agg", read: oneOf(aggregations...), needed: true},
		{key: "description", read: rawText}, {key: "label", read: textOf}, {key: "create_metric", read: flagOf, absent: notSet},
		{key: "expr", read: expression}, {key: "agg_params", read: nested(aggregationParams)},
		{key: "non_additive_dimension", read: nested(nonAdditive)}, {key: "agg_time_dimension", read: textOf},
		{key: "config", read: elementConfig, absent: noMeta}}}
	semanticModelShape = &shape{"a semantic model", []field{{key: "model", read: textOf, needed: true}, {key: "node_relation"},
		{key: "label", read: textOf}, {key: "defaults", read: nested(modelDefaults)},
		{key: "entities", read: listed(nested(entityShape)), absent: noItems},
		{key: "measures", read: listed(nested(measureShape)), absent: noItems},
		{key: "dimensions", read: listed(nested(dimensionShape)), absent: noItems}, {key: "metadata"}, {key: "primary_entity", read: textOf}}}
)

// The shapes of saved queries.
var (
	queryParams = &shape{"query_params", []field{{key: "metrics", read: textsOf, absent: noItems}, {key: "group_by", read: textsOf, absent: noItems},
		{key: "where", read: filterOf}, {key: "order_by", read: textsOf, absent: noItems}, {key: "limit", read: wholeOf}}}
	exportShape     = &shape{"an export", []field{{key: "name", read: textOf, needed: true}, {key: "config", read: exportConfig, absent: noConfig}}}
	savedQueryShape = &shape{"a saved query", []field{{key: "query_params", read: nested(queryParams), needed: true},
		{key: "exports", read: listed(nested(exportShape)), absent: noItems}, {key: "label", read: textOf}, {key: "metadata"}}}
)

func noConfig() template.Value { return template.NewDict() }

var exportKeys = keySet("export_as", "schema", "schema_name", "alias", "database")

// exportConfig is config: of an export, as it is written.
func exportConfig(f *propertyFile, c cursor, key string) template.Value {
	f.knownKeys(c, exportKeys, "config: of an export")
	if as := c.get("export_as"); !as.isNull() {
		oneOf("table", "view", "cache")(f, as, "export_as")
	}
	if d := f.rendered().mapping(c, key); d != nil {
		return d
	}
	return noConfig()
}
