package compiler

import (
	"context"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// findMakers finds the materialization blocks by which models are made whose materialization
// elt does not know, as dbt does: one for DuckDB counts more than one for every adapter, then
// the project's own more than one of a package. A block does not replace a
// materialization that elt knows.
func (p *parser) findMakers() {
	makers := map[string]string{}
	for _, adapter := range []string{"default", "duckdb"} {
		for _, own := range []bool{false, true} {
			for _, m := range p.plan.dbt.OwnMacros() {
				name, is := strings.CutPrefix(m.Name, "materialization_")
				name, fits := strings.CutSuffix(name, "_"+adapter)
				if is && fits && !isBuiltin(&m) && (m.Package == p.plan.Project.Name) == own {
					makers[name] = m.Package + "." + m.Name
				}
			}
		}
	}
	if len(makers) == 0 {
		return
	}
	for _, node := range p.ordered() {
		if node.Type == project.Model {
			node.Maker = makers[node.Materialized()]
		}
	}
}

// Materialize runs the materialization block of a node's own: its statements go to db. The node must be
// compiled. What the block returns must name its relations, as in dbt.
func (p *Plan) Materialize(ctx context.Context, db dbtcontext.Database, id string) error {
	node := p.Nodes[id]
	source := diag.NewSource("<materialization>", "{% set _made = "+node.Maker+"() %}"+
		"{% if _made is not mapping or 'relations' not in _made %}{% do exceptions.raise_compiler_error("+
		template.Repr("the materialization "+quoted(node.Materialized())+" did not explicitly return a list of relations: write {{ return({'relations': [...]}) }}")+
		") %}{% endif %}")
	t, err := template.Parse(source)
	if err != nil {
		return at(err, node.Place)
	}
	host := &compileHost{ctx: ctx, plan: p, node: node, pkg: node.Package, db: db, this: node.Relation}
	_, err = t.Render(pass{ctx: ctx}.thread(), p.dbt.Scope(host, node.Package))
	if err == nil {
		err = host.err
	}
	if err != nil {
		return named(err, node)
	}
	return nil
}

func quoted(text string) string { return `"` + text + `"` }
