package compiler

import (
	"elt/compiler/diag"
	"elt/compiler/graph"
	"elt/compiler/project"
	"elt/compiler/template"
)

// Clones returns a plan in which each of some nodes is a view over what an earlier run has
// built of it: dbt's clone, on DuckDB, which copies no tables. It holds nothing else: no parents, hooks
// or tests. unknown are the nodes of which the state has no relation, and same those whose
// relation is that of the state, so that there is nothing to show. Ephemeral models are left out.
func (p *Plan) Clones(ids []string, state *State) (plan *Plan, unknown, same []*project.Node, err error) {
	plan = &Plan{Project: p.Project, Nodes: map[string]*project.Node{}, options: p.options, dbt: p.dbt, names: p.names,
		templates: p.templates, docs: p.docs, selected: ids}
	var order []string
	for _, id := range ids {
		node := p.Nodes[id]
		if node == nil || !node.IsRefable() || node.IsEphemeral() {
			continue
		}
		old := state.nodes[id]
		relation, _ := old["relation_name"].(string)
		if relation == "" {
			unknown = append(unknown, node)
			continue
		}
		if state.relation(id).Key() == node.Relation.Key() {
			same = append(same, node)
			continue
		}
		clone, err := viewOver(node, relation)
		if err != nil {
			return nil, nil, nil, err
		}
		plan.Nodes[id] = clone
		order = append(order, id)
	}
	plan.Graph = graph.New(order, nil)
	plan.Order = plan.Graph.Order()
	return plan, unknown, same, nil
}

// viewOver is a node as a view over a relation. Of its config it keeps what says how the
// relation is described.
func viewOver(node *project.Node, relation string) (*project.Node, error) {
	text := "select * from " + relation
	t, err := template.Parse(diag.NewSource("", text))
	if err != nil {
		return nil, at(err, node.Place)
	}
	clone := *node
	clone.Type, clone.Template, clone.Block, clone.RawCode = project.Model, t, nil, text
	clone.Compiled, clone.Constraints, clone.Maker = nil, nil, ""
	clone.Refs, clone.Sources, clone.Metrics, clone.DependsOn, clone.Macros = nil, nil, nil, nil, nil
	clone.ChangeRefs, clone.Changes = nil, nil
	clone.Config = project.NewConfig()
	clone.Config.Set("materialized", project.ConfigValue{Value: "view"})
	if docs, ok := node.Config.Get("persist_docs"); ok {
		clone.Config.Set("persist_docs", docs)
	}
	return &clone, nil
}
