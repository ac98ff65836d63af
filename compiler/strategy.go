package compiler

import (
	"context"
	"slices"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/compiler/template"
)

// strategyParts are the macros that an incremental strategy is made of, as dbt-duckdb calls
// them: beside get_incremental_<name>_sql, by that name.
var strategyParts = map[string][]string{
	"append":        {"get_insert_into_sql"},
	"delete_insert": {"get_delete_insert_merge_sql"},
	"merge":         {"get_merge_sql"},
}

// findStrategies finds the incremental models whose strategy macros of the project say: one of
// a name of its own, or one of dbt's of which a macro of the project replaces a part.
func (p *parser) findStrategies() {
	if len(p.plan.dbt.OwnMacros()) == 0 {
		return
	}
	for _, node := range p.ordered() {
		if node.Type != project.Model || node.Maker != "" || node.IsPython() || node.Materialized() != "incremental" {
			continue
		}
		name := node.Config.String("incremental_strategy", "")
		if name == "" {
			name = "default"
		}
		macro, own := p.ownStrategy(name, node.Package)
		switch {
		case !own:
		case name == "microbatch" || name == "insert_overwrite": // dbt-duckdb refuses the second
			p.report(diag.Warn(diag.IncrementalConfig, placeOf(node, "incremental_strategy"), "the macro %q has no effect: elt has the strategy %q itself", macro, name))
		default:
			node.Strategy = name
		}
	}
}

// ownStrategy reports whether a macro of the project takes part in a strategy, and which.
func (p *parser) ownStrategy(name, pkg string) (macro string, own bool) {
	word := strings.ReplaceAll(name, "+", "_")
	names := append([]string{"get_incremental_" + word + "_sql"}, strategyParts[word]...)
	if word == "default" { // it is delete+insert for DuckDB
		names = append(append(names, "get_incremental_delete_insert_sql"), strategyParts["delete_insert"]...)
	}
	macro, m := p.ownMacro(names, pkg)
	return macro, m != nil
}

// ApplyStrategy runs the macros of a node's incremental strategy: their statements go to db, which
// knows the table of the new rows by a name without a schema.
func (p *Plan) ApplyStrategy(ctx context.Context, db dbtcontext.Database, id, newRows string) error {
	node := p.Nodes[id]
	_, err := p.renderFor(ctx, db, node, diag.NewSource("<strategy>",
		"{% do dbt.elt_incremental_strategy("+template.Repr(node.Strategy)+", "+template.Repr(newRows)+") %}"))
	if err != nil {
		return p.ofStrategy(diag.From(err, diag.TemplateError), node)
	}
	return nil
}

// makes finds statements that may change the columns of a table.
var makes = regex.Lazy(`(?i)\b(create|alter)\b`)

// StrategyAlters reports whether macros that say a node's strategy may change the columns of its table.
func (p *Plan) StrategyAlters(node *project.Node) bool {
	seen := map[string]bool{}
	var alters func(id string) bool
	alters = func(id string) bool {
		m, ok := p.Macro(id)
		if seen[id] || !ok || isBuiltin(&m) {
			return false
		}
		seen[id] = true
		return makes().MatchString(m.Text()) || slices.ContainsFunc(p.MacroDependsOn(m), alters)
	}
	id, ok := p.dbt.ResolveMacro("get_incremental_"+strings.ReplaceAll(node.Strategy, "+", "_")+"_sql", node.Package)
	return ok && alters(id)
}

// ofStrategy leaves out of errors what calls the strategy's macro, and says where that stands.
func (p *Plan) ofStrategy(list diag.List, node *project.Node) diag.List {
	word := strings.ReplaceAll(node.Strategy, "+", "_")
	m, ok := p.dbt.Macro("get_incremental_" + word + "_sql")
	for _, d := range list {
		d.Notes = slices.DeleteFunc(d.Notes, func(n diag.Note) bool {
			source := n.Place.Source
			return source != nil && (source.Path == "<strategy>" || strings.HasPrefix(source.Path, "elt/"))
		})
		if ok && !isBuiltin(&m) {
			d.WithNote(m.Place(), "macro %q says the strategy", m.Name)
		}
	}
	return list
}
