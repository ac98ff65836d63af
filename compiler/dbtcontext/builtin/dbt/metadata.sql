{# What the database has, for packages that ask. #}

{% macro list_relations_without_caching(schema_relation) %}{{ return(adapter.dispatch('list_relations_without_caching', 'dbt')(schema_relation)) }}{% endmacro %}

{% macro default__list_relations_without_caching(schema_relation) %}{% do elt_not_implemented('list_relations_without_caching') %}{% endmacro %}

{% macro list_function_relations_without_caching(schema_relation) %}{{ return(adapter.dispatch('list_function_relations_without_caching', 'dbt')(schema_relation)) }}{% endmacro %}

{% macro default__list_function_relations_without_caching(schema_relation) %}{% do elt_not_implemented('list_function_relations_without_caching') %}{% endmacro %}

{% macro check_schema_exists(information_schema, schema) %}{{ return(adapter.dispatch('check_schema_exists', 'dbt')(information_schema, schema)) }}{% endmacro %}

{% macro default__check_schema_exists(information_schema, schema) %}
{{ return(run_query('select count(*) from ' ~ information_schema.replace(information_schema_view='SCHEMATA') ~ "
where catalog_name='" ~ information_schema.database ~ "' and schema_name='" ~ schema ~ "'")) }}
{% endmacro %}

{% macro list_schemas(database) %}{{ return(adapter.dispatch('list_schemas', 'dbt')(database)) }}{% endmacro %}

{% macro default__list_schemas(database) %}
{{ return(run_query('select distinct schema_name from ' ~ information_schema_name(database) ~ ".SCHEMATA where catalog_name ilike '" ~ database ~ "'")) }}
{% endmacro %}

{% macro get_catalog(information_schema, schemas) %}{{ return(adapter.dispatch('get_catalog', 'dbt')(information_schema, schemas)) }}{% endmacro %}

{% macro default__get_catalog(information_schema, schemas) %}{% do elt_not_implemented('get_catalog') %}{% endmacro %}

{% macro get_catalog_relations(information_schema, relations) %}{{ return(adapter.dispatch('get_catalog_relations', 'dbt')(information_schema, relations)) }}{% endmacro %}

{% macro default__get_catalog_relations(information_schema, relations) %}{% do elt_not_implemented('get_catalog_relations') %}{% endmacro %}

{% macro get_catalog_for_single_relation(relation) %}{{ return(adapter.dispatch('get_catalog_for_single_relation', 'dbt')(relation)) }}{% endmacro %}

{% macro default__get_catalog_for_single_relation(relation) %}{% do elt_not_implemented('get_catalog_for_single_relation') %}{% endmacro %}

{% macro get_relations() %}{{ return(adapter.dispatch('get_relations', 'dbt')()) }}{% endmacro %}

{% macro default__get_relations() %}{% do elt_not_implemented('get_relations') %}{% endmacro %}

{% macro get_relation_last_modified(information_schema, relations) %}{{ return(adapter.dispatch('get_relation_last_modified', 'dbt')(information_schema, relations)) }}{% endmacro %}

{% macro default__get_relation_last_modified(information_schema, relations) %}{% do elt_not_implemented('get_relation_last_modified') %}{% endmacro %}

{# How old a source is: the answer of a statement, with a table of max_loaded_at and snapshotted_at. #}
{% macro collect_freshness(source, loaded_at_field, filter) %}{{ return(adapter.dispatch('collect_freshness', 'dbt')(source, loaded_at_field, filter)) }}{% endmacro %}

{% macro default__collect_freshness(source, loaded_at_field, filter) %}
{% call statement('collect_freshness', fetch_result=true, auto_begin=false) -%}
select max({{ loaded_at_field }}) as max_loaded_at, {{ current_timestamp() }} as snapshotted_at
from {{ source }}
{{ 'where ' ~ filter if filter }}
{%- endcall %}
{{ return(load_result('collect_freshness')) }}
{% endmacro %}

{% macro collect_freshness_custom_sql(source, loaded_at_query) %}{{ return(adapter.dispatch('collect_freshness_custom_sql', 'dbt')(source, loaded_at_query)) }}{% endmacro %}

{% macro default__collect_freshness_custom_sql(source, loaded_at_query) %}
{% call statement('collect_freshness_custom_sql', fetch_result=true, auto_begin=false) -%}
with source_query as (
{{ loaded_at_query }}
)
select (select * from source_query) as max_loaded_at, {{ current_timestamp() }} as snapshotted_at
{%- endcall %}
{{ return(load_result('collect_freshness_custom_sql')) }}
{% endmacro %}

{# Whether this is the second dbt; elt answers as the first. #}
{% macro is_core_v2() %}{{ return(dbt_version.split('.')[0] | int == 2) }}{% endmacro %}

{# The query of "show", with its limit. #}
{% macro get_show_sql(compiled_code, sql_header, limit) -%}
{%- if sql_header is not none -%}
  {{ sql_header }}
{%- endif %}
  {{ get_limit_subquery_sql(compiled_code, limit) }}
{% endmacro %}
