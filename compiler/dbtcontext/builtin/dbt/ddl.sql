{# The text of statements that make, move and drop relations, by their type. Nothing is run here. #}

{% macro get_create_sql(relation, sql) -%}
{{- log('Applying CREATE to: ' ~ relation) -}}
{{- adapter.dispatch('get_create_sql', 'dbt')(relation, sql) -}}
{%- endmacro %}

{% macro default__get_create_sql(relation, sql) -%}
{%- if relation.is_view -%}
        {{ get_create_view_as_sql(relation, sql) }}
{%- elif relation.is_table -%}
        {{ get_create_table_as_sql(False, relation, sql) }}
{%- elif relation.is_materialized_view -%}
        {{ get_create_materialized_view_as_sql(relation, sql) }}
{%- else -%}
{% do exceptions.raise_compiler_error("`get_create_sql` has not been implemented for: " ~ relation.type) %}
{%- endif -%}
{%- endmacro %}

{% macro get_create_backup_sql(relation) -%}
{{- log('Applying CREATE BACKUP to: ' ~ relation) -}}
{{- adapter.dispatch('get_create_backup_sql', 'dbt')(relation) -}}
{%- endmacro %}

{% macro default__get_create_backup_sql(relation) -%}
{%- set backup = make_backup_relation(relation, relation.type) -%}
{{ get_drop_sql(backup) }};
{{ get_rename_sql(relation, backup.identifier) }}
{%- endmacro %}

{% macro get_create_intermediate_sql(relation, sql) -%}
{{- log('Applying CREATE INTERMEDIATE to: ' ~ relation) -}}
{{- adapter.dispatch('get_create_intermediate_sql', 'dbt')(relation, sql) -}}
{%- endmacro %}

{% macro default__get_create_intermediate_sql(relation, sql) -%}
{%- set between = make_intermediate_relation(relation) -%}
{{ get_drop_sql(between) }};
{{ get_create_sql(between, sql) }}
{%- endmacro %}

{% macro get_rename_intermediate_sql(relation) -%}
{{- log('Applying RENAME INTERMEDIATE to: ' ~ relation) -}}
{{- adapter.dispatch('get_rename_intermediate_sql', 'dbt')(relation) -}}
{%- endmacro %}

{% macro default__get_rename_intermediate_sql(relation) -%}
{{ get_rename_sql(make_intermediate_relation(relation), relation.identifier) }}
{%- endmacro %}

{% macro get_drop_backup_sql(relation) -%}
{{- log('Applying DROP BACKUP to: ' ~ relation) -}}
{{- adapter.dispatch('get_drop_backup_sql', 'dbt')(relation) -}}
{%- endmacro %}

{% macro default__get_drop_backup_sql(relation) -%}
{{ get_drop_sql(make_backup_relation(relation, relation.type)) }}
{%- endmacro %}

{% macro get_drop_sql(relation) -%}
{{- log('Applying DROP to: ' ~ relation) -}}
{{- adapter.dispatch('get_drop_sql', 'dbt')(relation) -}}
{%- endmacro %}

{% macro default__get_drop_sql(relation) -%}
{%- if relation.is_view -%}
        {{ drop_view(relation) }}
{%- elif relation.is_table -%}
        {{ drop_table(relation) }}
{%- elif relation.is_materialized_view -%}
        {{ drop_materialized_view(relation) }}
{%- else -%}
        drop {{ relation.type }} if exists {{ relation.render() }} cascade
{%- endif -%}
{%- endmacro %}

{% macro drop_table(relation) %}{{- adapter.dispatch('drop_table', 'dbt')(relation) -}}{% endmacro %}

{% macro default__drop_table(relation) -%}
    drop table if exists {{ relation.render() }} cascade
{%- endmacro %}

{% macro drop_view(relation) %}{{- adapter.dispatch('drop_view', 'dbt')(relation) -}}{% endmacro %}

{% macro default__drop_view(relation) -%}
    drop view if exists {{ relation.render() }} cascade
{%- endmacro %}

{% macro drop_materialized_view(relation) %}{{- adapter.dispatch('drop_materialized_view', 'dbt')(relation) -}}{% endmacro %}

{% macro default__drop_materialized_view(relation) -%}
    drop materialized view if exists {{ relation.render() }} cascade
{%- endmacro %}

{% macro get_rename_sql(relation, new_name) -%}
{{- log('Applying RENAME to: ' ~ relation) -}}
{{- adapter.dispatch('get_rename_sql', 'dbt')(relation, new_name) -}}
{%- endmacro %}

{% macro default__get_rename_sql(relation, new_name) -%}
{%- if relation.is_view -%}
        {{ get_rename_view_sql(relation, new_name) }}
{%- elif relation.is_table -%}
        {{ get_rename_table_sql(relation, new_name) }}
{%- elif relation.is_materialized_view -%}
        {{ get_rename_materialized_view_sql(relation, new_name) }}
{%- else -%}
{% do exceptions.raise_compiler_error("`get_rename_sql` has not been implemented for: " ~ relation.type) %}
{%- endif -%}
{%- endmacro %}

{% macro get_replace_sql(existing_relation, target_relation, sql) %}
{{- log('Applying REPLACE to: ' ~ existing_relation) -}}
{{- adapter.dispatch('get_replace_sql', 'dbt')(existing_relation, target_relation, sql) -}}
{% endmacro %}

{# In one statement where the adapter can, else beside what is there, and then in its place. #}
{% macro default__get_replace_sql(existing_relation, target_relation, sql) %}
{%- set at_once = existing_relation.type == target_relation.type and existing_relation.can_be_replaced -%}
{%- if at_once and existing_relation.is_view -%}
{{ get_replace_view_sql(target_relation, sql) }}
{%- elif at_once and existing_relation.is_table -%}
{{ get_replace_table_sql(target_relation, sql) }}
{%- elif at_once and existing_relation.is_materialized_view -%}
{{ get_replace_materialized_view_sql(target_relation, sql) }}
{%- elif target_relation.can_be_renamed and existing_relation.can_be_renamed -%}
{{ get_create_intermediate_sql(target_relation, sql) }};
{{ get_create_backup_sql(existing_relation) }};
{{ get_rename_intermediate_sql(target_relation) }};
{{ get_drop_backup_sql(existing_relation) }}
{%- elif target_relation.can_be_renamed -%}
{{ get_create_intermediate_sql(target_relation, sql) }};
{{ get_drop_sql(existing_relation) }};
{{ get_rename_intermediate_sql(target_relation) }}
{%- elif existing_relation.can_be_renamed -%}
{{ get_create_backup_sql(existing_relation) }};
{{ get_create_sql(target_relation, sql) }};
{{ get_drop_backup_sql(existing_relation) }}
{%- else -%}
{{ get_drop_sql(existing_relation) }};
{{ get_create_sql(target_relation, sql) }}
{%- endif -%}
{% endmacro %}

{# What dbt-duckdb has no statement for, a project can: duckdb__get_rename_table_sql. #}
{% macro get_rename_table_sql(relation, new_name) %}{{- adapter.dispatch('get_rename_table_sql', 'dbt')(relation, new_name) -}}{% endmacro %}

{% macro default__get_rename_table_sql(relation, new_name) %}{% do elt_not_implemented('get_rename_table_sql') %}{% endmacro %}

{% macro get_rename_view_sql(relation, new_name) %}{{- adapter.dispatch('get_rename_view_sql', 'dbt')(relation, new_name) -}}{% endmacro %}

{% macro default__get_rename_view_sql(relation, new_name) %}{% do elt_not_implemented('get_rename_view_sql') %}{% endmacro %}

{% macro get_rename_materialized_view_sql(relation, new_name) %}{{- adapter.dispatch('get_rename_materialized_view_sql', 'dbt')(relation, new_name) -}}{% endmacro %}

{% macro default__get_rename_materialized_view_sql(relation, new_name) %}{% do elt_not_implemented('get_rename_materialized_view_sql') %}{% endmacro %}

{% macro get_replace_table_sql(relation, sql) %}{{- adapter.dispatch('get_replace_table_sql', 'dbt')(relation, sql) -}}{% endmacro %}

{% macro default__get_replace_table_sql(relation, sql) %}{% do elt_not_implemented('get_replace_table_sql') %}{% endmacro %}

{% macro get_replace_view_sql(relation, sql) %}{{- adapter.dispatch('get_replace_view_sql', 'dbt')(relation, sql) -}}{% endmacro %}

{% macro default__get_replace_view_sql(relation, sql) %}{% do elt_not_implemented('get_replace_view_sql') %}{% endmacro %}

{% macro get_replace_materialized_view_sql(relation, sql) %}{{- adapter.dispatch('get_replace_materialized_view_sql', 'dbt')(relation, sql) -}}{% endmacro %}

{% macro default__get_replace_materialized_view_sql(relation, sql) %}{% do elt_not_implemented('get_replace_materialized_view_sql') %}{% endmacro %}

{% macro get_create_materialized_view_as_sql(relation, sql) %}{{- adapter.dispatch('get_create_materialized_view_as_sql', 'dbt')(relation, sql) -}}{% endmacro %}

{% macro default__get_create_materialized_view_as_sql(relation, sql) %}{% do elt_not_implemented('get_create_materialized_view_as_sql') %}{% endmacro %}

{% macro refresh_materialized_view(relation) %}{{- adapter.dispatch('refresh_materialized_view', 'dbt')(relation) -}}{% endmacro %}

{% macro default__refresh_materialized_view(relation) %}{% do elt_not_implemented('refresh_materialized_view') %}{% endmacro %}
