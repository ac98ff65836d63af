{# What dbt loads a seed with. elt loads seeds by DuckDB's reader. #}

{% macro create_csv_table(model, agate_table) %}{{ adapter.dispatch('create_csv_table', 'dbt')(model, agate_table) }}{% endmacro %}

{% macro default__create_csv_table(model, agate_table) %}
{% set types, quoting, columns = model['config'].get('column_types', {}), model['config'].get('quote_columns', none), [] %}
{% for name in agate_table.column_names %}
{% do columns.append(adapter.quote_seed_column(name | string, quoting) ~ ' ' ~ types.get(name, adapter.convert_type(agate_table, loop.index0))) %}
{% endfor %}
{% set text = 'create table ' ~ this.render() ~ ' (' ~ columns | join(', ') ~ ')' %}
{% call statement('_') %}{{ text }}{% endcall %}
{{ return(text) }}
{% endmacro %}

{% macro reset_csv_table(model, full_refresh, old_relation, agate_table) %}{{ adapter.dispatch('reset_csv_table', 'dbt')(model, full_refresh, old_relation, agate_table) }}{% endmacro %}

{% macro default__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
{% if full_refresh %}
{% do adapter.drop_relation(old_relation) %}
{{ return(create_csv_table(model, agate_table)) }}
{% endif %}
{% do adapter.truncate_relation(old_relation) %}
{{ return('truncate table ' ~ old_relation.render()) }}
{% endmacro %}

{% macro get_csv_sql(create_or_truncate_sql, insert_sql) %}{{ adapter.dispatch('get_csv_sql', 'dbt')(create_or_truncate_sql, insert_sql) }}{% endmacro %}

{% macro default__get_csv_sql(create_or_truncate_sql, insert_sql) %}
    {{ create_or_truncate_sql }};
    -- dbt seed --
    {{ insert_sql }}
{% endmacro %}

{% macro get_binding_char() %}{{ adapter.dispatch('get_binding_char', 'dbt')() }}{% endmacro %}

{% macro default__get_binding_char() %}{{ return('%s') }}{% endmacro %}

{% macro get_batch_size() %}{{ return(adapter.dispatch('get_batch_size', 'dbt')()) }}{% endmacro %}

{% macro default__get_batch_size() %}{{ return(10000) }}{% endmacro %}

{% macro get_seed_column_quoted_csv(model, column_names) %}
{% set quoting, out = model['config'].get('quote_columns', none), [] %}
{% for name in column_names %}{% do out.append(adapter.quote_seed_column(name, quoting)) %}{% endfor %}
{{ return(out | join(', ')) }}
{% endmacro %}

{% macro load_csv_rows(model, agate_table) %}{{ adapter.dispatch('load_csv_rows', 'dbt')(model, agate_table) }}{% endmacro %}

{# The rows as they are in the table, in statements of get_batch_size() rows; the first of them is the answer. #}
{% macro default__load_csv_rows(model, agate_table) %}
{% set columns, statements = get_seed_column_quoted_csv(model, agate_table.column_names), [] %}
{% for chunk in agate_table.rows | batch(get_batch_size()) %}
{% set bindings, rows = [], [] %}
{% for row in chunk %}
{% do bindings.extend(row) %}
{% do rows.append('(' ~ ([get_binding_char()] * agate_table.column_names | length) | join(', ') ~ ')') %}
{% endfor %}
{% set text = 'insert into ' ~ this.render() ~ ' (' ~ columns ~ ') values ' ~ rows | join(', ') %}
{% do adapter.add_query(text, bindings=bindings, abridge_sql_log=true) %}
{% do statements.append(text) %}
{% endfor %}
{{ return(statements[0]) }}
{% endmacro %}
