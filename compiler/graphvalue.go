package compiler

import (
	"elt/compiler/dbtcontext"
	"elt/compiler/project"
	"elt/compiler/template"
)

// graphValue is what templates see as graph: the nodes, sources and exposures of the
// plan by unique_id. It is made anew at each use, since few projects use it and a
// template may change what it is given.
func (p *Plan) graphValue() template.Value {
	nodes, sources, exposures := template.NewDict(), template.NewDict(), template.NewDict()
	for _, id := range p.Order {
		node := p.Nodes[id]
		into := nodes
		switch node.Type {
		case project.Source:
			into = sources
		case project.Exposure:
			into = exposures
		}
		_ = into.Set(id, dbtcontext.NodeValue(node)) // a text is always a key
	}
	return template.NewDict(
		template.Item{Key: "nodes", Value: nodes},
		template.Item{Key: "sources", Value: sources},
		template.Item{Key: "exposures", Value: exposures},
		template.Item{Key: "metrics", Value: template.NewDict()},
		template.Item{Key: "groups", Value: template.NewDict()},
	)
}
