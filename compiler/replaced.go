package compiler

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// Macros that dbt's materializations call, of which a project may replace one: then what is made
// by them is made as dbt makes it, by macros, and not by statements of elt's own.
var (
	// everyPart is of all of them.
	everyPart = []string{
		"run_hooks", "persist_docs", "alter_relation_comment", "alter_column_comment", "validate_doc_columns", "apply_grants",
		"rename_relation", "drop_relation", "drop_relation_if_exists", "make_intermediate_relation", "make_backup_relation",
		"get_assert_columns_equivalent", "assert_columns_equivalent", "format_column",
	}
	// tableParts are of tables, incremental ones among them.
	tableParts = []string{
		"create_table_as", "get_table_columns_and_constraints", "table_columns_and_constraints", "get_select_subquery", "get_column_names",
		"create_indexes", "get_create_index_sql",
	}
	// replaceableParts are the parts of each materialization, and replacedMakers what calls them.
	replaceableParts = map[string][]string{
		"view":  slices.Concat(everyPart, []string{"get_create_view_as_sql", "create_view_as"}),
		"table": slices.Concat(everyPart, tableParts),
		"incremental": slices.Concat(everyPart, tableParts, []string{
			"process_schema_changes", "check_for_schema_changes", "sync_column_schemas", "alter_relation_add_remove_columns",
			"alter_column_type", "diff_column_data_types",
		}),
	}
	replacedMakers = map[string]string{
		"view":        "dbt.materialization_view_default",
		"table":       "dbt_duckdb.materialization_table_duckdb",
		"incremental": "dbt_duckdb.materialization_incremental_duckdb",
	}
	// fixedParts are macros of dbt's in whose place elt has no macro, by what they are called for.
	fixedParts = map[project.ResourceType][]string{
		project.Seed: {"create_csv_table", "reset_csv_table", "load_csv_rows", "get_csv_sql"},
		project.Snapshot: {
			"build_snapshot_table", "snapshot_staging_table", "snapshot_merge_sql", "create_columns", "post_snapshot",
			"build_snapshot_staging_table",
		},
		project.Test:     {"get_test_sql"},
		project.UnitTest: {"get_unit_test_sql", "get_fixture_sql", "get_expected_sql", "format_row"},
	}
)

// makeByMacros finds the models that are made as dbt makes them, since a macro of the project takes part
// in that, and warns of macros that take part in nothing.
func (p *parser) makeByMacros() {
	if len(p.plan.dbt.OwnMacros()) == 0 {
		return
	}
	type place struct{ materialized, pkg string }
	known := map[place]string{}
	told := map[string]bool{}
	for _, node := range p.ordered() {
		p.warnOfFixed(node, told)
		if node.Type != project.Model || node.Maker != "" || node.IsPython() {
			continue
		}
		at := place{node.Materialized(), node.Package}
		parts, ok := replaceableParts[at.materialized]
		if !ok || hasOwnIntake(node) {
			continue
		}
		maker, ok := known[at]
		if !ok {
			if _, own := p.ownMacro(parts, node.Package); own != nil {
				maker = replacedMakers[at.materialized]
			}
			known[at] = maker
		}
		node.Maker = maker
	}
}

// warnOfFixed warns, once each, of macros in place of dbt's for what elt does by itself.
func (p *parser) warnOfFixed(node *project.Node, told map[string]bool) {
	parts := fixedParts[node.Type]
	if parts == nil || told[string(node.Type)] {
		return
	}
	told[string(node.Type)] = true
	var names []string
	var place diag.Place
	for _, part := range parts {
		if _, own := p.ownMacro([]string{part}, node.Package); own != nil {
			names, place = append(names, strconv.Quote(own.Name)), cmp.Or(place, own.Place())
		}
	}
	for _, m := range p.fixedBlocks(string(node.Type)) {
		names, place = append(names, strconv.Quote(m.Name)), cmp.Or(place, m.Place())
	}
	if len(names) > 0 {
		what := strings.ReplaceAll(string(node.Type), "_", " ") + "s"
		p.report(diag.Warn(diag.Unsupported, place, "what elt does to %s is not made of macros: without effect is %s", what, strings.Join(names, ", ")))
	}
}

// fixedBlocks are the materialization blocks by which dbt would make seeds, snapshots or tests: those of the
// project, and of packages where a flag says so.
func (p *parser) fixedBlocks(kind string) []dbtcontext.MacroInfo {
	explicit, _ := p.plan.Project.Flags.Get("require_explicit_package_overrides_for_builtin_materializations")
	var out []dbtcontext.MacroInfo
	for _, m := range p.plan.dbt.OwnMacros() {
		name, is := strings.CutPrefix(m.Name, "materialization_"+kind+"_")
		if is && (name == "default" || name == "duckdb") && (m.Package == p.plan.Project.Name || explicit == false) {
			out = append(out, m)
		}
	}
	return out
}

// ownMacro finds the first of dbt's macros that one of the project takes the place of, by its own name or
// by that of an implementation of it, and that one; nil where none does.
func (p *parser) ownMacro(names []string, pkg string) (string, *dbtcontext.MacroInfo) {
	for _, name := range names {
		called, ok := p.plan.dbt.ResolveMacro(name, pkg)
		if !ok || isBuiltinID(called) {
			called, ok = p.plan.dbt.Dispatched(name, "dbt", pkg)
		}
		if !ok || isBuiltinID(called) {
			continue
		}
		if m, ok := p.plan.Macro(called); ok {
			return name, &m
		}
	}
	return "", nil
}

// freshnessMacros are the macros that find out how old a source is: by a column, by a query.
var freshnessMacros = []string{"collect_freshness", "collect_freshness_custom_sql"}

// CollectsFreshness reports whether a macro of the project says how old a source is: by a column or, with
// byQuery, by a query.
func (p *Plan) CollectsFreshness(byQuery bool) bool {
	name := freshnessMacros[0]
	if byQuery {
		name = freshnessMacros[1]
	}
	for _, find := range []func() (string, bool){
		func() (string, bool) { return p.dbt.ResolveMacro(name, p.Project.Name) },
		func() (string, bool) { return p.dbt.Dispatched(name, "dbt", p.Project.Name) },
	} {
		if id, ok := find(); ok && !isBuiltinID(id) {
			return true
		}
	}
	return false
}

// CollectFreshness has a macro of the project say how old a source is. query is the rendered loaded_at_query, or "".
func (p *Plan) CollectFreshness(ctx context.Context, db dbtcontext.Database, table *project.Node, query string) (out dbtcontext.Freshness, err error) {
	limits := table.Table.Fresh
	call := "collect_freshness(_elt_source, " + template.Repr(limits.Field.Text) + ", " + template.Repr(limits.Filter) + " or none)"
	if query != "" {
		call = "collect_freshness_custom_sql(_elt_source, " + template.Repr(query) + ")"
	}
	t, err := template.Parse(diag.NewSource("<freshness>", "{% do _elt_take("+call+") %}"))
	if err != nil {
		return out, at(err, table.Place)
	}
	take := template.NewFunc("collect_freshness", func(c *template.Call) (template.Value, error) {
		var err error
		out, err = dbtcontext.FreshnessOf(c.Args[0])
		return nil, err
	})
	host := &compileHost{ctx: ctx, plan: p, node: table, pkg: p.Project.Name, db: db, this: table.Relation}
	scope := p.dbt.Scope(host, p.Project.Name).With("_elt_take", take).
		With("_elt_source", dbtcontext.NewSourceRelation(table.Relation, SourceExpression(table)))
	if _, err = t.Render(pass{ctx: ctx}.thread(), scope); err == nil {
		err = host.err
	}
	if err != nil {
		err = at(err, table.Place)
	}
	return out, err
}
