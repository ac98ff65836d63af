package compiler

import (
	"context"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// findMakers finds the materialization blocks by which nodes are made, such as models whose materialization
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
		if kind := madeAs(node); kind != "" && !hasOwnIntake(node) {
			node.Maker = makers[kind]
		}
	}
}

// overridable reports whether a block of that name takes the place of what comes with dbt-duckdb: only one of the
// project itself, and of "table" and "incremental", which dbt-duckdb has for its own
// adapter, only one for DuckDB; "view", and what makes seeds, snapshots and tests, is dbt's for all adapters. trusted are the project's own, and those
// of packages where a flag says so. "external" and "ephemeral" are not replaced.
func overridable(name, adapter string, trusted bool) bool {
	switch name {
	case "table", "incremental":
		return trusted && adapter == "duckdb"
	case "view", "seed", "snapshot", "test", "unit":
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
// compiled. What the block returns must name its relations, as in dbt. The answer is what its statement "main", or
// what it put in the place of one, was answered; ok is false where it has none.
func (p *Plan) Materialize(ctx context.Context, db dbtcontext.Database, id string) (answer string, ok bool, err error) {
	node := p.Nodes[id]
	source := diag.NewSource("", "{% set _made = "+node.Maker+"() %}"+
		"{% if _made is not mapping or 'relations' not in _made %}{% do exceptions.raise_compiler_error("+
		template.Repr("the materialization "+quoted(madeAs(node))+" did not explicitly return a list of relations: write {{ return({'relations': [...]}) }}")+
		") %}{% endif %}{% set _main = load_result('main') %}{% if _main %}"+mainMark+"{{ _main.response }}{% endif %}")
	text, err := p.renderFor(ctx, db, node, source)
	answer, ok = strings.CutPrefix(text, mainMark)
	return answer, ok, err
}

// mainMark begins what is rendered where there is a result "main".
const mainMark = "main:"

// Judge runs the materialization by which a data test is made where macros of the project take part in that,
// and returns what it keeps as the result "main"; nil where it keeps none.
func (p *Plan) Judge(ctx context.Context, db dbtcontext.Database, id string) (out *dbtcontext.Table, err error) {
	node := p.Nodes[id]
	return p.judge(&compileHost{ctx: ctx, plan: p, node: node, pkg: node.Package, db: db, this: node.Relation})
}

// JudgeUnit is [Plan.Judge] of a unit test. query is the model's, as the test has it; what is expected is
// rows or, where expected is not empty, a query. The rows that the result keeps say which of the two they are.
func (p *Plan) JudgeUnit(ctx context.Context, db dbtcontext.Database, id string, query *project.Compiled, rows *template.List, expected string) (*dbtcontext.Table, error) {
	node, model := *p.Nodes[id], p.UnitModel(p.Nodes[id])
	node.Compiled = query
	node.Relation = project.Relation{Database: model.Relation.Database, Schema: model.Relation.Schema, Identifier: node.Name}
	var sql template.Value
	if expected != "" {
		sql = expected
	}
	return p.judge(&compileHost{
		ctx: ctx, plan: p, node: &node, pkg: node.Package, db: db, this: node.Relation,
		config: template.NewDict(template.Item{Key: "expected_rows", Value: rows}, template.Item{Key: "expected_sql", Value: sql}),
	})
}

func (p *Plan) judge(host *compileHost) (out *dbtcontext.Table, err error) {
	take := template.NewFunc("take", func(c *template.Call) (template.Value, error) {
		out = dbtcontext.TableOf(c.Args[0])
		return "", nil
	})
	source := diag.NewSource("", "{% do "+host.node.Maker+"() %}{% do _elt_take((load_result('main') or {}).get('table')) %}")
	_, err = p.renderWith(host, source, template.Item{Key: "_elt_take", Value: take})
	return out, err
}

// RendersFixtures reports whether macros of the project take part in what the rows of unit tests are as SQL.
func (p *Plan) RendersFixtures(pkg string) bool {
	for _, name := range []string{"get_fixture_sql", "format_row", "validate_fixture_rows"} {
		for _, find := range []func() (string, bool){
			func() (string, bool) { return p.dbt.ResolveMacro(name, pkg) },
			func() (string, bool) { return p.dbt.Dispatched(name, "dbt", pkg) },
		} {
			if id, ok := find(); ok && !isBuiltinID(id) {
				return true
			}
		}
	}
	return false
}

// FixtureSQL is the query that macros make of rows that a unit test gives; types are those of the relation's
// columns, by their names in lower case.
func (p *Plan) FixtureSQL(ctx context.Context, db dbtcontext.Database, node *project.Node, rows *template.List, types *template.Dict) (sql string, err error) {
	take := template.NewFunc("take", func(c *template.Call) (template.Value, error) {
		sql = template.Str(c.Args[0])
		return "", nil
	})
	host := &compileHost{ctx: ctx, plan: p, node: node, pkg: node.Package, db: db, this: node.Relation}
	_, err = p.renderWith(host, diag.NewSource("", "{% do _elt_take(get_fixture_sql(_elt_rows, _elt_types)) %}"),
		template.Item{Key: "_elt_take", Value: take}, template.Item{Key: "_elt_rows", Value: rows}, template.Item{Key: "_elt_types", Value: types})
	return sql, err
}

// renderFor renders a text of elt's own in the place of a node, for what its calls do to db.
func (p *Plan) renderFor(ctx context.Context, db dbtcontext.Database, node *project.Node, source *diag.Source) (string, error) {
	return p.renderWith(&compileHost{ctx: ctx, plan: p, node: node, pkg: node.Package, db: db, this: node.Relation}, source)
}

// renderWith renders a text of elt's own, which knows the names that are given.
func (p *Plan) renderWith(host *compileHost, source *diag.Source, names ...template.Item) (string, error) {
	node := host.node
	t, err := template.Parse(source)
	if err != nil {
		return "", at(err, node.Place)
	}
	scope := p.dbt.Scope(host, node.Package)
	for _, it := range names {
		scope.With(template.Str(it.Key), it.Value)
	}
	out, err := t.Render(pass{ctx: host.ctx}.thread(), scope)
	if err == nil {
		err = host.err
	}
	if err != nil {
		return "", named(at(err, node.Place), node)
	}
	return out.Text, nil
}

func quoted(text string) string { return `"` + text + `"` }
