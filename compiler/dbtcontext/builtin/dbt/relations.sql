{# Relations and schemas, by the names packages call them. What the adapter does of these calls the
   macro of a project where it has one. #}

{% macro load_cached_relation(relation) %}{{ return(adapter.get_relation(database=relation.database, schema=relation.schema, identifier=relation.identifier)) }}{% endmacro %}

{% macro load_relation(relation) %}{{ return(load_cached_relation(relation)) }}{% endmacro %}

{% macro get_or_create_relation(database, schema, identifier, type) %}{{ return(adapter.dispatch('get_or_create_relation', 'dbt')(database, schema, identifier, type)) }}{% endmacro %}

{# A pair: whether the relation exists, and the relation. #}
{% macro default__get_or_create_relation(database, schema, identifier, type) %}
{% set found = adapter.get_relation(database=database, schema=schema, identifier=identifier) %}
{% if found %}{{ return([true, found]) }}{% endif %}
{{ return([false, api.Relation.create(database=database, schema=schema, identifier=identifier, type=type)]) }}
{% endmacro %}

{% macro create_schema(relation) %}{{ adapter.dispatch('create_schema', 'dbt')(relation) }}{% endmacro %}

{% macro default__create_schema(relation) %}{% call statement('create_schema') %}create schema if not exists {{ relation.without_identifier() }}{% endcall %}{% endmacro %}

{% macro drop_schema(relation) %}{{ adapter.dispatch('drop_schema', 'dbt')(relation) }}{% endmacro %}

{% macro default__drop_schema(relation) %}{% call statement('drop_schema') %}drop schema if exists {{ relation.without_identifier() }} cascade{% endcall %}{% endmacro %}

{% macro drop_schema_named(schema_name) %}{{ return(adapter.dispatch('drop_schema_named', 'dbt')(schema_name)) }}{% endmacro %}

{% macro default__drop_schema_named(schema_name) %}{% do adapter.drop_schema(api.Relation.create(schema=schema_name)) %}{% endmacro %}

{% macro drop_relation(relation) %}{{ return(adapter.dispatch('drop_relation', 'dbt')(relation)) }}{% endmacro %}

{% macro default__drop_relation(relation) %}{% call statement('drop_relation', auto_begin=false) %}{{ get_drop_sql(relation) }}{% endcall %}{% endmacro %}

{% macro drop_relation_if_exists(relation) %}{% if relation is not none %}{{ adapter.drop_relation(relation) }}{% endif %}{% endmacro %}

{% macro truncate_relation(relation) %}{{ return(adapter.dispatch('truncate_relation', 'dbt')(relation)) }}{% endmacro %}

{% macro default__truncate_relation(relation) %}{% call statement('truncate_relation') %}truncate table {{ relation.render() }}{% endcall %}{% endmacro %}

{% macro rename_relation(from_relation, to_relation) %}{{ return(adapter.dispatch('rename_relation', 'dbt')(from_relation, to_relation)) }}{% endmacro %}

{% macro default__rename_relation(from_relation, to_relation) %}
{% call statement('rename_relation') %}alter table {{ from_relation.render() }} rename to {{ adapter.quote_as_configured(to_relation.identifier, 'identifier') }}{% endcall %}
{% endmacro %}

{% macro make_temp_relation(base_relation, suffix='__dbt_tmp') %}
{% set own = suffix ~ '_' ~ model.batch.id if suffix == '__dbt_tmp' and model.batch else suffix %}
{{ return(adapter.dispatch('make_temp_relation', 'dbt')(base_relation, own)) }}
{% endmacro %}

{% macro default__make_temp_relation(base_relation, suffix) %}{{ return(base_relation.incorporate(path={'identifier': base_relation.identifier ~ suffix})) }}{% endmacro %}

{% macro make_intermediate_relation(base_relation, suffix='__dbt_tmp') %}{{ return(adapter.dispatch('make_intermediate_relation', 'dbt')(base_relation, suffix)) }}{% endmacro %}

{% macro default__make_intermediate_relation(base_relation, suffix) %}{{ return(default__make_temp_relation(base_relation, suffix)) }}{% endmacro %}

{% macro make_backup_relation(base_relation, backup_relation_type, suffix='__dbt_backup') %}{{ return(adapter.dispatch('make_backup_relation', 'dbt')(base_relation, backup_relation_type, suffix)) }}{% endmacro %}

{% macro default__make_backup_relation(base_relation, backup_relation_type, suffix) %}
{{ return(base_relation.incorporate(path={'identifier': base_relation.identifier ~ suffix}, type=backup_relation_type)) }}
{% endmacro %}

{# Its statements are put together here, for other adapters to say otherwise. #}
{% macro validate_sql(sql) %}{{ return(adapter.dispatch('validate_sql', 'dbt')(sql)) }}{% endmacro %}

{% macro default__validate_sql(sql) %}
{% call statement('validate_sql') %}explain {{ sql }}{% endcall %}
{{ return(load_result('validate_sql')) }}
{% endmacro %}
