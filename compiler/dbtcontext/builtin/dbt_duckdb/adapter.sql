{# What DuckDB does of the calls that macros of dbt's name leave to an adapter. #}

{% macro duckdb__create_schema(relation) %}{% call statement('create_schema') %}create schema if not exists {{ relation.without_identifier() }}{% endcall %}{% endmacro %}

{% macro duckdb__drop_schema(relation) %}{% call statement('drop_schema') %}drop schema if exists {{ relation.without_identifier() }} cascade{% endcall %}{% endmacro %}

{% macro duckdb__check_schema_exists(information_schema, schema) %}
{{ return(run_query("select count(*) from system.information_schema.schemata where lower(schema_name) = '" ~ schema | lower
    ~ "' and lower(catalog_name) = '" ~ information_schema.database | lower ~ "'")) }}
{% endmacro %}

{% macro duckdb__drop_relation(relation) %}{% call statement('drop_relation', auto_begin=false) %}drop {{ relation.type }} if exists {{ relation }} cascade{% endcall %}{% endmacro %}

{% macro duckdb__rename_relation(from_relation, to_relation) %}
{% call statement('rename_relation') %}alter {{ to_relation.type }} {{ from_relation }} rename to {{ adapter.quote_as_configured(to_relation.identifier, 'identifier') }}{% endcall %}
{% endmacro %}

{% macro duckdb__get_columns_in_relation(relation) %}{{ return(_elt.adapter.get_columns_in_relation(relation)) }}{% endmacro %}

{# A table of database, name, schema and type: what a run has made of a relation is there, hidden
   tables are not. #}
{% macro duckdb__list_relations_without_caching(schema_relation) %}
{% set rows = [] %}
{% for found in _elt.adapter.list_relations(schema_relation.database, schema_relation.schema) %}
{% set cells = [] %}
{% for cell in (found.database, found.identifier, found.schema, found.type) %}{% do cells.append("'" ~ adapter.escape_sql_string(cell) ~ "'") %}{% endfor %}
{% do rows.append('(' ~ cells | join(', ') ~ ')') %}
{% endfor %}
{{ return(run_query('select * from (values ' ~ (rows or ["('', '', '', '')"]) | join(', ') ~ ') as found(database, name, schema, type)' ~ ('' if rows else ' where false'))) }}
{% endmacro %}

{% macro duckdb__alter_relation_add_remove_columns(relation, add_columns, remove_columns) %}
{% for column in add_columns or [] %}{% do run_query('alter ' ~ relation.type ~ ' ' ~ relation ~ ' add column ' ~ api.Relation.create(identifier=column.name) ~ ' ' ~ column.data_type) %}{% endfor %}
{% for column in remove_columns or [] %}{% do run_query('alter ' ~ relation.type ~ ' ' ~ relation ~ ' drop column ' ~ api.Relation.create(identifier=column.name)) %}{% endfor %}
{% endmacro %}

{% macro duckdb__apply_grants(relation, grant_config, should_revoke=True) %}{% endmacro %}

{# Any text, as it is: between dollars, with a word that no text has. #}
{% macro duckdb_escape_comment(comment) -%}
{%- if comment is not string %}{% do exceptions.raise_compiler_error('a comment is a text, not ' ~ comment) %}{% endif -%}
{%- set quote = '$dbt_comment_literal_block$' -%}
{%- if quote in comment %}{% do exceptions.raise_compiler_error('The string ' ~ quote ~ ' is not allowed in comments.') %}{% endif -%}
{{ quote }}{{ comment }}{{ quote }}
{%- endmacro %}

{% macro duckdb__alter_relation_comment(relation, comment) %}
  comment on {{ relation.type }} {{ relation }} is {{ duckdb_escape_comment(comment) }};
{% endmacro %}

{% macro duckdb__alter_column_comment(relation, column_dict) %}
{%- set there = adapter.get_columns_in_relation(relation) | map(attribute='name') | list %}
{%- for name, column in column_dict.items() if name in there %}
    comment on column {{ relation }}.{{ adapter.quote(name) if column['quote'] else name }} is {{ duckdb_escape_comment(column['description']) }};
{%- endfor %}
{% endmacro %}

{% macro duckdb__get_create_index_sql(relation, index_dict) -%}
{%- set index = adapter.parse_index(index_dict) -%}
create {{ 'unique ' if index.unique }}index "{{ index.render(relation) }}" on {{ relation }} ({{ index.columns | join(', ') }});
{%- endmacro %}

{% macro duckdb__get_binding_char() %}{{ return(adapter.get_binding_char()) }}{% endmacro %}

{% macro duckdb__get_batch_size() %}{{ return(10000) }}{% endmacro %}

{# A header cannot stand before DESCRIBE: it is run by itself. #}
{% macro duckdb__get_empty_subquery_sql(select_sql, select_sql_header=none) %}
    {%- if select_sql_header is not none %}{% do run_query(select_sql_header) %}{% endif -%}
    select * from (
        {{ select_sql }}
    ) as __dbt_sbq
    where false
    limit 0
{% endmacro %}

{# A list of texts, of what may be one text. #}
{% macro normalize_string_or_list(raw, field_name) %}
{% if raw is mapping or (raw is not none and raw is not string and raw is not sequence) %}{% do exceptions.raise_compiler_error(field_name ~ ' must be a list of strings or a string') %}{% endif %}
{% set out = [] if raw is none else [raw] if raw is string else raw | list %}
{% for item in out if item is not string %}{% do exceptions.raise_compiler_error(field_name ~ ' list values must be non-empty strings') %}{% endfor %}
{{ return(out) }}
{% endmacro %}

{# The tables and columns of a database, as catalog.json has them. #}
{% macro duckdb__get_catalog(information_schema, schemas) %}
{{ return(run_query(elt_catalog_sql(information_schema.database, duckdb__get_catalog_schemas_where_clause_sql(schemas)))) }}
{% endmacro %}

{% macro duckdb__get_catalog_relations(information_schema, relations) %}
{{ return(run_query(elt_catalog_sql(information_schema.database, duckdb__get_catalog_relations_where_clause_sql(relations)))) }}
{% endmacro %}

{% macro duckdb__get_catalog_schemas_where_clause_sql(schemas) -%}
{%- set conditions = [] -%}
{%- for schema in schemas %}{% do conditions.append("upper(table_schema) = upper('" ~ schema ~ "')") %}{% endfor -%}
where ({{ conditions | join(' or ') or '1 = 0' }})
{%- endmacro %}

{% macro duckdb__get_catalog_relations_where_clause_sql(relations) -%}
{%- set conditions = [] -%}
{%- for relation in relations -%}
{%- if not relation.schema %}{% do exceptions.raise_compiler_error('`get_catalog_relations` requires a list of relations, each with a schema') %}{% endif -%}
{%- do conditions.append("(upper(table_schema) = upper('" ~ relation.schema ~ "')" ~ (" and upper(table_name) = upper('" ~ relation.identifier ~ "')" if relation.identifier else '') ~ ')') -%}
{%- endfor -%}
where ({{ conditions | join(' or ') or '1 = 0' }})
{%- endmacro %}

{# DuckDB has no MERGE in dbt-duckdb's snapshots: versions are ended, then added. #}
{% macro duckdb__snapshot_merge_sql(target, source, insert_cols) %}
{% set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() %}
{% set end, until = 'DBT_INTERNAL_TARGET.' ~ columns.dbt_valid_to, config.get('dbt_valid_to_current') %}
update {{ target }} as DBT_INTERNAL_TARGET
set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}
from {{ source }} as DBT_INTERNAL_SOURCE
where DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }}::text = DBT_INTERNAL_TARGET.{{ columns.dbt_scd_id }}::text
  and DBT_INTERNAL_SOURCE.dbt_change_type::text in ('update'::text, 'delete'::text)
  and {{ '(' ~ end ~ ' = ' ~ until ~ ' or ' ~ end ~ ' is null)' if until else end ~ ' is null' }};

insert into {{ target }} ({{ insert_cols | join(', ') }})
select {% for column in insert_cols %}DBT_INTERNAL_SOURCE.{{ column }}{{ ', ' if not loop.last }}{% endfor %}

from {{ source }} as DBT_INTERNAL_SOURCE
where DBT_INTERNAL_SOURCE.dbt_change_type::text = 'insert'::text;
{% endmacro %}

{% macro duckdb__post_snapshot(temporary_relation) %}{% do return(drop_relation(temporary_relation)) %}{% endmacro %}

{% macro duckdb__load_csv_rows(model, agate_table) %}
{% if config.get('fast', true) %}
{% set text = 'copy ' ~ this.render() ~ " from '" ~ adapter.get_seed_file_path(model) ~ "' (format csv, header true, delimiter '" ~ config.get('delimiter', ',') ~ "')" %}
{% do adapter.add_query(text, abridge_sql_log=true) %}
{{ return(text) }}
{% endif %}
{{ return(default__load_csv_rows(model, adapter.convert_datetimes_to_strs(agate_table))) }}
{% endmacro %}
