{# What a project may call or replace of dbt's snapshots: the hash of a version, and the
   strategies, which answer with the conditions that a snapshot is made of. elt makes its
   statements itself; it takes a strategy from here where a project replaces one of
   dbt's or has one of its own. #}

{% macro snapshot_hash_arguments(args) %}{{ adapter.dispatch('snapshot_hash_arguments', 'dbt')(args) }}{% endmacro %}

{% macro default__snapshot_hash_arguments(args) -%}
md5({% for arg in args %}coalesce(cast({{ arg }} as varchar), ''){% if not loop.last %} || '|' || {% endif %}{% endfor %})
{%- endmacro %}

{% macro get_true_sql() %}{{ adapter.dispatch('get_true_sql', 'dbt')() }}{% endmacro %}

{% macro default__get_true_sql() %}{{ return('TRUE') }}{% endmacro %}

{% macro get_snapshot_get_time_data_type() %}{{ return('TIMESTAMP') }}{% endmacro %}

{% macro get_snapshot_table_column_names() %}
{% do return({'dbt_valid_to': 'dbt_valid_to', 'dbt_valid_from': 'dbt_valid_from', 'dbt_scd_id': 'dbt_scd_id', 'dbt_updated_at': 'dbt_updated_at', 'dbt_is_deleted': 'dbt_is_deleted'}) %}
{% endmacro %}

{% macro strategy_dispatch(name) %}
{% set place, word = (name.split('.', 1) if '.' in name else (none, name)) %}
{% set here = context if place is none else context.get(place) %}
{% if here is none %}{% do exceptions.raise_compiler_error("there is no package '" ~ place ~ "', which the strategy '" ~ name ~ "' names") %}{% endif %}
{% set macro_name = 'snapshot_' ~ word ~ '_strategy' %}
{% if macro_name not in here %}{% do exceptions.raise_compiler_error("there is no macro '" ~ macro_name ~ "', which the strategy '" ~ name ~ "' needs") %}{% endif %}
{% do return(here[macro_name]) %}
{% endmacro %}

{% macro snapshot_timestamp_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
{% set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() %}
{% set keys, changed_at = config.get('unique_key'), config.get('updated_at') %}
{% set deletes = adapter.get_hard_deletes_behavior(config) %}
{% do return({
  'unique_key': keys, 'updated_at': changed_at,
  'row_changed': '(' ~ snapshotted_rel ~ '.' ~ columns.dbt_valid_from ~ ' < ' ~ current_rel ~ '.' ~ changed_at ~ ')',
  'scd_id': snapshot_hash_arguments(api.Relation.scd_args(keys, changed_at)),
  'invalidate_hard_deletes': deletes == 'invalidate', 'hard_deletes': deletes
}) %}
{% endmacro %}

{% macro snapshot_check_all_get_existing_columns(node, target_exists, check_cols_config) %}
{% if not target_exists %}{% do return((false, none)) %}{% endif %}
{% set existing = adapter.get_columns_in_relation(adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias)) | map(attribute='name') | list %}
{% if check_cols_config == 'all' %}
{% set found = get_columns_in_query(node['compiled_code']) %}
{% elif check_cols_config is iterable and check_cols_config | length > 0 %}
{% set found = get_columns_in_query('select ' ~ check_cols_config | join(', ') ~ ' from (\n' ~ node['compiled_code'] ~ '\n) subq') %}
{% else %}
{% do exceptions.raise_compiler_error("'check_cols' is " ~ check_cols_config ~ ", it must be 'all' or a list of columns") %}
{% endif %}
{% set same = [] %}
{% for name in found if name in existing %}{% do same.append(adapter.quote(name)) %}{% endfor %}
{% do return((same | length < found | length, same)) %}
{% endmacro %}

{% macro snapshot_check_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
{% set keys, changed_at = config.get('unique_key'), config.get('updated_at') or snapshot_get_time() %}
{% set deletes = adapter.get_hard_deletes_behavior(config) %}
{% set grown, found = snapshot_check_all_get_existing_columns(node, target_exists, config.get('check_cols')) %}
{% set different = [] %}
{% for name in found or [] %}{% do different.append(snapshotted_rel ~ '.' ~ name ~ ' is distinct from ' ~ current_rel ~ '.' ~ name) %}{% endfor %}
{% do return({
  'unique_key': keys, 'updated_at': changed_at,
  'row_changed': '(' ~ (get_true_sql() if grown or not different else different | join(' or ')) ~ ')',
  'scd_id': snapshot_hash_arguments(api.Relation.scd_args(keys, changed_at)),
  'invalidate_hard_deletes': deletes == 'invalidate', 'hard_deletes': deletes
}) %}
{% endmacro %}
