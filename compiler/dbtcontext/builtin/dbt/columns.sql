{# Columns of relations and of queries. #}

{% macro get_columns_in_relation(relation) %}{{ return(adapter.dispatch('get_columns_in_relation', 'dbt')(relation)) }}{% endmacro %}

{% macro default__get_columns_in_relation(relation) %}{% do elt_not_implemented('get_columns_in_relation') %}{% endmacro %}

{# Columns out of a table with a row for each: name, type, length, precision, scale. #}
{% macro sql_convert_columns_in_relation(table) %}
{% set columns = [] %}
{% for row in table %}{% do columns.append(api.Column(*row)) %}{% endfor %}
{{ return(columns) }}
{% endmacro %}

{% macro get_list_of_column_names(columns) %}{{ return(columns | map(attribute='name') | list) }}{% endmacro %}

{% macro get_quoted_csv(column_names) %}
{% set quoted = [] %}
{% for name in column_names %}{% do quoted.append(adapter.quote(name)) %}{% endfor %}
{{ return(quoted | join(', ')) }}
{% endmacro %}

{# The columns of the first list that the second has not. #}
{% macro diff_columns(source_columns, target_columns) %}
{% set known = target_columns | map(attribute='column') | list %}
{% set missing = [] %}
{% for column in source_columns if column.column not in known %}{% do missing.append(column) %}{% endfor %}
{{ return(missing) }}
{% endmacro %}

{% macro get_empty_subquery_sql(select_sql, select_sql_header=none) %}{{ return(adapter.dispatch('get_empty_subquery_sql', 'dbt')(select_sql, select_sql_header)) }}{% endmacro %}

{% macro default__get_empty_subquery_sql(select_sql, select_sql_header=none) -%}
{{ select_sql_header if select_sql_header is not none }}select * from (
        {{ select_sql }}
    ) as __dbt_sbq
    where false
    limit 0
{% endmacro %}

{% macro get_limit_subquery_sql(sql, limit) %}{{ adapter.dispatch('get_limit_sql', 'dbt')(sql, limit) }}{% endmacro %}

{% macro default__get_limit_sql(sql, limit) %}
  {{ sql }}
  {{ '' }}
  {{ 'limit ' ~ limit if limit is not none }}
{%- endmacro %}

{% macro get_column_schema_from_query(select_sql, select_sql_header=none) %}
{{ return(adapter.get_column_schema_from_query(get_empty_subquery_sql(select_sql, select_sql_header))) }}
{% endmacro %}

{% macro get_columns_in_query(select_sql) %}{{ return(adapter.dispatch('get_columns_in_query', 'dbt')(select_sql)) }}{% endmacro %}

{% macro default__get_columns_in_query(select_sql) %}
{% call statement('get_columns_in_query', fetch_result=True, auto_begin=False) %}{{ get_empty_subquery_sql(select_sql) }}{% endcall %}
{{ return(load_result('get_columns_in_query').table.columns | map(attribute='name') | list) }}
{% endmacro %}

{# A query without rows whose columns are those that a property file declares. #}
{% macro get_empty_schema_sql(columns) %}{{ return(adapter.dispatch('get_empty_schema_sql', 'dbt')(columns)) }}{% endmacro %}

{% macro default__get_empty_schema_sql(columns) %}
{%- set untyped, unscaled = [], [] %}
    select
    {% for key in columns %}
{%- set column = columns[key] %}
{%- if column['data_type'] is not defined %}{% do untyped.append(column['name']) %}
{%- elif column['data_type'].strip().lower() in ('numeric', 'decimal', 'number') %}{% do unscaled.append(column['name']) %}{% endif %}
      {{ cast('null', column['data_type']) }} as {{ adapter.quote(column['name']) if column.get('quote') else column['name'] }}{{ ', ' if not loop.last }}
    {%- endfor %}
{%- if untyped %}{{ exceptions.column_type_missing(column_names=untyped) }}
{%- elif unscaled %}{{ exceptions.warn('these columns are numeric without a precision and scale, so that values may be rounded: ' ~ unscaled | join(', ')) }}{% endif %}
{% endmacro %}

{% macro alter_column_type(relation, column_name, new_column_type) %}{{ return(adapter.dispatch('alter_column_type', 'dbt')(relation, column_name, new_column_type)) }}{% endmacro %}

{# By way of a second column, as it goes on every database. #}
{% macro default__alter_column_type(relation, column_name, new_column_type) %}
{% set old, new = adapter.quote(column_name), adapter.quote(column_name ~ '__dbt_alter') %}
{% call statement('alter_column_type') %}
alter table {{ relation.render() }} add column {{ new }} {{ new_column_type }};
update {{ relation.render() }} set {{ new }} = {{ old }};
alter table {{ relation.render() }} drop column {{ old }} cascade;
alter table {{ relation.render() }} rename column {{ new }} to {{ old }}
{% endcall %}
{% endmacro %}

{% macro alter_relation_add_remove_columns(relation, add_columns=none, remove_columns=none) %}{{ return(adapter.dispatch('alter_relation_add_remove_columns', 'dbt')(relation, add_columns, remove_columns)) }}{% endmacro %}

{% macro default__alter_relation_add_remove_columns(relation, add_columns, remove_columns) %}
{% set parts = [] %}
{% for column in add_columns or [] %}{% do parts.append('add column ' ~ column.quoted ~ ' ' ~ column.expanded_data_type) %}{% endfor %}
{% for column in remove_columns or [] %}{% do parts.append('drop column ' ~ column.quoted) %}{% endfor %}
{% do run_query('alter ' ~ relation.type ~ ' ' ~ relation.render() ~ ' ' ~ parts | join(', ')) %}
{% endmacro %}

{% macro diff_column_data_types(source_columns, target_columns) %}{{ return(adapter.dispatch('diff_column_data_types', 'dbt')(source_columns, target_columns)) }}{% endmacro %}

{# The columns of the target that have another type in the source, with that type. #}
{% macro default__diff_column_data_types(source_columns, target_columns) %}
{% set changed = [] %}
{% for new in source_columns %}
{% set old = target_columns | selectattr('name', 'equalto', new.name) | list | first %}
{% if old and new.expanded_data_type != old.expanded_data_type and not new.can_expand_to(other_column=old) %}
{% do changed.append({'column_name': old.name, 'new_type': new.expanded_data_type}) %}
{% endif %}
{% endfor %}
{{ return(changed) }}
{% endmacro %}
