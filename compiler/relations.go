package compiler

import (
	"context"
	"slices"
	"strings"
	"sync"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// namingMacros are the macros that name relations, by the config key they serve.
var namingMacros = [...]struct{ key, macro string }{
	{"database", "generate_database_name"},
	{"schema", "generate_schema_name"},
	{"alias", "generate_alias_name"},
}

// nameRelations gives every node that becomes a relation its published name, by the
// macros generate_database_name, generate_schema_name and generate_alias_name as dbt
// does. Two nodes of one relation are reported.
func (p *parser) nameRelations(ctx context.Context) {
	custom := map[string]map[string]bool{}
	for _, proj := range p.plan.Project.All() {
		custom[proj.Name] = p.customNaming(proj.Name)
	}
	nodes := p.ordered()
	pointers := p.newPointers()
	forEach(slices.Concat(nodes, p.plan.Disabled), func(node *project.Node) {
		named := hasRelation(node) || (node.Type == project.Analysis || node.Type == project.Operation) && node.Config != nil
		if named && ctx.Err() == nil { // some become none, and have a name nevertheless, as in dbt
			p.nameRelation(ctx, node, custom[node.Package])
			p.namePointer(ctx, node, pointers)
		}
	})
	var apart sync.WaitGroup
	apart.Go(func() { p.checkPointers(p.checkRelations(nodes)) })
	for _, node := range nodes {
		p.plan.names.relate(node, p.plan.Project.Target.Database)
	}
	apart.Wait()
	p.checkSources(nodes)
}

// customNaming says which parts of a name a macro of the package itself or of the root
// project makes, by config key. A package's own comes first, as in dbt.
func (p *parser) customNaming(pkg string) map[string]bool {
	custom := map[string]bool{}
	for _, naming := range namingMacros {
		for _, prefix := range []string{"", "duckdb__", "default__"} {
			if id, ok := p.plan.dbt.ResolveMacro(prefix+naming.macro, pkg); ok && !isBuiltinID(id) {
				custom[naming.key] = true
			}
		}
	}
	return custom
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
	alias := node.Name
	if node.Version != "" {
		alias += "_v" + strings.ReplaceAll(node.Version, ".", "_")
	}
	names := [...]string{target.Database, target.Schema, alias}
	for i, naming := range namingMacros {
		v, _ := node.Config.Get(naming.key)
		if custom[naming.key] {
			made, err := p.callNaming(ctx, node, naming.macro, v.Value)
			if err != nil {
				p.reportAll(err, node)
				continue
			}
			names[i] = made
			continue
		}
		text, _ := v.Value.(string)
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if naming.key == "schema" {
			text = target.Schema + "_" + text
		}
		names[i] = text
	}
	rel := project.Relation{Database: names[0], Schema: names[1], Identifier: names[2]}
	if node.Type == project.Snapshot { // a snapshot's own target names win, as in dbt
		rel.Schema = node.Config.String("target_schema", rel.Schema)
		rel.Database = node.Config.String("target_database", rel.Database)
	}
	node.Relation, node.Written = rel, p.plan.dbt.Written(rel)
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
	out, err := t.Render(pass{ctx: ctx, lax: true}.thread(), scope.With("_custom", value).With("_node", model))
	if err != nil {
		return "", at(err, node.Place)
	}
	return strings.TrimSpace(out.Text), nil
}

// namePlace is where a node's relation gets its name: in its config, else its file.
func namePlace(node *project.Node) diag.Place {
	for _, naming := range []string{"alias", "schema", "database"} {
		if at := node.Config.Place(naming); !isNowhere(at) {
			return at
		}
	}
	return withLine(node.Place)
}

// checkRelations reports two nodes that would be one relation, and returns whose each relation is, by
// its key.
func (p *parser) checkRelations(nodes []*project.Node) (seen map[string]*project.Node) {
	seen = map[string]*project.Node{}
	for _, node := range nodes {
		if node.Type == project.Test || !hasRelation(node) || node.IsEphemeral() {
			continue
		}
		key := node.Relation.Key()
		first, ok := seen[key]
		if !ok {
			seen[key] = node
			continue
		}
		p.reportOf(diag.New(diag.DuplicateNode, namePlace(node), "%q and %q would both be the relation %s", first.Name, node.Name, node.Relation).
			WithNote(namePlace(first), "the other one is here").
			WithHint("give one of them another alias or schema"), first, node)
	}
	return seen
}

// checkSources reports models and snapshots that would replace a declared source table.
// Seeds may: that is how projects load small sources. dbt says nothing at all, so in a
// dbt project it is a warning.
func (p *parser) checkSources(nodes []*project.Node) {
	sources := map[string]*project.Node{}
	for _, node := range nodes {
		if node.Type == project.Source && node.Table != nil && SourceExpression(node) == "" && !isImplicit(node) {
			sources[node.Relation.Key()] = node
		}
	}
	if len(sources) == 0 {
		return
	}
	for _, node := range nodes {
		if node.Type != project.Model && node.Type != project.Snapshot || !hasRelation(node) || node.IsEphemeral() {
			continue
		}
		source := sources[node.Relation.Key()]
		if source == nil {
			continue
		}
		d := diag.New(diag.ForeignRelation, namePlace(node), "%s %q would replace the source table %q", node.Type, node.Name, source.Table.SourceName+"."+source.Name).
			WithNote(source.Place, "the source is declared here").
			WithHint("give one of them another name or schema; if they are the same table, use ref() and take the source out")
		if !p.plan.Project.OwnDefaults() {
			d.Severity = diag.Warning
		}
		p.reportOf(d, node, source)
	}
}
