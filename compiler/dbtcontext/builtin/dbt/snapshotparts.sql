{# The queries that dbt makes a snapshot of, for who makes one by a materialization of their own, or asks
   what dbt would do. elt's own snapshots are made without them. A key is one expression or a list. #}

{% macro unique_key_fields(unique_key) %}
{% if unique_key is not string and unique_key is iterable %}
{% for key in unique_key %}{{ key }} as dbt_unique_key_{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}
{% else %}
{{ unique_key }} as dbt_unique_key
{% endif %}
{% endmacro %}

{% macro unique_key_join_on(unique_key, identifier, from_identifier) %}
{% if unique_key is not string and unique_key is iterable %}
{% for key in unique_key %}{{ equals(identifier ~ '.dbt_unique_key_' ~ loop.index, from_identifier ~ '.dbt_unique_key_' ~ loop.index) }}{{ ' and ' if not loop.last }}{% endfor %}
{% else %}
{{ identifier }}.dbt_unique_key = {{ from_identifier }}.dbt_unique_key
{% endif %}
{% endmacro %}

{% macro unique_key_is_null(unique_key, identifier) %}
{{ identifier }}.dbt_unique_key{{ '_1' if unique_key is not string and unique_key is iterable }} is null
{% endmacro %}

{% macro unique_key_is_not_null(unique_key, identifier) %}
{{ identifier }}.dbt_unique_key{{ '_1' if unique_key is not string and unique_key is iterable }} is not null
{% endmacro %}

{% macro get_dbt_valid_to_current(strategy, columns) %}
coalesce(nullif({{ strategy.updated_at }}, {{ strategy.updated_at }}), {{ config.get('dbt_valid_to_current') or 'null' }}) as {{ columns.dbt_valid_to }}
{% endmacro %}

{% macro build_snapshot_table(strategy, sql) %}{{ adapter.dispatch('build_snapshot_table', 'dbt')(strategy, sql) }}{% endmacro %}

{% macro default__build_snapshot_table(strategy, sql) %}
{% set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() %}
select *,
  {{ strategy.scd_id }} as {{ columns.dbt_scd_id }},
  {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
  {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
  {{ get_dbt_valid_to_current(strategy, columns) }}
  {{ ", 'False' as " ~ columns.dbt_is_deleted if strategy.hard_deletes == 'new_record' }}
from (
{{ sql }}
) sbq
{% endmacro %}

{% macro snapshot_staging_table(strategy, source_sql, target_relation) %}{{ adapter.dispatch('snapshot_staging_table', 'dbt')(strategy, source_sql, target_relation) }}{% endmacro %}

{# A row for each version to be added (insert), to be ended by a newer one (update) or since it is gone
   (delete). #}
{% macro default__snapshot_staging_table(strategy, source_sql, target_relation) %}
{% set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() %}
{% set key, until, now = strategy.unique_key, config.get('dbt_valid_to_current'), snapshot_get_time() %}
{% set marks = strategy.hard_deletes == 'new_record' %}
{% set ends = marks or strategy.hard_deletes == 'invalidate' %}
{% set gone = 'snapshotted_data.' ~ columns.dbt_is_deleted ~ " = 'True'" %}
{% set current = equals(columns.dbt_valid_to, until) ~ ' or ' ~ columns.dbt_valid_to ~ ' is null' if until else columns.dbt_valid_to ~ ' is null' %}
{% set still = 'snapshotted_data.' ~ columns.dbt_valid_to ~ (' = ' ~ until if until else ' is null') %}
with snapshot_query as (
{{ source_sql }}
),
snapshotted_data as (
  select *, {{ unique_key_fields(key) }} from {{ target_relation }} where ({{ current }})
),
new_data as (
  select *, {{ unique_key_fields(key) }},
    {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
    {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
    {{ get_dbt_valid_to_current(strategy, columns) }},
    {{ strategy.scd_id }} as {{ columns.dbt_scd_id }}
  from snapshot_query
),
changed_data as (
  select *, {{ unique_key_fields(key) }},
    {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
    {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
    {{ strategy.updated_at }} as {{ columns.dbt_valid_to }}
  from snapshot_query
),
insertions as (
  select 'insert' as dbt_change_type, source_data.*{{ ", 'False' as " ~ columns.dbt_is_deleted if marks }}
  from new_data as source_data
  left join snapshotted_data on {{ unique_key_join_on(key, 'snapshotted_data', 'source_data') }}
  where {{ unique_key_is_null(key, 'snapshotted_data') }}
    or ({{ unique_key_is_not_null(key, 'snapshotted_data') }} and ({{ strategy.row_changed }}{{ ' or ' ~ gone if marks }}))
),
updates as (
  select 'update' as dbt_change_type, source_data.*, snapshotted_data.{{ columns.dbt_scd_id }}{{ ', snapshotted_data.' ~ columns.dbt_is_deleted if marks }}
  from changed_data as source_data
  join snapshotted_data on {{ unique_key_join_on(key, 'snapshotted_data', 'source_data') }}
  where ({{ strategy.row_changed }}{{ ' or ' ~ gone if marks }})
)
{% if ends %}
, present_data as (
  select *, {{ unique_key_fields(key) }} from snapshot_query
),
deletes as (
  select 'delete' as dbt_change_type, source_data.*,
    {{ now }} as {{ columns.dbt_valid_from }}, {{ now }} as {{ columns.dbt_updated_at }}, {{ now }} as {{ columns.dbt_valid_to }},
    snapshotted_data.{{ columns.dbt_scd_id }}{{ ', snapshotted_data.' ~ columns.dbt_is_deleted if marks }}
  from snapshotted_data
  left join present_data as source_data on {{ unique_key_join_on(key, 'snapshotted_data', 'source_data') }}
  where {{ unique_key_is_null(key, 'source_data') }}
  {{ 'and not (' ~ gone ~ ' and ' ~ still ~ ')' if marks }}
)
{% endif %}
{% if marks %}
{% set known = get_list_of_column_names(get_columns_in_relation(target_relation)) %}
, deletion_records as (
  select 'insert' as dbt_change_type,
  {% for name in get_columns_in_query(source_sql) %}{{ ('snapshotted_data.' if name in known else 'source_data.') ~ adapter.quote(name) }}, {% endfor %}
  {% if key is not string and key is iterable %}
  {% for name in key %}snapshotted_data.{{ name }} as dbt_unique_key_{{ loop.index }}, {% endfor %}
  {% else %}
  snapshotted_data.dbt_unique_key as dbt_unique_key,
  {% endif %}
    {{ now }} as {{ columns.dbt_valid_from }}, {{ now }} as {{ columns.dbt_updated_at }},
    snapshotted_data.{{ columns.dbt_valid_to }} as {{ columns.dbt_valid_to }},
    {{ snapshot_hash_arguments([columns.dbt_scd_id, now]) }} as {{ columns.dbt_scd_id }}, 'True' as {{ columns.dbt_is_deleted }}
  from snapshotted_data
  left join present_data as source_data on {{ unique_key_join_on(key, 'snapshotted_data', 'source_data') }}
  where {{ unique_key_is_null(key, 'source_data') }} and not ({{ gone }} and {{ still }})
)
{% endif %}
select * from insertions
union all
select * from updates
{% if ends %}
union all
select * from deletes
{% endif %}
{% if marks %}
union all
select * from deletion_records
{% endif %}
{% endmacro %}

{% macro build_snapshot_staging_table(strategy, sql, target_relation) %}
{% set staged = make_temp_relation(target_relation) %}
{% call statement('build_snapshot_staging_relation') %}{{ create_table_as(true, staged, snapshot_staging_table(strategy, sql, target_relation)) }}{% endcall %}
{% do return(staged) %}
{% endmacro %}

{% macro snapshot_merge_sql(target, source, insert_cols) %}{{ adapter.dispatch('snapshot_merge_sql', 'dbt')(target, source, insert_cols) }}{% endmacro %}

{% macro default__snapshot_merge_sql(target, source, insert_cols) %}
{% set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() %}
{% set end, until = 'DBT_INTERNAL_DEST.' ~ columns.dbt_valid_to, config.get('dbt_valid_to_current') %}
merge into {{ target.render() }} as DBT_INTERNAL_DEST
using {{ source }} as DBT_INTERNAL_SOURCE
on DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }} = DBT_INTERNAL_DEST.{{ columns.dbt_scd_id }}
when matched and {{ '(' ~ equals(end, until) ~ ' or ' ~ end ~ ' is null)' if until else end ~ ' is null' }} and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
  then update set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}
when not matched and DBT_INTERNAL_SOURCE.dbt_change_type = 'insert'
  then insert ({{ insert_cols | join(', ') }}) values ({{ insert_cols | join(', ') }})
{% endmacro %}

{% macro create_columns(relation, columns) %}{{ adapter.dispatch('create_columns', 'dbt')(relation, columns) }}{% endmacro %}

{% macro default__create_columns(relation, columns) %}
{% for column in columns %}
{% call statement() %}alter table {{ relation.render() }} add column {{ adapter.quote(column.name) }} {{ column.expanded_data_type }}{% endcall %}
{% endfor %}
{% endmacro %}

{% macro post_snapshot(staging_relation) %}{{ adapter.dispatch('post_snapshot', 'dbt')(staging_relation) }}{% endmacro %}

{% macro default__post_snapshot(staging_relation) %}{% endmacro %}

{% macro get_updated_at_column_data_type(snapshot_sql) %}
{% for column in get_column_schema_from_query(snapshot_sql) if column.column in ('dbt_updated_at', 'DBT_UPDATED_AT') %}
{% do return(column.dtype) %}
{% endfor %}
{% do return(none) %}
{% endmacro %}

{% macro check_time_data_types(sql) %}
{% set found, wanted = get_updated_at_column_data_type(sql), get_snapshot_get_time_data_type() %}
{% if found and wanted and found != wanted %}
{% do exceptions.warn('dbt_updated_at is a ' ~ found ~ ', and the time of a snapshot a ' ~ wanted) %}
{% endif %}
{% endmacro %}
