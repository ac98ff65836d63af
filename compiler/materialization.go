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
// the project's own more than one of a package. What replaces a materialization that comes with
// dbt-duckdb, overridable says.
func (p *parser) findMakers() {
	makers := map[string]string{}
	explicit, _ := p.plan.Project.Flags.Get("require_explicit_package_overrides_for_builtin_materializations")
	for _, adapter := range []string{"default", "duckdb"} {
		for _, own := range []bool{false, true} {
			for _, m := range p.plan.dbt.OwnMacros() {
				name, is := strings.CutPrefix(m.Name, "materialization_")
				name, fits := strings.CutSuffix(name, "_"+adapter)
				if is && fits && !isBuiltin(&m) && (m.Package == p.plan.Project.Name) == own && overridable(name, adapter, own || explicit == false) {
					makers[name] = m.Package + "." + m.Name
				}
			}
		}
	}
	if len(makers) == 0 {
		return
	}
	for _, node := range p.ordered() {
		if node.Type == project.Model && !hasOwnIntake(node) {
			node.Maker = makers[node.Materialized()]
		}
	}
}

// overridable reports whether a block of that name takes the place of what comes with dbt-duckdb: only one of the
// project itself, and of "table" and "incremental", which dbt-duckdb has for its own
// adapter, only one for DuckDB; "view" is dbt's for all adapters. trusted are the project's own, and those
// of packages where a flag says so. "external" and "ephemeral" are not replaced.
func overridable(name, adapter string, trusted bool) bool {
	switch name {
	case "table", "incremental":
		return trusted && adapter == "duckdb"
	case "view":
		return trusted
	case external, "ephemeral":
		return false
	}
	return true
}

// hasOwnIntake reports whether a model's rows come in by batches or by files, of which a
// materialization block knows nothing.
func hasOwnIntake(node *project.Node) bool {
	strategy := node.Config.String("incremental_strategy", "")
	return node.Materialized() == "incremental" && (strategy == "microbatch" || strategy == "by_file")
}

// Materialize runs the materialization block of a node's own: its statements go to db. The node must be
// compiled. What the block returns must name its relations, as in dbt.
func (p *Plan) Materialize(ctx context.Context, db dbtcontext.Database, id string) error {
	node := p.Nodes[id]
	source := diag.NewSource("", "{% set _made = "+node.Maker+"() %}"+
		"{% if _made is not mapping or 'relations' not in _made %}{% do exceptions.raise_compiler_error("+
		template.Repr("the materialization "+quoted(node.Materialized())+" did not explicitly return a list of relations: write {{ return({'relations': [...]}) }}")+
		") %}{% endif %}")
	return p.renderFor(ctx, db, node, source)
}

// renderFor renders a text of elt's own in the place of a node, for what its calls do to db.
func (p *Plan) renderFor(ctx context.Context, db dbtcontext.Database, node *project.Node, source *diag.Source) error {
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
		return named(at(err, node.Place), node)
	}
	return nil
}

func quoted(text string) string { return `"` + text + `"` }
