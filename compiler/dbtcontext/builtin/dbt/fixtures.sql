{# The rows of a unit test as queries. elt makes its own, with the types of the columns. #}

{% macro get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) %}{{ adapter.dispatch('get_unit_test_sql', 'dbt')(main_sql, expected_fixture_sql, expected_column_names) }}{% endmacro %}

{% macro default__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
{%- set columns = expected_column_names | join(', ') -%}
with dbt_internal_unit_test_actual as (
  select {{ columns }}, {{ dbt.string_literal('actual') }} as {{ adapter.quote('actual_or_expected') }}
  from (
    {{ main_sql }}
  ) _dbt_internal_unit_test_actual
),

dbt_internal_unit_test_expected as (
  select {{ columns }}, {{ dbt.string_literal('expected') }} as {{ adapter.quote('actual_or_expected') }}
  from (
    {{ expected_fixture_sql }}
  ) _dbt_internal_unit_test_expected
)

select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected
{%- endmacro %}

{# Columns that a row leaves out are NULL. #}
{% macro get_fixture_sql(rows, column_name_to_data_types) %}
{%- set types, quoted, blank = {}, {}, {} %}
{%- for name, type in (column_name_to_data_types or {}).items() %}{% do types.update({name: type}) %}{% do quoted.update({name: name}) %}{% endfor %}
{%- if not types %}
{%- for column in adapter.get_columns_in_relation(this) %}{% do types.update({column.name | lower: column.data_type}) %}{% do quoted.update({column.name | lower: column.quoted}) %}{% endfor %}
{%- endif %}
{%- if not types %}{% do exceptions.raise_compiler_error("the columns of '" ~ model.name ~ "' are not known: " ~ this ~ " does not exist") %}{% endif %}
{%- for name, type in types.items() %}{% do blank.update({name: safe_cast('null', type) | trim}) %}{% endfor %}
{%- do validate_fixture_rows(rows, none) %}
{%- for row in rows or [{}] %}
{%- set cells = dict(blank, **format_row(row, types)) %}
select{% for name, value in cells.items() %} {{ value }} as {{ quoted[name] }}{{ ',' if not loop.last }}{% endfor %}
{{ 'union all' if not loop.last else 'limit 0' if not rows }}
{%- endfor %}
{% endmacro %}

{% macro get_expected_sql(rows, column_name_to_data_types, column_name_to_quoted) %}
{%- if not rows %}
select * from dbt_internal_unit_test_actual
limit 0
{%- endif %}
{%- for row in rows %}
select{% for name, value in format_row(row, column_name_to_data_types).items() %} {{ value }} as {{ column_name_to_quoted[name] }}{{ ',' if not loop.last }}{% endfor %}
{{ 'union all' if not loop.last }}
{%- endfor %}
{% endmacro %}

{# A row as SQL, by names in lower case. #}
{% macro format_row(row, column_name_to_data_types) %}
{%- set out = {} -%}
{%- for given, value in row.items() -%}
{%- set name = given | lower -%}
{%- if name not in column_name_to_data_types %}
{%- do exceptions.raise_compiler_error("Invalid column name: '" ~ name ~ "' in unit test fixture for " ~ ('expected output' if model.resource_type == 'unit_test' else "'" ~ model.name ~ "'") ~ "; there are " ~ column_name_to_data_types.keys() | list) %}
{%- endif -%}
{%- set type = column_name_to_data_types[name] -%}
{%- set type = type.split('(')[0] if value is string and 'varying' in type else type -%}
{%- set literal = 'null' if value is none else dbt.string_literal(dbt.escape_single_quotes(value)) if value is string else value -%}
{%- do out.update({name: safe_cast(literal, type)}) -%}
{%- endfor -%}
{{ return(out) }}
{%- endmacro %}

{% macro validate_fixture_rows(rows, row_number) %}{{ return(adapter.dispatch('validate_fixture_rows', 'dbt')(rows, row_number)) }}{% endmacro %}

{# For adapters that cannot make every row a query. #}
{% macro default__validate_fixture_rows(rows, row_number) %}{% endmacro %}
