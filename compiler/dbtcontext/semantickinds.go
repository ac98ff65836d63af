package dbtcontext

import (
	"fmt"

	"elt/compiler/project"
	"elt/compiler/template"
)

// MetricHost is a [Host] that wants to know which metrics a template names.
type MetricHost interface {
	// Metric takes a call of metric().
	Metric(call project.MetricCall)
}

// metric is metric([package,] name): it prints the metric's name and makes an edge to it.
func (s *Scope) metric(c *template.Call) (template.Value, error) {
	if len(c.Kwargs) > 0 || len(c.Args) < 1 || len(c.Args) > 2 {
		return nil, fmt.Errorf("metric() takes a name, or a package and a name")
	}
	call := project.MetricCall{Place: c.Place}
	for i, v := range c.Args {
		text, ok := v.(string)
		switch {
		case !ok:
			return nil, template.TypeErrorf("the name of a metric must be a string, not %s", template.Repr(v))
		case i < len(c.Args)-1:
			call.Package = text
		default:
			call.Name = text
		}
	}
	if host, ok := s.host.(MetricHost); ok {
		host.Metric(call)
	}
	return call.Name, nil
}

func metricsValue(calls []project.MetricCall) *template.List {
	out := template.NewList()
	for _, c := range calls {
		one := template.NewList()
		if c.Package != "" {
			one.Elems = append(one.Elems, c.Package)
		}
		one.Elems = append(one.Elems, c.Name)
		out.Elems = append(out.Elems, one)
	}
	return out
}

// putAll puts items, and putBody keys of what a node of the semantic layer says.
func putAll(put func(string, template.Value), items ...template.Item) {
	for _, it := range items {
		if key, ok := it.Key.(string); ok {
			put(key, it.Value)
		}
	}
}

func putBody(n *project.Node, put func(string, template.Value), keys ...string) {
	for _, key := range keys {
		v, _ := n.Semantic.Body.Get(key)
		put(key, v)
	}
}

// putDeclared puts what every node of the semantic layer has after what is its own.
func putDeclared(n *project.Node, put func(string, template.Value)) {
	put("config", configRecord(n))
	put("unrendered_config", n.Unrendered())
	put("group", noneIfEmpty(n.Group))
	put("depends_on", record(func(put func(string, template.Value)) {
		put("macros", texts(nil))
		put("nodes", texts(n.DependsOn))
	}))
	put("created_at", int64(0))
	put("refs", refsValue(n.Refs))
}

// metricRecord is a metric.
func metricRecord(n *project.Node) record {
	return func(put func(string, template.Value)) {
		putAll(put, identity(n)...)
		put("description", n.Description)
		putBody(n, put, "label", "type", "type_params", "filter", "metadata", "time_granularity")
		put("meta", orEmpty(n.Meta))
		put("tags", texts(n.Tags))
		put("sources", texts(nil))
		put("metrics", texts(nil))
		putDeclared(n, put)
	}
}

// semanticModelRecord is a semantic model.
func semanticModelRecord(n *project.Node) record {
	return func(put func(string, template.Value)) {
		putAll(put, identity(n)...)
		putBody(n, put, "model", "node_relation")
		if n.Semantic.OfModel {
			put("description", n.Description)
		} else {
			put("description", noneIfEmpty(n.Description))
		}
		putBody(n, put, "label", "defaults", "entities", "measures", "dimensions", "metadata", "primary_entity")
		putDeclared(n, put)
	}
}

// savedQueryRecord is a saved query.
func savedQueryRecord(n *project.Node) record {
	return func(put func(string, template.Value)) {
		putAll(put, identity(n)...)
		putBody(n, put, "query_params", "exports")
		put("description", noneIfEmpty(n.Description))
		putBody(n, put, "label", "metadata")
		putDeclared(n, put)
		put("tags", texts(n.Tags))
	}
}

// timeSpineValue is time_spine of a model with every key that dbt writes.
func timeSpineValue(v template.Value) template.Value {
	given, ok := v.(*template.Dict)
	if !ok {
		return nil
	}
	column, _ := given.Get("standard_granularity_column")
	own := template.NewList()
	listed, _ := given.Get("custom_granularities")
	if list, ok := listed.(*template.List); ok {
		for _, e := range list.Elems {
			d, _ := e.(*template.Dict)
			name, _ := d.Get("name")
			columnName, _ := d.Get("column_name")
			own.Elems = append(own.Elems, template.NewRecord(item("name", name), item("column_name", columnName)))
		}
	}
	return template.NewRecord(item("standard_granularity_column", column), item("custom_granularities", own))
}
