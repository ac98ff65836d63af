{# Descriptions as comments of the database, and indexes. elt makes both itself when it publishes a
   relation; these are for materializations of a project, and for projects that replace a part. #}

{% macro persist_docs(relation, model, for_relation=true, for_columns=true) %}{{ return(adapter.dispatch('persist_docs', 'dbt')(relation, model, for_relation, for_columns)) }}{% endmacro %}

{% macro default__persist_docs(relation, model, for_relation, for_columns) %}
{% if for_relation and config.persist_relation_docs() and model.description %}{% do run_query(alter_relation_comment(relation, model.description)) %}{% endif %}
{% if for_columns and config.persist_column_docs() and model.columns %}
{% set there = validate_doc_columns(relation, model.columns, adapter.get_columns_in_relation(relation) | map(attribute='name') | list) %}
{% set text = alter_column_comment(relation, there) %}
{% if text and text | trim %}{% do run_query(text) %}{% endif %}
{% endif %}
{% endmacro %}

{% macro alter_relation_comment(relation, relation_comment) %}{{ return(adapter.dispatch('alter_relation_comment', 'dbt')(relation, relation_comment)) }}{% endmacro %}

{% macro default__alter_relation_comment(relation, relation_comment) %}{% do elt_not_implemented('alter_relation_comment') %}{% endmacro %}

{% macro alter_column_comment(relation, column_dict) %}{{ return(adapter.dispatch('alter_column_comment', 'dbt')(relation, column_dict)) }}{% endmacro %}

{% macro default__alter_column_comment(relation, column_dict) %}{% do elt_not_implemented('alter_column_comment') %}{% endmacro %}

{# Those of the declared columns that the relation has; a warning names the others. #}
{% macro validate_doc_columns(relation, column_dict, existing_column_names) %}
{% set lower = existing_column_names | map('lower') | list %}
{% set there, missing = {}, [] %}
{% for name, column in column_dict.items() %}
{% if (name in existing_column_names if column['quote'] else name | lower in lower) %}{% do there.update({name: column}) %}{% else %}{% do missing.append(name) %}{% endif %}
{% endfor %}
{% if missing %}{% do exceptions.warn('In relation ' ~ relation.render() ~ ': The following columns are specified in the schema but are not present in the database: ' ~ missing | join(', ')) %}{% endif %}
{{ return(there) }}
{% endmacro %}

{% macro create_indexes(relation) %}{{ adapter.dispatch('create_indexes', 'dbt')(relation) }}{% endmacro %}

{% macro default__create_indexes(relation) %}
{% for index in config.get('indexes', default=[]) %}
{% set text = get_create_index_sql(relation, index) %}
{% if text %}{% do run_query(text) %}{% endif %}
{% endfor %}
{% endmacro %}

{% macro get_create_index_sql(relation, index_dict) %}{{ return(adapter.dispatch('get_create_index_sql', 'dbt')(relation, index_dict)) }}{% endmacro %}

{% macro default__get_create_index_sql(relation, index_dict) %}{% do return(none) %}{% endmacro %}

{% macro get_drop_index_sql(relation, index_name) %}{{ adapter.dispatch('get_drop_index_sql', 'dbt')(relation, index_name) }}{% endmacro %}

{% macro default__get_drop_index_sql(relation, index_name) %}{% do elt_not_implemented('get_drop_index_sql') %}{% endmacro %}

{% macro get_show_indexes_sql(relation) %}{{ adapter.dispatch('get_show_indexes_sql', 'dbt')(relation) }}{% endmacro %}

{% macro default__get_show_indexes_sql(relation) %}{% do elt_not_implemented('get_show_indexes_sql') %}{% endmacro %}
