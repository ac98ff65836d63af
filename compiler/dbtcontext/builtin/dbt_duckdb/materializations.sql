{# Tables, as dbt-duckdb makes them. A table of the project's is made by these where a project
   replaces one of the macros that are called here; else elt has statements of its own. #}

{% macro run_hooks(hooks, inside_transaction=True) %}
{% for hook in hooks | selectattr('transaction', 'equalto', inside_transaction) %}
{% set text = render(hook.get('sql')) | trim %}
{% if text %}{% call statement(auto_begin=inside_transaction) %}{{ text }}{% endcall %}{% endif %}
{% endfor %}
{% endmacro %}

{% macro create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
{{ return(adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code, language, partitioned_by=partitioned_by, sorted_by=sorted_by)) }}
{%- endmacro %}

{# A contract is kept by the table's own DDL, into which the query's rows are put. #}
{% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
{%- if language != 'sql' -%}
{% do exceptions.raise_compiler_error("create_table_as() takes sql only, not " ~ language) %}
{%- endif -%}
{%- set promised = config.get('contract').enforced -%}
{%- if promised %}{{ get_assert_columns_equivalent(compiled_code) }}{% endif -%}
{{ config.get('sql_header') or '' }}
create {{ 'temporary ' if temporary }}table {{ relation.include(database=(not temporary), schema=(not temporary)) }}
{% if promised and not temporary -%}
{{ elt_promised_columns() }};
insert into {{ relation }} {{ get_column_names() }} (
{{ get_select_subquery(compiled_code) }}
);
{%- else -%}
as (
{{ compiled_code }}
);
{%- endif %}
{%- endmacro %}

{% macro duckdb__create_view_as(relation, sql) -%}
{%- if config.get('contract').enforced %}{{ get_assert_columns_equivalent(sql) }}{% endif -%}
{{ config.get('sql_header') or '' }}
create view {{ relation }} as (
{{ sql }}
);
{%- endmacro %}

{% macro get_column_names() %}
(
{%- for column in model['columns'].values() %}
{{ adapter.quote(column['name']) if column.get('quote') else column['name'] }}{{ ',' if not loop.last }}
{%- endfor %}
)
{% endmacro %}

{# DuckLake alone has partitions and sorted tables. #}
{% macro duckdb__get_partitioned_by(relation, temporary) %}{{ return(none) }}{% endmacro %}

{% macro duckdb__get_sorted_by(relation, temporary) %}{{ return(none) }}{% endmacro %}

{# An index keeps DuckDB from renaming a table, and so does a foreign key. elt puts the one table in
   the other's place without either, so nothing has to be out of the way. #}
{% macro drop_indexes_on_relation(relation) %}{% endmacro %}

{% macro drop_foreign_key_dependents(relation) %}{{ return([]) }}{% endmacro %}

{% macro restore_foreign_key_dependents(dropped) %}{% endmacro %}

{% macro drop_relation_for_rebuild(relation) %}{% do adapter.drop_relation(relation) %}{{ return([]) }}{% endmacro %}

{% macro enforced_constraint_types() %}
{% set types = [] %}
{% if config.get('contract').enforced %}
{% for constraint in model.get('constraints', []) %}{% do types.append(constraint.type) %}{% endfor %}
{% for column in model.get('columns', {}).values() %}{% for constraint in column.get('constraints', []) %}{% do types.append(constraint.type) %}{% endfor %}{% endfor %}
{% endif %}
{{ return(types) }}
{% endmacro %}

{% macro existing_constraint_types(relation) %}{{ return(adapter.existing_key_constraint_types(relation) if relation is not none and relation.is_table else []) }}{% endmacro %}

{% macro has_foreign_key_constraints(relation=none) %}{{ return('foreign_key' in enforced_constraint_types() + existing_constraint_types(relation)) }}{% endmacro %}

{% macro may_be_foreign_key_target(relation=none) %}
{% set types = enforced_constraint_types() + existing_constraint_types(relation) %}
{{ return('primary_key' in types or 'unique' in types) }}
{% endmacro %}

{% macro duckdb__dispatch_temporary_relation(target_relation, batch_id='') %}{% do return({'relation': make_temp_relation(target_relation), 'temporary': true}) %}{% endmacro %}

{% macro materialization_table_duckdb() %}
{% set existing, target = load_cached_relation(this), this.incorporate(type='table') %}
{% set between = make_intermediate_relation(target) %}
{% set backup = make_backup_relation(target, 'table' if existing is none else existing.type) %}
{{ drop_relation_if_exists(load_cached_relation(between)) }}
{{ drop_relation_if_exists(load_cached_relation(backup)) }}
{{ run_hooks(pre_hooks, inside_transaction=false) }}
{{ run_hooks(pre_hooks, inside_transaction=true) }}
{% call statement('main', language=model['language']) %}{{ create_table_as(false, between, compiled_code, model['language'], partitioned_by=duckdb__get_partitioned_by(target, false), sorted_by=duckdb__get_sorted_by(target, false)) }}{% endcall %}
{% if existing is not none %}
{% do drop_indexes_on_relation(existing) %}
{% do adapter.rename_relation(existing, backup) %}
{% endif %}
{% do adapter.rename_relation(between, target) %}
{% do create_indexes(target) %}
{{ run_hooks(post_hooks, inside_transaction=true) }}
{% do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=true)) %}
{% do persist_docs(target, model) %}
{% do adapter.commit() %}
{{ drop_relation_if_exists(backup) }}
{{ run_hooks(post_hooks, inside_transaction=false) }}
{{ return({'relations': [target]}) }}
{% endmacro %}

{% macro materialization_incremental_duckdb() %}
{% set language, existing, target = model['language'], load_cached_relation(this), this.incorporate(type='table') %}
{% set between = make_intermediate_relation(target) %}
{% set backup = make_backup_relation(target, 'table' if existing is none else existing.type) %}
{% set anew = existing is none or existing.is_view or should_full_refresh() %}
{% set partitioned_by = duckdb__get_partitioned_by(target, false) if anew else none %}
{% set sorted_by = duckdb__get_sorted_by(target, false) if anew else none %}
{% set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') %}
{{ drop_relation_if_exists(load_cached_relation(between)) }}
{{ drop_relation_if_exists(load_cached_relation(backup)) }}
{% set new_rows = duckdb__dispatch_temporary_relation(target, adapter.batch_id_for_model(model)) %}
{{ run_hooks(pre_hooks, inside_transaction=false) }}
{{ run_hooks(pre_hooks, inside_transaction=true) }}
{% if anew %}
{% set text = create_table_as(false, target if existing is none else between, compiled_code, language, partitioned_by=partitioned_by, sorted_by=sorted_by) %}
{% else %}
{% do run_query(create_table_as(new_rows.temporary, new_rows.relation, compiled_code, language)) %}
{% do adapter.expand_target_column_types(from_relation=new_rows.relation, to_relation=target) %}
{% set columns = process_schema_changes(on_schema_change, new_rows.relation, existing) or adapter.get_columns_in_relation(existing) %}
{% set strategy = adapter.get_incremental_strategy_macro(context, config.get('incremental_strategy') or 'default') %}
{% set text = strategy({
    'target_relation': target, 'temp_relation': new_rows.relation, 'unique_key': config.get('unique_key'), 'dest_columns': columns,
    'incremental_predicates': config.get('predicates', none) or config.get('incremental_predicates', none)
}) %}
{% endif %}
{% call statement('main') %}{{ text }}{% endcall %}
{% if anew and existing is not none %}
{% do drop_indexes_on_relation(existing) %}
{% do adapter.rename_relation(existing, backup) %}
{% do adapter.rename_relation(between, target) %}
{% endif %}
{% do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, should_full_refresh())) %}
{% if anew %}{% do create_indexes(target) %}{% endif %}
{% do persist_docs(target, model) %}
{{ run_hooks(post_hooks, inside_transaction=true) }}
{% do adapter.commit() %}
{% if anew and existing is not none %}{{ drop_relation_if_exists(backup) }}{% endif %}
{{ run_hooks(post_hooks, inside_transaction=false) }}
{{ return({'relations': [target]}) }}
{% endmacro %}
