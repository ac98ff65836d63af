{# Incremental strategies as DuckDB writes them. #}

{% macro duckdb__get_incremental_default_sql(arg_dict) %}{{ return(get_incremental_delete_insert_sql(arg_dict)) }}{% endmacro %}

{% macro duckdb__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
{%- if unique_key is string and unique_key %}
delete from {{ target }}
where ({{ unique_key }}) in (
    select ({{ unique_key }})
    from {{ source }}
)
{%- for predicate in incremental_predicates or [] %}
    and {{ predicate }}
{%- endfor %};
{%- elif unique_key %}
delete from {{ target }} as DBT_INCREMENTAL_TARGET
using {{ source }}
where (
{%- for key in unique_key %}
    {{ 'and ' if not loop.first }}{{ source }}.{{ key }} = DBT_INCREMENTAL_TARGET.{{ key }}
{%- endfor %}
{%- for predicate in incremental_predicates or [] %}
    and {{ predicate }}
{%- endfor %}
);
{%- endif %}
{{ get_insert_into_sql(target, source, dest_columns) }}
{%- endmacro %}

{% macro duckdb__get_incremental_merge_sql(args_dict) %}
{{ return(duckdb__get_merge_sql(args_dict['target_relation'], args_dict['temp_relation'], args_dict['unique_key'], args_dict['dest_columns'], args_dict.get('incremental_predicates'))) }}
{% endmacro %}

{% macro normalize_incremental_predicates(incremental_predicates) %}
{% if incremental_predicates is none or not incremental_predicates %}{{ return([]) }}{% endif %}
{{ return([incremental_predicates] if incremental_predicates is string else incremental_predicates | list) }}
{% endmacro %}

{% macro duckdb__merge_join_clause(unique_key, merge_on_using_columns, incremental_predicates) -%}
{%- set conditions = [] + (incremental_predicates or []) %}
{%- if merge_on_using_columns -%}
using ({{ merge_on_using_columns | join(', ') }})
{%- if conditions %} on ({{ conditions | join(') and (') }}){% endif %}
{%- else %}
{%- set matches = [] %}
{%- for key in ([] if not unique_key else [unique_key] if unique_key is string else unique_key) %}
{%- do matches.append('DBT_INTERNAL_SOURCE.' ~ key ~ ' = DBT_INTERNAL_DEST.' ~ key) %}
{%- endfor -%}
on ({{ ((matches or ['FALSE']) + conditions) | join(') and (') }})
{%- endif %}
{%- endmacro %}

{% macro duckdb__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
{%- set chosen = config.get('merge_update_columns', []) or config.get('merge_exclude_columns', []) or config.get('merge_update_set_expressions', {}) %}
{%- set update = {'action': 'update', 'condition': config.get('merge_update_condition'), 'mode': 'explicit' if chosen else 'by_name',
    'update': {'include': config.get('merge_update_columns', []), 'exclude': config.get('merge_exclude_columns', []), 'set_expressions': config.get('merge_update_set_expressions', {})}} %}
{%- set insert = {'action': 'insert', 'condition': config.get('merge_insert_condition'), 'mode': 'by_name'} %}
{%- set clauses = config.get('merge_clauses', {}) %}
{{ config.get('sql_header') or '' }}

merge into {{ target }} as DBT_INTERNAL_DEST
using {{ source }} as DBT_INTERNAL_SOURCE
{{ duckdb__merge_join_clause(unique_key, config.get('merge_on_using_columns', []), normalize_incremental_predicates(incremental_predicates)) }}
{%- for clause in clauses.get('when_matched', [update]) %}
when matched{{ elt_merge_condition(clause) }} then {{ elt_merge_action(clause, dest_columns) }}
{%- endfor %}
{%- for clause in clauses.get('when_not_matched', [insert]) %}
when not matched{{ ' by ' ~ clause.get('by') if clause.get('by') else '' }}{{ elt_merge_condition(clause) }} then {{ elt_merge_action(clause, dest_columns) }}
{%- endfor %}
{%- set returning = config.get('merge_returning_columns', []) %}
{%- if returning %}
returning {{ returning if returning is string else returning | join(', ') }}
{%- endif %}
{%- endmacro %}
