{# The SQL of incremental strategies, for projects that call it, or that replace a part of it. A
   strategy gets a dict: target_relation, temp_relation (the new rows), unique_key, dest_columns,
   incremental_predicates. What no project touches elt does by statements of its own. #}

{% macro get_incremental_append_sql(arg_dict) %}{{ return(adapter.dispatch('get_incremental_append_sql', 'dbt')(arg_dict)) }}{% endmacro %}

{% macro default__get_incremental_append_sql(arg_dict) %}
{{ return(get_insert_into_sql(arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['dest_columns'])) }}
{% endmacro %}

{% macro get_incremental_delete_insert_sql(arg_dict) %}{{ return(adapter.dispatch('get_incremental_delete_insert_sql', 'dbt')(arg_dict)) }}{% endmacro %}

{% macro default__get_incremental_delete_insert_sql(arg_dict) %}
{{ return(get_delete_insert_merge_sql(arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['unique_key'], arg_dict['dest_columns'], arg_dict['incremental_predicates'])) }}
{% endmacro %}

{% macro get_incremental_merge_sql(arg_dict) %}{{ return(adapter.dispatch('get_incremental_merge_sql', 'dbt')(arg_dict)) }}{% endmacro %}

{% macro default__get_incremental_merge_sql(arg_dict) %}
{{ return(get_merge_sql(arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['unique_key'], arg_dict['dest_columns'], arg_dict['incremental_predicates'])) }}
{% endmacro %}

{% macro get_incremental_insert_overwrite_sql(arg_dict) %}{{ return(adapter.dispatch('get_incremental_insert_overwrite_sql', 'dbt')(arg_dict)) }}{% endmacro %}

{% macro default__get_incremental_insert_overwrite_sql(arg_dict) %}
{{ return(get_insert_overwrite_merge_sql(arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['dest_columns'], arg_dict['incremental_predicates'])) }}
{% endmacro %}

{% macro get_incremental_default_sql(arg_dict) %}{{ return(adapter.dispatch('get_incremental_default_sql', 'dbt')(arg_dict)) }}{% endmacro %}

{% macro default__get_incremental_default_sql(arg_dict) %}{{ return(get_incremental_append_sql(arg_dict)) }}{% endmacro %}

{% macro get_insert_into_sql(target_relation, temp_relation, dest_columns) %}
{%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) %}
insert into {{ target_relation }} ({{ columns }})
(
    select {{ columns }}
    from {{ temp_relation }}
)
{% endmacro %}

{% macro get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
{{ adapter.dispatch('get_delete_insert_merge_sql', 'dbt')(target, source, unique_key, dest_columns, incremental_predicates) }}
{%- endmacro %}

{% macro default__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
{%- if unique_key %}
{%- set keys = ([unique_key] if unique_key is string else unique_key) | join(', ') %}
delete from {{ target }} as DBT_INTERNAL_DEST
where ({{ keys }}) in (
    select distinct {{ keys }}
    from {{ source }} as DBT_INTERNAL_SOURCE
)
{%- for predicate in incremental_predicates or [] %}
    and {{ predicate }}
{%- endfor %};
{% endif %}
{{ get_insert_into_sql(target, source, dest_columns) }}
{%- endmacro %}

{% macro get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
{{ adapter.dispatch('get_merge_sql', 'dbt')(target, source, unique_key, dest_columns, kwargs.get('predicates', incremental_predicates)) }}
{%- endmacro %}

{% macro get_merge_unique_key_match(source_unique_key, target_unique_key) %}{{ return(adapter.dispatch('get_merge_unique_key_match', 'dbt')(source_unique_key, target_unique_key)) }}{% endmacro %}

{% macro default__get_merge_unique_key_match(source_unique_key, target_unique_key) %}{{ return(equals(source_unique_key, target_unique_key) | trim) }}{% endmacro %}

{% macro default__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
{%- set conditions = [] + (incremental_predicates or []) %}
{%- set keys = [] if not unique_key else [unique_key] if unique_key is string else unique_key %}
{%- for key in keys %}
{%- if unique_key is string %}{% do conditions.append(get_merge_unique_key_match('DBT_INTERNAL_SOURCE.' ~ key, 'DBT_INTERNAL_DEST.' ~ key)) %}
{%- else %}{% do conditions.append('DBT_INTERNAL_SOURCE.' ~ key ~ ' = DBT_INTERNAL_DEST.' ~ key) %}{% endif %}
{%- endfor %}
{%- if not keys %}{% do conditions.append('FALSE') %}{% endif %}
{%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) %}
{{ config.get('sql_header') or '' }}

merge into {{ target }} as DBT_INTERNAL_DEST
using {{ source }} as DBT_INTERNAL_SOURCE
on ({{ conditions | join(') and (') }})
{%- if keys %}
when matched then update set
{%- for column in get_merge_update_columns(config.get('merge_update_columns'), config.get('merge_exclude_columns'), dest_columns) %}
    {{ column }} = DBT_INTERNAL_SOURCE.{{ column }}{{ ',' if not loop.last }}
{%- endfor %}
{%- endif %}
when not matched then insert ({{ columns }})
values ({{ columns }})
{%- endmacro %}

{% macro get_merge_update_columns(merge_update_columns, merge_exclude_columns, dest_columns) %}{{ return(adapter.dispatch('get_merge_update_columns', 'dbt')(merge_update_columns, merge_exclude_columns, dest_columns)) }}{% endmacro %}

{% macro default__get_merge_update_columns(merge_update_columns, merge_exclude_columns, dest_columns) %}
{% if merge_update_columns and merge_exclude_columns %}
{% do exceptions.raise_compiler_error("merge_update_columns and merge_exclude_columns contradict each other: keep one of them") %}
{% endif %}
{% if merge_update_columns %}{{ return(merge_update_columns) }}{% endif %}
{% set left_out = (merge_exclude_columns or []) | map('lower') | list %}
{% set columns = [] %}
{% for column in dest_columns if column.column | lower not in left_out %}{% do columns.append(column.quoted) %}{% endfor %}
{{ return(columns) }}
{% endmacro %}

{% macro get_insert_overwrite_merge_sql(target, source, dest_columns, predicates, include_sql_header=false) -%}
{{ adapter.dispatch('get_insert_overwrite_merge_sql', 'dbt')(target, source, dest_columns, predicates, include_sql_header) }}
{%- endmacro %}

{% macro default__get_insert_overwrite_merge_sql(target, source, dest_columns, predicates, include_sql_header) -%}
{%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) %}
{{ (config.get('sql_header') or '') if include_sql_header else '' }}

merge into {{ target }} as DBT_INTERNAL_DEST
using {{ source }} as DBT_INTERNAL_SOURCE
on FALSE
when not matched by source{{ ' and ' ~ (predicates | join(' and ')) if predicates else '' }} then delete
when not matched then insert ({{ columns }})
values ({{ columns }})
{%- endmacro %}

{% macro incremental_validate_on_schema_change(on_schema_change, default='ignore') %}
{% if on_schema_change in ('sync_all_columns', 'append_new_columns', 'fail', 'ignore') %}{{ return(on_schema_change) }}{% endif %}
{% do log("on_schema_change is '" ~ on_schema_change ~ "', which is not known; '" ~ default ~ "' is taken") %}
{{ return(default) }}
{% endmacro %}

{# What the columns of the new rows (source) and of the table (target) differ in. #}
{% macro check_for_schema_changes(source_relation, target_relation) %}{{ return(adapter.dispatch('check_for_schema_changes', 'dbt')(source_relation, target_relation)) }}{% endmacro %}

{% macro default__check_for_schema_changes(source_relation, target_relation) %}
{% set new, old = adapter.get_columns_in_relation(source_relation), adapter.get_columns_in_relation(target_relation) %}
{% set added, gone, changed = diff_columns(new, old), diff_columns(old, new), diff_column_data_types(new, old) %}
{{ return({
    'schema_changed': added != [] or gone != [] or changed != [],
    'source_not_in_target': added, 'target_not_in_source': gone,
    'source_columns': new, 'target_columns': old, 'new_target_types': changed
}) }}
{% endmacro %}

{% macro sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}{{ return(adapter.dispatch('sync_column_schemas', 'dbt')(on_schema_change, target_relation, schema_changes_dict)) }}{% endmacro %}

{% macro default__sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}
{% set added, gone = schema_changes_dict['source_not_in_target'], schema_changes_dict['target_not_in_source'] %}
{% if on_schema_change == 'append_new_columns' and added %}
{% do alter_relation_add_remove_columns(target_relation, added, none) %}
{% elif on_schema_change == 'sync_all_columns' %}
{% if added or gone %}{% do alter_relation_add_remove_columns(target_relation, added, gone) %}{% endif %}
{% for change in schema_changes_dict['new_target_types'] %}{% do alter_column_type(target_relation, change['column_name'], change['new_type']) %}{% endfor %}
{% endif %}
{% endmacro %}

{% macro process_schema_changes(on_schema_change, source_relation, target_relation) %}{{ return(adapter.dispatch('process_schema_changes', 'dbt')(on_schema_change, source_relation, target_relation)) }}{% endmacro %}

{# The columns of the new rows; nothing where the table's own are to be filled. #}
{% macro default__process_schema_changes(on_schema_change, source_relation, target_relation) %}
{% if on_schema_change == 'ignore' %}{{ return({}) }}{% endif %}
{% set changes = check_for_schema_changes(source_relation, target_relation) %}
{% if changes['schema_changed'] and on_schema_change == 'fail' %}
{% do exceptions.raise_compiler_error("the columns of the query and of the table differ: new " ~ changes['source_not_in_target'] | map(attribute='name') | list
    ~ ", gone " ~ changes['target_not_in_source'] | map(attribute='name') | list ~ ", of another type " ~ changes['new_target_types'] | map(attribute='column_name') | list
    ~ "; set on_schema_change to append_new_columns or sync_all_columns, or rebuild the table with --full-refresh") %}
{% elif changes['schema_changed'] %}
{% do sync_column_schemas(on_schema_change, target_relation, changes) %}
{% endif %}
{{ return(changes['source_columns']) }}
{% endmacro %}

{% macro get_incremental_microbatch_sql(arg_dict) %}{{ return(adapter.dispatch('get_incremental_microbatch_sql', 'dbt')(arg_dict)) }}{% endmacro %}

{% macro default__get_incremental_microbatch_sql(arg_dict) %}{% do elt_not_implemented('get_incremental_microbatch_sql') %}{% endmacro %}
