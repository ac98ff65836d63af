package compiler

import (
	"maps"
	"slices"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// metric resolves the name of a metric that is used in package from: its own package's
// first, then the root project's, then any.
func (s *semantics) metric(call project.MetricCall, from, root string) (*project.Node, *diag.Diagnostic) {
	var found []*project.Node
	for _, node := range s.metrics[call.Name] {
		if call.Package == "" || call.Package == node.Package {
			found = append(found, node)
		}
	}
	if node := preferred(found, from, root); node != nil {
		return node, nil
	}
	if off := s.off[call.Name]; off != nil && (call.Package == "" || call.Package == off.Package) {
		return nil, disabledRef(off, call.Place, call.Name)
	}
	d := diag.New(diag.UnknownRef, call.Place, "no metric is named %q", call.Name)
	if near := diag.Suggest(call.Name, slices.Sorted(maps.Keys(s.metrics))); near != "" {
		return nil, d.WithHint("did you mean %q?", near)
	}
	if len(s.measures[call.Name]) > 0 {
		return nil, d.WithHint("it is a measure: give it create_metric: true, or declare a metric of it under metrics:")
	}
	return nil, d.WithHint("declare it in a property file under metrics:")
}

// measure finds the semantic model that has a measure.
func (s *semantics) measure(name string, metric *project.Node, root string) (*project.Node, *diag.Diagnostic) {
	if node := preferred(s.measures[name], metric.Package, root); node != nil {
		return node, nil
	}
	d := diag.New(diag.UnknownRef, metric.Place, "the metric %q uses the measure %q, which no semantic model has", metric.Name, name)
	if off := s.off["measure "+name]; off != nil {
		return nil, d.WithNote(off.Place, "the semantic model %q has it, and is disabled", off.Name).WithHint("enable it, or take the metric out")
	}
	if near := diag.Suggest(name, slices.Sorted(maps.Keys(s.measures))); near != "" {
		return nil, d.WithHint("did you mean %q?", near)
	}
	return nil, d.WithHint("declare it under measures: of a semantic model")
}

// preferred is the node among several of one name that a package means.
func preferred(found []*project.Node, from, root string) *project.Node {
	for _, pkg := range [...]string{from, root} {
		for _, node := range found {
			if node.Package == pkg {
				return node
			}
		}
	}
	if len(found) > 0 {
		return found[0]
	}
	return nil
}

func measureNames(model *project.Node) []string {
	v, _ := model.Semantic.Body.Get("measures")
	list, _ := v.(*template.List)
	var out []string
	for _, e := range list.Elems {
		out = append(out, nameIn(e))
	}
	return out
}

// nameIn is the name in a mapping of the semantic layer.
func nameIn(v template.Value) string {
	d, _ := v.(*template.Dict)
	if d == nil {
		return ""
	}
	name, _ := d.Get("name")
	text, _ := name.(string)
	return text
}

func dictAt(d *template.Dict, key string) *template.Dict {
	v, _ := d.Get(key)
	inner, _ := v.(*template.Dict)
	return inner
}
