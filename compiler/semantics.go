package compiler

import (
	"context"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// semantics are the metrics, semantic models and saved queries of a plan by what names them.
type semantics struct {
	metrics  map[string][]*project.Node
	measures map[string][]*project.Node // semantic models by the measures they have
	off      map[string]*project.Node   // disabled ones: metrics by name, semantic models by "measure NAME"
}

// Semantics returns the metrics, semantic models and saved queries of the plan, in the order
// in which they are declared.
func (p *Plan) Semantics() []*project.Node { return p.semantics }

// dataParents are the nodes whose data a node shows: of an exposure that names metrics, the
// models that they measure. A query that names a metric reads nothing by it.
func (p *Plan) dataParents(node *project.Node) []string {
	var out []string
	seen := map[string]bool{}
	for todo := slices.Clone(node.DependsOn); len(todo) > 0; todo = todo[1:] {
		parent := p.Nodes[todo[0]]
		switch {
		case seen[todo[0]]:
		case parent == nil || !parent.Type.IsSemantic():
			out = append(out, todo[0])
		case node.Type == project.Exposure:
			todo = append(todo, parent.DependsOn...)
		}
		seen[todo[0]] = true
	}
	return out
}

// semanticLayer turns what metrics, saved queries, models and exposures name into edges, as
// dbt does after all other references, and puts into metrics and semantic models what only
// other nodes tell. nodes are those of the plan.
func (p *parser) semanticLayer(ctx context.Context, nodes []*project.Node) {
	s := p.gatherSemantics(nodes)
	done := map[*project.Node]bool{}
	for _, node := range nodes {
		switch node.Type {
		case project.Metric:
			p.linkMetric(s, node, done)
		case project.SemanticModel:
			p.placeModel(node)
		case project.SavedQuery:
			p.nameExports(ctx, node)
		}
	}
	for _, node := range nodes {
		for _, call := range node.Metrics {
			metric, d := s.metric(call, node.Package, p.plan.Project.Name)
			p.edge(node, metric, d, call.Place)
		}
	}
	p.wantTimeSpine(nodes)
	for _, node := range p.found {
		if node.Type.IsSemantic() && p.plan.Nodes[node.UniqueID] == node {
			p.plan.semantics = append(p.plan.semantics, node)
		}
	}
}

func (p *parser) gatherSemantics(nodes []*project.Node) *semantics {
	s := &semantics{metrics: map[string][]*project.Node{}, measures: map[string][]*project.Node{}, off: map[string]*project.Node{}}
	for _, node := range nodes {
		switch node.Type {
		case project.Metric:
			s.metrics[node.Name] = append(s.metrics[node.Name], node)
		case project.SemanticModel:
			for _, name := range measureNames(node) {
				s.measures[name] = append(s.measures[name], node)
			}
		}
	}
	for _, node := range p.plan.Disabled {
		switch node.Type {
		case project.Metric:
			s.off[node.Name] = node
		case project.SemanticModel:
			for _, name := range measureNames(node) {
				s.off["measure "+name] = node
			}
		}
	}
	return s
}

// linkMetric sets what a metric depends on and its input measures, those of the metrics it
// is made of included.
func (p *parser) linkMetric(s *semantics, node *project.Node, done map[*project.Node]bool) {
	if done[node] {
		return // or it is under way: then the graph has a cycle, which is reported there
	}
	done[node] = true
	params := dictAt(node.Semantic.Body, "type_params")
	if params == nil {
		return // reported when it was read
	}
	var measures []template.Value
	kind, _ := node.Semantic.Body.Get("type")
	switch kind {
	case "simple", "cumulative":
		if p.linkWithoutMeasure(s, node, params, done) {
			return
		}
		measures = p.needed(node, params, "measure")
	case "conversion":
		conversion := dictAt(params, "conversion_type_params")
		if conversion == nil {
			p.needed(node, params, "conversion_type_params")
			return
		}
		if base, _ := conversion.Get("base_metric"); base != nil {
			other, _ := conversion.Get("conversion_metric")
			p.linkInputs(s, node, []template.Value{base, other}, done)
			return
		}
		measures = append(p.needed(node, conversion, "base_measure"), p.needed(node, conversion, "conversion_measure")...)
	case "ratio":
		measures = p.linkInputs(s, node, append(p.needed(node, params, "numerator"), p.needed(node, params, "denominator")...), done)
	case "derived":
		inputs, _ := params.Get("metrics")
		list, _ := inputs.(*template.List)
		measures = p.linkInputs(s, node, list.Elems, done)
	}
	inputs := template.NewList()
	for _, measure := range measures {
		if nameIn(measure) == "" {
			continue // reported when it was read
		}
		if !slices.ContainsFunc(inputs.Elems, func(have template.Value) bool { return template.Equal(have, measure) }) {
			inputs.Elems = append(inputs.Elems, measure)
		}
	}
	_ = params.Set("input_measures", inputs)
	if kind == "ratio" || kind == "derived" {
		return
	}
	for _, measure := range inputs.Elems {
		model, d := s.measure(nameIn(measure), node, p.plan.Project.Name)
		p.edge(node, model, d, node.Place)
	}
}

// linkWithoutMeasure makes the edges of a simple or cumulative metric that has no measure, as
// dbt has them since 1.12: to its semantic model, or to the metric that it sums up. It reports whether it
// is one.
func (p *parser) linkWithoutMeasure(s *semantics, node *project.Node, params *template.Dict, done map[*project.Node]bool) bool {
	if own := dictAt(params, "metric_aggregation_params"); own != nil {
		name, _ := own.Get("semantic_model")
		id := "semantic_model." + node.Package + "." + template.Str(name)
		model := p.plan.Nodes[id]
		var d *diag.Diagnostic
		if model == nil {
			d = diag.New(diag.UnknownRef, node.Place, "the metric %q is one of the semantic model %q, which is disabled", node.Name, template.Str(name)).
				WithHint("disable the metric too, or enable the semantic model")
		}
		p.edge(node, model, d, node.Place)
		return true
	}
	if own := dictAt(params, "cumulative_type_params"); own != nil {
		if input, _ := own.Get("metric"); input != nil {
			p.linkInputs(s, node, []template.Value{input}, done)
			return true
		}
	}
	return false
}

// linkInputs makes edges to the metrics that a metric is made of, and returns their measures.
func (p *parser) linkInputs(s *semantics, node *project.Node, inputs []template.Value, done map[*project.Node]bool) []template.Value {
	var measures []template.Value
	for _, input := range inputs {
		if nameIn(input) == "" {
			continue
		}
		metric, d := s.metric(project.MetricCall{Name: nameIn(input), Place: node.Place}, node.Package, p.plan.Project.Name)
		p.edge(node, metric, d, node.Place)
		if metric == nil {
			continue
		}
		p.linkMetric(s, metric, done)
		found, _ := dictAt(metric.Semantic.Body, "type_params").Get("input_measures")
		if list, ok := found.(*template.List); ok {
			measures = append(measures, list.Elems...)
		}
	}
	return measures
}

// needed is a parameter without which a metric of its type means nothing, alone in a list.
func (p *parser) needed(node *project.Node, params *template.Dict, key string) []template.Value {
	if v, _ := params.Get(key); v != nil {
		return []template.Value{v}
	}
	if node.Semantic.Unwrapped {
		return nil // reported when it was read
	}
	kind, _ := node.Semantic.Body.Get("type")
	d := diag.New(diag.WrongType, node.Place, "the metric %q is of type %q and has no %q", node.Name, template.Str(kind), key).
		WithHint("it stands under type_params:")
	d.Node = node.UniqueID
	p.report(d)
	return nil
}

// placeModel says in a semantic model where its model is.
func (p *parser) placeModel(node *project.Node) {
	for _, id := range node.DependsOn {
		model := p.plan.Nodes[id]
		if model == nil || !model.IsRefable() {
			continue
		}
		var written template.Value
		if !model.IsEphemeral() {
			written = model.Written
		}
		_ = node.Semantic.Body.Set("node_relation", template.NewRecord(
			template.Item{Key: "alias", Value: model.Relation.Identifier}, template.Item{Key: "schema_name", Value: model.Relation.Schema},
			template.Item{Key: "database", Value: model.Relation.Database}, template.Item{Key: "relation_name", Value: written}))
	}
}

// nameExports names the relations of a saved query's exports, as dbt does: by the macros
// that name relations where the export says nothing.
func (p *parser) nameExports(ctx context.Context, node *project.Node) {
	v, _ := node.Semantic.Body.Get("exports")
	list, _ := v.(*template.List)
	custom := p.customNaming(node.Package)
	for _, e := range list.Elems {
		export, ok := e.(*template.Dict)
		if !ok {
			continue
		}
		written := dictAt(export, "config")
		config := project.NewConfig() // dbt does not look for a schema here
		for _, key := range []string{"alias", "database"} {
			v, _ := written.Get(key)
			config.Set(key, project.ConfigValue{Value: v})
		}
		named := &project.Node{UniqueID: node.UniqueID, Type: project.SavedQuery, Name: nameIn(export), Package: node.Package,
			Config: config, Semantic: node.Semantic, Place: node.Place, Source: node.Source}
		p.nameRelation(ctx, named, custom)
		inherit := func(keys ...string) template.Value {
			for _, key := range keys {
				if v, _ := written.Get(key); v != nil {
					return v
				}
				if v, _ := node.Config.Get(key); v.Value != nil {
					return v.Value
				}
			}
			return nil
		}
		_ = export.Set("config", template.NewRecord(
			template.Item{Key: "export_as", Value: inherit("export_as")},
			template.Item{Key: "schema_name", Value: either(inherit("schema_name", "schema"), named.Relation.Schema)},
			template.Item{Key: "alias", Value: either(inherit("alias"), named.Relation.Identifier)},
			template.Item{Key: "database", Value: named.Relation.Database}))
		_ = export.Set("unrendered_config", written)
	}
}

func either(v template.Value, text string) template.Value {
	if v != nil {
		return v
	}
	return text
}

// wantTimeSpine warns of semantic models without a time spine: MetricFlow joins every
// metric with one, and dbt reads no project that has none.
func (p *parser) wantTimeSpine(nodes []*project.Node) {
	var first *project.Node
	for _, node := range nodes {
		switch {
		case node.Type == project.SemanticModel && first == nil:
			first = node
		case node.Type == project.Model && (node.Name == "metricflow_time_spine" || dailySpine(node)):
			return
		}
	}
	if first == nil {
		return
	}
	p.report(diag.Warn(diag.UnknownNode, first.Place, "no model is a time spine of days or less, which semantic models need").
		WithEvent("SemanticValidationFailure").
		WithHint("give a model with a row a day time_spine: {standard_granularity_column: ...}, and that column a granularity"))
}

// dailySpine reports whether a model is a time spine with a granularity of a day or less.
func dailySpine(node *project.Node) bool {
	spine, ok := node.TimeSpine.(*template.Dict)
	if !ok {
		return false
	}
	column, _ := spine.Get("standard_granularity_column")
	for _, c := range node.Columns {
		if c.Name == column {
			return slices.Contains([]string{"nanosecond", "microsecond", "millisecond", "second", "minute", "hour", "day"}, strings.ToLower(c.Granularity))
		}
	}
	return false
}
