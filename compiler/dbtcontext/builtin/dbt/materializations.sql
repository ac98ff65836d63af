{# What materializations of a project call. elt runs them against a candidate: comments,
   contracts and indexes that the model's config asks for are elt's own work. #}

{% macro run_hooks(hooks, inside_transaction=true) %}
{% for hook in hooks if hook.get('transaction', true) == inside_transaction %}
{% set text = render(hook.get('sql')) | trim %}
{% if text %}{% call statement(auto_begin=inside_transaction) %}{{ text }}{% endcall %}{% endif %}
{% endfor %}
{% endmacro %}

{% macro create_table_as(temporary, relation, compiled_code, language='sql') -%}
{{ return(adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code, language)) }}
{%- endmacro %}

{% macro default__create_table_as(temporary, relation, compiled_code, language='sql') -%}
{%- if language != 'sql' -%}
{% do exceptions.raise_compiler_error("create_table_as() takes sql only, not " ~ language) %}
{%- endif -%}
{{ config.get('sql_header') or '' }}
create {{ 'temporary ' if temporary }}table {{ relation.include(database=(not temporary), schema=(not temporary)) }}
as (
{{ compiled_code }}
);
{%- endmacro %}

{% macro create_view_as(relation, sql) -%}
{{ return(adapter.dispatch('create_view_as', 'dbt')(relation, sql)) }}
{%- endmacro %}

{% macro default__create_view_as(relation, sql) -%}
{{ config.get('sql_header') or '' }}
create view {{ relation }} as (
{{ sql }}
);
{%- endmacro %}

{% macro get_create_table_as_sql(temporary, relation, sql) %}{{ return(create_table_as(temporary, relation, sql)) }}{% endmacro %}

{% macro get_create_view_as_sql(relation, sql) %}{{ return(create_view_as(relation, sql)) }}{% endmacro %}

{% macro persist_docs(relation, model, for_relation=true, for_columns=true) %}{% endmacro %}

{% macro create_indexes(relation) %}{% endmacro %}

{% macro apply_grants(relation, grant_config, should_revoke=true) %}{% endmacro %}

{% macro should_revoke(existing_relation, full_refresh_mode=true) %}{{ return(false) }}{% endmacro %}
