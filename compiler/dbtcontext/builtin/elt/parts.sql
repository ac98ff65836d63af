{# What the built-in macros share. #}

{% macro elt_not_implemented(name) %}{% do exceptions.raise_compiler_error('`' ~ name ~ '` has not been implemented for this adapter: write a macro duckdb__' ~ name) %}{% endmacro %}

{# The columns of a contract as DDL, without its foreign keys: DuckDB renames no table that has one,
   so the candidate could not take the table's place. #}
{% macro elt_promised_columns() %}
{%- set columns, constraints = {}, [] -%}
{%- for name, column in model['columns'].items() %}{% do columns.update({name: dict(column, constraints=column['constraints'] | rejectattr('type', 'equalto', 'foreign_key') | list)}) %}{% endfor -%}
{%- for constraint in model['constraints'] if constraint.type != 'foreign_key' %}{% do constraints.append(constraint) %}{% endfor -%}
({{ (adapter.render_raw_columns_constraints(raw_columns=columns) + adapter.render_raw_model_constraints(raw_constraints=constraints)) | join(', ') }})
{%- endmacro %}

{% macro elt_catalog_sql(database, condition) -%}
with found as (
    select database_name as table_database, schema_name as table_schema, table_name, 'BASE TABLE' as table_type, comment as table_comment from duckdb_tables()
    union all
    select database_name, schema_name, view_name, 'VIEW', comment from duckdb_views()
),

kept as (
    select * from found
    {{ condition }} and upper(table_database) = upper('{{ database }}') and table_name not like '\_elt\_%' escape '\'
)

select kept.*, column_name, column_index, data_type as column_type, c.comment as column_comment, null as table_owner
from kept
join duckdb_columns() as c on c.database_name = table_database and c.schema_name = table_schema and c.table_name = kept.table_name
order by table_schema, kept.table_name, column_index
{%- endmacro %}
