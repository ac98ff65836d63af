package compiler

import (
	"context"
	"slices"

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
	// snapshotParts are of snapshots, whose table is made as others are.
	snapshotParts = []string{
		"build_snapshot_table", "snapshot_staging_table", "snapshot_merge_sql", "create_columns", "post_snapshot",
		"build_snapshot_staging_table", "check_time_data_types", "unique_key_fields", "unique_key_join_on", "unique_key_is_null",
		"unique_key_is_not_null", "get_dbt_valid_to_current", "create_table_as", "create_indexes", "get_create_index_sql",
	}
	// replaceableParts are the parts of each materialization, and replacedMakers what calls them.
	replaceableParts = map[string][]string{
		"view":  slices.Concat(everyPart, []string{"get_create_view_as_sql", "create_view_as"}),
		"table": slices.Concat(everyPart, tableParts),
		"incremental": slices.Concat(everyPart, tableParts, []string{
			"process_schema_changes", "check_for_schema_changes", "sync_column_schemas", "alter_relation_add_remove_columns",
			"alter_column_type", "diff_column_data_types",
		}),
		"seed": slices.Concat(everyPart, []string{
			"create_csv_table", "reset_csv_table", "load_csv_rows", "get_csv_sql", "get_binding_char", "get_batch_size",
			"get_seed_column_quoted_csv", "create_indexes", "get_create_index_sql",
		}),
		"snapshot": slices.Concat(everyPart, snapshotParts),
		"unit":     {"get_unit_test_sql", "get_expected_sql", "get_fixture_sql", "format_row", "validate_fixture_rows"},
		"test":     {"get_test_sql", "get_limit_subquery_sql", "get_limit_sql", "should_store_failures"},
	}
	replacedMakers = map[string]string{
		"view":        "dbt.materialization_view_default",
		"table":       "dbt_duckdb.materialization_table_duckdb",
		"incremental": "dbt_duckdb.materialization_incremental_duckdb",
		"seed":        "dbt.materialization_seed_default",
		"snapshot":    "dbt.materialization_snapshot_default",
		"unit":        "dbt.materialization_unit_default",
		"test":        "dbt.materialization_test_default",
	}
)

// madeAs is the materialization by which dbt makes a node.
func madeAs(node *project.Node) string {
	switch node.Type {
	case project.Seed, project.Snapshot, project.Test:
		return string(node.Type)
	case project.UnitTest:
		return "unit"
	case project.Model:
		return node.Materialized()
	}
	return ""
}

// makeByMacros finds the nodes that are made as dbt makes them, since a macro of the project takes part
// in that.
func (p *parser) makeByMacros() {
	if len(p.plan.dbt.OwnMacros()) == 0 {
		return
	}
	type place struct{ materialized, pkg string }
	known := map[place]string{}
	for _, node := range p.ordered() {
		if node.Maker != "" || node.IsPython() {
			continue
		}
		at := place{madeAs(node), node.Package}
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
