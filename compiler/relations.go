package compiler

import (
	"context"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// nameRelations gives every node that becomes a relation its published name, by the
// macros generate_database_name, generate_schema_name and generate_alias_name as dbt
// does. Two nodes of one relation are reported.
func (p *parser) nameRelations(ctx context.Context, nodes []*project.Node) {
	custom := map[string]bool{}
	for _, name := range []string{"generate_database_name", "generate_schema_name", "generate_alias_name"} {
		if m, ok := p.plan.dbt.Macro(name); ok && !isBuiltin(&m) {
			custom[name] = true
		}
	}
	forEach(nodes, func(node *project.Node) {
		if p.plan.Nodes[node.UniqueID] == nil || !hasRelation(node) {
			return
		}
		p.nameRelation(ctx, node, custom)
	})
	p.checkRelations()
}

func hasRelation(node *project.Node) bool {
	switch node.Type {
	case project.Model, project.Seed, project.Snapshot, project.Test:
		return node.Config != nil
	}
	return false
}

func (p *parser) nameRelation(ctx context.Context, node *project.Node, custom map[string]bool) {
	target := p.plan.Project.Target
	rel := project.Relation{Database: target.Database, Schema: target.Schema, Identifier: node.Name}
	part := func(key, macro, usual string, def func(value string) string, into *string) {
		v, _ := node.Config.Get(key)
		text, given := v.Value.(string)
		if !custom[macro] {
			if *into = usual; given && strings.TrimSpace(text) != "" {
				*into = def(strings.TrimSpace(text))
			}
			return
		}
		made, err := p.callNaming(ctx, node, macro, v.Value)
		if err != nil {
			p.reportAll(err, node)
			return
		}
		*into = made
	}
	same := func(text string) string { return text }
	part("database", "generate_database_name", target.Database, same, &rel.Database)
	part("schema", "generate_schema_name", target.Schema, func(text string) string { return target.Schema + "_" + text }, &rel.Schema)
	part("alias", "generate_alias_name", node.Name, same, &rel.Identifier)
	if node.Type == project.Snapshot { // a snapshot's own target names win, as in dbt
		rel.Schema = node.Config.String("target_schema", rel.Schema)
		rel.Database = node.Config.String("target_database", rel.Database)
	}
	node.Relation = rel
}

// callNaming calls a naming macro of the project with dbt's arguments.
func (p *parser) callNaming(ctx context.Context, node *project.Node, macro string, value template.Value) (string, error) {
	text := "{{ " + macro + "(_custom, _node) }}"
	if macro == "generate_alias_name" {
		text = "{{ " + macro + "(custom_alias_name=_custom, node=_node) }}"
	}
	t, err := p.plan.templates.parse(text)
	if err != nil {
		return "", err
	}
	host := &parseHost{node: node, base: node.Config}
	scope := p.plan.dbt.Scope(host, node.Package)
	model, _ := scope.Lookup("model")
	out, err := t.Render(pass{ctx, true}.thread(), scope.With("_custom", value).With("_node", model))
	return strings.TrimSpace(out.Text), err
}

// checkRelations reports two enabled nodes that would be one relation.
func (p *parser) checkRelations() {
	seen := map[string]*project.Node{}
	for _, node := range p.ordered() {
		if node.Type == project.Test || !hasRelation(node) || node.IsEphemeral() {
			continue
		}
		key := node.Relation.Key()
		if first, ok := seen[key]; ok {
			p.report(diag.New(diag.DuplicateNode, node.Place, "%q and %q would both be the relation %s", first.Name, node.Name, node.Relation).
				WithNote(first.Place, "the other one is here").
				WithHint("give one of them another alias or schema"))
			continue
		}
		seen[key] = node
	}
}
