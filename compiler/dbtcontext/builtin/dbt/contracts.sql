{# The columns that an enforced contract promises, as DDL, and whether a query has them. #}

{% macro get_table_columns_and_constraints() %}{{- adapter.dispatch('get_table_columns_and_constraints', 'dbt')() -}}{% endmacro %}

{% macro default__get_table_columns_and_constraints() %}{{ return(table_columns_and_constraints()) }}{% endmacro %}

{% macro table_columns_and_constraints() %}
    (
    {{ (adapter.render_raw_columns_constraints(raw_columns=model['columns']) + adapter.render_raw_model_constraints(raw_constraints=model['constraints'])) | join(',\n    ') }}
    )
{% endmacro %}

{% macro get_assert_columns_equivalent(sql) %}{{- adapter.dispatch('get_assert_columns_equivalent', 'dbt')(sql) -}}{% endmacro %}

{% macro default__get_assert_columns_equivalent(sql) %}{{ return(assert_columns_equivalent(sql)) }}{% endmacro %}

{# An error where the names and types are not the same; their order does not count. #}
{% macro assert_columns_equivalent(sql) %}
{%- set declared = model['columns'] -%}
{%- if not declared %}{% do exceptions.raise_contract_error([], []) %}{% endif -%}
{%- set made = format_columns(get_column_schema_from_query(sql, config.get('sql_header', none))) -%}
{%- set promised = format_columns(get_column_schema_from_query(get_empty_schema_sql(declared))) -%}
{%- if made | map(attribute='formatted') | sort != promised | map(attribute='formatted') | sort %}{% do exceptions.raise_contract_error(promised, made) %}{% endif -%}
{% endmacro %}

{% macro format_columns(columns) %}
{% set out = [] %}
{% for column in columns %}{% do out.append(adapter.dispatch('format_column', 'dbt')(column)) %}{% endfor %}
{{ return(out) }}
{% endmacro %}

{% macro default__format_column(column) %}{{ return({'name': column.name, 'data_type': column.dtype, 'formatted': column.column.lower() ~ ' ' ~ column.dtype}) }}{% endmacro %}

{# The query, with its columns in the order of the contract. #}
{% macro get_select_subquery(sql) %}{{ return(adapter.dispatch('get_select_subquery', 'dbt')(sql)) }}{% endmacro %}

{% macro default__get_select_subquery(sql) %}
    select {{ adapter.dispatch('get_column_names', 'dbt')() }}
    from (
        {{ sql }}
    ) as model_subq
{%- endmacro %}

{% macro default__get_column_names() -%}
{%- for column in model['columns'].values() -%}
{{ adapter.quote(column['name']) if column.get('quote') else column['name'] }}{{ ', ' if not loop.last }}
{%- endfor -%}
{% endmacro %}
