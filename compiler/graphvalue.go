package compiler

import (
	"cmp"
	"maps"
	"slices"

	"elt/compiler/dbtcontext"
	"elt/compiler/project"
	"elt/compiler/template"
)

// hookGraphValue is graph for the hooks of the project, which come one after the other: the nodes as they are, and
// what the hooks before have put beside them, as packages do that remember something until the end of a run. At its
// end nodes that have been compiled say so.
func (p *Plan) hookGraphValue(atEnd bool) template.Value {
	now, _ := p.graphValue().(*template.Dict)
	if nodes, ok := now.Get("nodes"); ok && atEnd {
		for _, id := range p.Order {
			if node := p.Nodes[id]; dbtcontext.IsCompiled(node) {
				_ = nodes.(*template.Dict).Set(id, dbtcontext.CompiledValue(node, p.Injected))
			}
		}
	}
	if p.hookGraph == nil {
		p.hookGraph = now
	} else {
		p.hookGraph.Update(now)
	}
	return p.hookGraph
}

// Injected is the text by which an ephemeral model became a part of others.
func (p *Plan) Injected(id string) string {
	if parent := p.Nodes[id]; parent != nil && parent.Compiled != nil {
		return " " + dbtcontext.CTEPrefix + parent.Relation.Identifier + " as (\n" + parent.Compiled.Own + "\n)"
	}
	return ""
}

// graphValue is what templates see as graph: the nodes, sources, exposures and groups
// of the plan by unique_id; empty in the parse pass. It is made anew at each use, since
// few projects use it and a template may change what it is given.
func (p *Plan) graphValue() template.Value {
	out := dbtcontext.EmptyGraph()
	part := func(key string) *template.Dict {
		v, _ := out.Get(key)
		d, _ := v.(*template.Dict)
		return d
	}
	nodes, sources, exposures, groups := part("nodes"), part("sources"), part("exposures"), part("groups")
	ids, nodeOf := p.Order, func(id string) *project.Node { return p.Nodes[id] }
	if p.without != nil { // what a template makes of them is not to change
		ids = slices.Sorted(maps.Keys(p.without.nodes))
		ids = append(ids, p.Order...)
		nodeOf = func(id string) *project.Node { return cmp.Or(p.Nodes[id], p.without.nodes[id]) }
	}
	for _, id := range ids {
		node := nodeOf(id)
		into := nodes
		switch node.Type {
		case project.Source:
			into = sources
		case project.Exposure:
			into = exposures
		case project.UnitTest:
			into = part("unit_tests")
		case project.Metric:
			into = part("metrics")
		case project.SemanticModel:
			into = part("semantic_models")
		case project.SavedQuery:
			into = part("saved_queries")
		}
		_ = into.Set(id, dbtcontext.GraphValue(node)) // a text is always a key
	}
	if len(p.Order) == 0 {
		return out
	}
	for _, proj := range p.Project.All() {
		for _, group := range proj.Patches.Groups {
			id := "group." + proj.Name + "." + group.Name
			_ = groups.Set(id, template.NewDict(
				template.Item{Key: "name", Value: group.Name},
				template.Item{Key: "resource_type", Value: "group"},
				template.Item{Key: "package_name", Value: proj.Name},
				template.Item{Key: "unique_id", Value: id},
				template.Item{Key: "description", Value: group.Description},
				template.Item{Key: "owner", Value: template.NewDict(
					template.Item{Key: "name", Value: group.OwnerName},
					template.Item{Key: "email", Value: group.OwnerEmail},
				)},
			))
		}
	}
	return out
}
