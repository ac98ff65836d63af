{# What dbt makes tests, seeds and snapshots by. elt has statements of its own for them; these are for
   projects that replace one of the macros which are called here, or call the whole from a block of theirs. #}

{% macro materialization_test_default() %}
{% set made, header = [], config.get('sql_header') if flags.REQUIRE_SQL_HEADER_IN_TEST_CONFIGS else none %}
{% set found %}{{ get_limit_subquery_sql(sql, config.get('limit')) }}{% endset %}
{% if should_store_failures() %}
{% set kept_as = config.get('store_failures_as') or 'table' %}
{% if kept_as not in ['table', 'view'] %}
{% do exceptions.raise_compiler_error("'" ~ kept_as ~ "' is not a valid value for `store_failures_as`. Accepted values are: ['ephemeral', 'table', 'view']") %}
{% endif %}
{% set before = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) %}
{% set kept = api.Relation.create(database=database, schema=schema, identifier=model['alias'], type=kept_as) %}
{% if before %}{% do adapter.drop_relation(before) %}{% endif %}
{% call statement(auto_begin=true) %}{{ header or '' }}
{{ get_create_sql(kept, found) }}{% endcall %}
{% do made.append(kept) %}
{% set found %}select * from {{ kept }}{% endset %}
{% do adapter.commit() %}
{% endif %}
{% call statement('main', fetch_result=true) %}{{ header or '' }}
{{ get_test_sql(found, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), limit=none) }}{% endcall %}
{{ return({'relations': made}) }}
{% endmacro %}

{% macro materialization_seed_default() %}
{% set anew, existing = should_full_refresh(), adapter.get_relation(database=database, schema=schema, identifier=model['alias']) %}
{% set is_there, rows = existing is not none and existing.is_table, load_agate_table() %}
{% do store_result('agate_table', response='OK', agate_table=rows) %}
{{ run_hooks(pre_hooks, inside_transaction=false) }}
{{ run_hooks(pre_hooks, inside_transaction=true) }}
{% if existing is not none and existing.is_view %}
{% do exceptions.raise_compiler_error("Cannot seed to '" ~ existing.render() ~ "', it is a view") %}
{% endif %}
{% set made = reset_csv_table(model, anew, existing, rows) if is_there else create_csv_table(model, rows) %}
{% set count = rows.rows | length %}
{% set loaded = load_csv_rows(model, rows) if count else '' %}
{% set code = 'CREATE' if anew else 'INSERT' %}
{% call noop_statement('main', code ~ ' ' ~ count, code, count) %}{{ get_csv_sql(made, loaded) }};{% endcall %}
{% set target = this.incorporate(type='table') %}
{% do apply_grants(target, config.get('grants'), should_revoke=should_revoke(existing, anew)) %}
{% do persist_docs(target, model) %}
{% if anew or not is_there %}{% do create_indexes(target) %}{% endif %}
{{ run_hooks(post_hooks, inside_transaction=true) }}
{% do adapter.commit() %}
{{ run_hooks(post_hooks, inside_transaction=false) }}
{{ return({'relations': [target]}) }}
{% endmacro %}

{% macro materialization_snapshot_default() %}
{% set exists, target = get_or_create_relation(database=model.database, schema=model.schema, identifier=model.get('alias', model.get('name')), type='table') %}
{% if not target.is_table %}{% do exceptions.relation_wrong_type(target, 'table') %}{% endif %}
{{ run_hooks(pre_hooks, inside_transaction=false) }}
{{ run_hooks(pre_hooks, inside_transaction=true) }}
{% set strategy = strategy_dispatch(config.get('strategy'))(model, 'snapshotted_data', 'source_data', model['config'], exists) %}
{% if exists %}
{% do adapter.assert_valid_snapshot_target_given_strategy(target, config.get('snapshot_table_column_names') or get_snapshot_table_column_names(), strategy) %}
{% set looked_at = snapshot_staging_table(strategy, sql, target) %}
{% set staged = build_snapshot_staging_table(strategy, sql, target) %}
{% do adapter.expand_target_column_types(from_relation=staged, to_relation=target) %}
{% set own = ['dbt_change_type', 'DBT_CHANGE_TYPE', 'dbt_unique_key', 'DBT_UNIQUE_KEY'] %}
{% if config.get('unique_key') | is_list %}
{% for key in strategy.unique_key %}{% do own.extend(['dbt_unique_key_' ~ loop.index, 'DBT_UNIQUE_KEY_' ~ loop.index]) %}{% endfor %}
{% endif %}
{% do create_columns(target, adapter.get_missing_columns(staged, target) | rejectattr('name', 'in', own) | list) %}
{% set names = [] %}
{% for column in adapter.get_columns_in_relation(staged) | rejectattr('name', 'in', own) %}{% do names.append(adapter.quote(column.name)) %}{% endfor %}
{% set text = snapshot_merge_sql(target=target, source=staged, insert_cols=names) %}
{% else %}
{% set looked_at = build_snapshot_table(strategy, model['compiled_code']) %}
{% set text = create_table_as(false, target, looked_at) %}
{% endif %}
{{ check_time_data_types(looked_at) }}
{% call statement('main') %}{{ text }}{% endcall %}
{% do apply_grants(target, config.get('grants'), should_revoke=should_revoke(exists, full_refresh_mode=false)) %}
{% do persist_docs(target, model) %}
{% if not exists %}{% do create_indexes(target) %}{% endif %}
{{ run_hooks(post_hooks, inside_transaction=true) }}
{% do adapter.commit() %}
{% if staged is defined %}{% do post_snapshot(staged) %}{% endif %}
{{ run_hooks(post_hooks, inside_transaction=false) }}
{{ return({'relations': [target]}) }}
{% endmacro %}

{# The query's columns are found by a table without rows; the rows that are expected get their types. #}
{% macro materialization_unit_default() %}
{% set rows, header = config.get('expected_rows'), config.get('sql_header') if flags.REQUIRE_SQL_HEADER_IN_TEST_CONFIGS else none %}
{% set looked_at = make_temp_relation(this.incorporate(type='table')) %}
{% set names = rows[0].keys() if rows | length > 0 else get_columns_in_query(sql) %}
{% do run_query(get_create_table_as_sql(true, looked_at, get_empty_subquery_sql(sql))) %}
{% set types, quoted, wanted = {}, {}, [] %}
{% for column in adapter.get_columns_in_relation(looked_at) %}
{% do types.update({column.name | lower: column.data_type}) %}
{% do quoted.update({column.name | lower: column.quoted}) %}
{% endfor %}
{% for name in names %}{% do wanted.append(quoted[name | lower]) %}{% endfor %}
{% set expected = config.get('expected_sql') or get_expected_sql(rows, types, quoted) %}
{% set text = get_unit_test_sql(sql, expected, wanted) %}
{% call statement('main', fetch_result=true) %}{{ header or '' }}
{{ text }}{% endcall %}
{% do adapter.drop_relation(looked_at) %}
{{ return({'relations': []}) }}
{% endmacro %}
