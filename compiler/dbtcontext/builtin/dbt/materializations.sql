{# What materializations of a project call. elt runs them against a candidate, and what they say of
   comments and indexes becomes a part of the publish. #}

{# A hook as text, for a project file that says when it runs. #}
{% macro make_hook_config(sql, inside_transaction) %}{{ tojson({'sql': sql, 'transaction': inside_transaction}) }}{% endmacro %}

{% macro before_begin(sql) %}{{ make_hook_config(sql, inside_transaction=False) }}{% endmacro %}

{% macro in_transaction(sql) %}{{ make_hook_config(sql, inside_transaction=True) }}{% endmacro %}

{% macro after_commit(sql) %}{{ make_hook_config(sql, inside_transaction=False) }}{% endmacro %}

{% macro run_hooks(hooks, inside_transaction=true) %}
{% for hook in hooks if hook.get('transaction', true) == inside_transaction %}
{% set text = render(hook.get('sql')) | trim %}
{% if text %}{% call statement(auto_begin=inside_transaction) %}{{ text }}{% endcall %}{% endif %}
{% endfor %}
{% endmacro %}

{% macro create_table_as(temporary, relation, compiled_code, language='sql') -%}
{{ return(adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code, language)) }}
{%- endmacro %}

{% macro default__create_table_as(temporary, relation, sql) -%}
{{ duckdb__create_table_as(temporary, relation, sql) }}
{%- endmacro %}

{% macro get_create_table_as_sql(temporary, relation, sql) -%}
{{ adapter.dispatch('get_create_table_as_sql', 'dbt')(temporary, relation, sql) }}
{%- endmacro %}

{% macro default__get_create_table_as_sql(temporary, relation, sql) -%}
{{ return(create_table_as(temporary, relation, sql)) }}
{%- endmacro %}

{% macro create_view_as(relation, sql) -%}
{{ adapter.dispatch('create_view_as', 'dbt')(relation, sql) }}
{%- endmacro %}

{% macro default__create_view_as(relation, sql) -%}
{{ duckdb__create_view_as(relation, sql) }}
{%- endmacro %}

{% macro get_create_view_as_sql(relation, sql) -%}
{{ adapter.dispatch('get_create_view_as_sql', 'dbt')(relation, sql) }}
{%- endmacro %}

{% macro default__get_create_view_as_sql(relation, sql) -%}
{{ return(create_view_as(relation, sql)) }}
{%- endmacro %}

{# What makes a view, for a block of a project that calls it, and for projects that replace one of
   the macros it calls. #}
{% macro materialization_view_default() %}
{% set existing, target = load_cached_relation(this), this.incorporate(type='view') %}
{% set between = make_intermediate_relation(target) %}
{% set backup = make_backup_relation(target, 'view' if existing is none else existing.type) %}
{% set left_between, left_backup = load_cached_relation(between), load_cached_relation(backup) %}
{{ run_hooks(pre_hooks, inside_transaction=false) }}
{{ drop_relation_if_exists(left_between) }}
{{ drop_relation_if_exists(left_backup) }}
{{ run_hooks(pre_hooks, inside_transaction=true) }}
{% call statement('main') %}{{ get_create_view_as_sql(between, sql) }}{% endcall %}
{% if existing is not none %}{% do adapter.rename_relation(existing, backup) %}{% endif %}
{% do adapter.rename_relation(between, target) %}
{% do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=true)) %}
{% do persist_docs(target, model) %}
{{ run_hooks(post_hooks, inside_transaction=true) }}
{% do adapter.commit() %}
{{ drop_relation_if_exists(backup) }}
{{ run_hooks(post_hooks, inside_transaction=false) }}
{{ return({'relations': [target]}) }}
{% endmacro %}

{# A view in one statement, for adapters that can. #}
{% macro create_or_replace_view() %}
{% set existing = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) %}
{% set target = api.Relation.create(identifier=model['alias'], schema=schema, database=database, type='view') %}
{{ run_hooks(pre_hooks) }}
{% if existing is not none and existing.is_table %}{{ handle_existing_table(should_full_refresh(), existing) }}{% endif %}
{% call statement('main') %}{{ get_create_view_as_sql(target, sql) }}{% endcall %}
{% do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing is not none and existing.is_view, full_refresh_mode=true)) %}
{{ run_hooks(post_hooks) }}
{{ return({'relations': [target]}) }}
{% endmacro %}

{% macro handle_existing_table(full_refresh, old_relation) %}{{ adapter.dispatch('handle_existing_table', 'dbt')(full_refresh, old_relation) }}{% endmacro %}

{% macro default__handle_existing_table(full_refresh, old_relation) %}{% do adapter.drop_relation(old_relation) %}{% endmacro %}

{% macro can_clone_table() %}{{ return(adapter.dispatch('can_clone_table', 'dbt')()) }}{% endmacro %}

{% macro default__can_clone_table() %}{{ return(False) }}{% endmacro %}

{% macro create_or_replace_clone(this_relation, defer_relation) %}{{ return(adapter.dispatch('create_or_replace_clone', 'dbt')(this_relation, defer_relation)) }}{% endmacro %}

{% macro default__create_or_replace_clone(this_relation, defer_relation) %}
    create or replace table {{ this_relation.render() }} clone {{ defer_relation.render() }}
{% endmacro %}
