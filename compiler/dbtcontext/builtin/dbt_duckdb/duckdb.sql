{# What DuckDB writes in another way than the default. #}

{# An interval times a number works for literals and for columns alike; quarters
   and weeks are counted in months and days. #}
{% macro duckdb__dateadd(datepart, interval, from_date_or_timestamp) %}

    {% set unit = datepart | lower -%}
    {%- set factor = {'quarter': 3, 'week': 7}.get(unit) -%}
    {%- set part = {'quarter': 'month', 'week': 'day'}.get(unit, unit) -%}
    {%- set count = 'cast(' ~ interval ~ ' as bigint)' -%}
    ({{ from_date_or_timestamp }} + {{ '(' ~ count ~ ' * ' ~ factor ~ ')' if factor else count }} * interval 1 {{ part }})
{%- endmacro %}

{# Weeks begin on Sunday, as on other databases, and are counted by their starts. #}
{% macro duckdb__datediff(first_date, second_date, datepart) -%}
{% if datepart == 'week' %}
            ({{ datediff(first_date, second_date, 'day') }} // 7 + case
            when date_part('dow', ({{ first_date }})::timestamp) <= date_part('dow', ({{ second_date }})::timestamp) then
                case when {{ first_date }} <= {{ second_date }} then 0 else -1 end
            else
                case when {{ first_date }} <= {{ second_date }} then 1 else 0 end
        end)
{%- else %}
        (date_diff('{{ datepart }}', {{ first_date }}::timestamp, {{ second_date }}::timestamp ))
{%- endif %}
    {% endmacro %}

{% macro duckdb__last_day(date, datepart) -%}
{%- if datepart == 'quarter' -%}
-- duckdb dateadd does not support quarter interval.
    cast(
        {{ dbt.dateadd('day', '-1', dbt.dateadd('month', '3', dbt.date_trunc(datepart, date))) }}
        as date)
{%- else -%}
{{ dbt.default_last_day(date, datepart) }}
{%- endif -%}
{%- endmacro %}

{% macro duckdb__date(year, month, day) %}make_date({{ year }}, {{ month }}, {{ day }}){% endmacro %}

{% macro duckdb__current_timestamp() %}now(){% endmacro %}

{% macro duckdb__snapshot_get_time() %}{{ current_timestamp() }}::timestamp{% endmacro %}

{% macro duckdb__snapshot_string_as_time(timestamp) %}{{ return("'" ~ timestamp ~ "'::timestamp") }}{% endmacro %}

{% macro duckdb__any_value(expression) %}arbitrary({{ expression }}){% endmacro %}

{% macro duckdb__generate_series(upper_bound) %}
    select
        generate_series as generated_number
    from generate_series(1, {{ upper_bound }})
{% endmacro %}

{% macro duckdb__split_part(string_text, delimiter_text, part_number) %}
    string_split({{ string_text }}, {{ delimiter_text }})[ {{ part_number }} ]
{% endmacro %}

{% macro duckdb__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
{% set order = order_by_clause or '' -%}
{% if limit_num -%}
    list_aggr(
        (array_agg(
            {{ measure }}
            {{ order }}
        ))[1:{{ limit_num }}],
        'string_agg',
        {{ delimiter_text }}
        )
{%- else %}
    string_agg(
        {{ measure }},
        {{ delimiter_text }}
        {{ order }}
        )
{%- endif %}
{%- endmacro %}

{% macro duckdb__list_schemas(database) %}
{{ return(run_query('select schema_name from system.information_schema.schemata'
    ~ (" where lower(catalog_name) = '" ~ database | lower ~ "'" if database is not none else ''))) }}
{% endmacro %}

{# A temporary table: it has no database and no schema. #}
{% macro duckdb__make_temp_relation(base_relation, suffix) %}
{{ return(base_relation.incorporate(path={
    'identifier': base_relation.identifier ~ suffix ~ py_current_timestring(),
    'schema': none,
    'database': none
})) }}
{% endmacro %}

{% macro external_location(relation, config) -%}
{%- set folder = config.get('options', {}).get('partition_by') is not none or config.get('partition_by') or config.get('incremental_strategy') in ('append', 'insert_overwrite') -%}
{{ adapter.external_root() }}/{{ relation.identifier }}{{ '' if folder else '.' ~ config.get('format', 'parquet') }}
{%- endmacro %}

{% macro location_exists(location) %}{% do return(adapter.location_exists(location)) %}{% endmacro %}

{% macro write_to_file(relation, location, options) %}
{% call statement('write_to_file') %}copy {{ relation }} to '{{ location }}' ({{ options }}){% endcall %}
{% endmacro %}

{# The options of COPY that a model's config holds, rendered. #}
{% macro render_write_options(config) %}
{% set options = config.get('options', {}) %}
{% if options is not mapping %}{% do exceptions.raise_compiler_error("The options argument must be a dictionary") %}{% endif %}
{% for name in options | list %}{% do options.update({name: render(options[name] | string)}) %}{% endfor %}
{% for name in ('format', 'delimiter') if config.get(name) %}{% do options.update({name: render(config.get(name))}) %}{% endfor %}
{% do return(options) %}
{% endmacro %}

{# Views over the files of external models that this run reads but does not build.
   Meant for on-run-start of projects whose database is in memory. #}
{% macro register_upstream_external_models() %}
{% if execute %}
  {% set parents = {} %}
  {% for id in selected_resources if id in graph.nodes %}
    {% for parent in graph.nodes[id].depends_on.nodes if parent in graph.nodes and parent not in selected_resources %}
      {% do parents.update({parent: graph.nodes[parent]}) %}
    {% endfor %}
  {% endfor %}
  {% for node in parents.values() if node.config.materialized == 'external' %}
    {% set relation = api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias) %}
    {% set location = node.config.get('location') or external_location(relation, node.config) %}
    {% set source = adapter.external_read_location(location, render_write_options(node.config)) %}
    {% do adapter.create_schema(relation) %}
    {% do run_query("create or replace view " ~ relation ~ " as select * from '" ~ source ~ "'") %}
  {% endfor %}
{% endif %}
{% endmacro %}
