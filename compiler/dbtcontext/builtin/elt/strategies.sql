{# A strategy's statements, on a copy of the table. _elt_* are elt's: the name of the new rows' table,
   and which strategy. #}
{% macro elt_incremental_strategy(_elt_strategy, _elt_new) %}
{% set target_relation = this.incorporate(type='table') %}
{% set temp_relation = target_relation.incorporate(path={'identifier': _elt_new, 'schema': none, 'database': none}) %}
{% set all_columns = incremental_validate_on_schema_change(config.get('on_schema_change')) == 'ignore' %}
{% set dest_columns = adapter.get_columns_in_relation(target_relation if all_columns else temp_relation) %}
{% set strategy = adapter.get_incremental_strategy_macro(context, _elt_strategy) %}
{% set text = strategy({
    'target_relation': target_relation, 'temp_relation': temp_relation, 'unique_key': config.get('unique_key'),
    'dest_columns': dest_columns, 'incremental_predicates': config.get('predicates', none) or config.get('incremental_predicates', none)
}) %}
{% call statement('main') %}{{ text }}{% endcall %}
{% endmacro %}

{# A clause of merge_clauses. #}
{% macro elt_merge_condition(clause) -%}
{%- set condition = clause.get('condition') -%}
{%- if condition is string and condition %} and {{ condition }}{% elif condition %} and ({{ condition | join(') and (') }}){% endif -%}
{%- endmacro %}

{% macro elt_merge_action(clause, dest_columns) -%}
{%- set mode = clause.get('mode') -%}
{%- if clause.get('action') == 'update' and mode == 'explicit' -%}
{%- set given = clause.get('update', {}) -%}
{%- set items = [] -%}
{%- for column, expression in given.get('set_expressions', {}).items() %}{% do items.append(column ~ ' = ' ~ expression) %}{% endfor -%}
{%- for column in get_merge_update_columns(given.get('include', []), given.get('exclude', []), dest_columns) if column.replace('"', '') not in given.get('set_expressions', {}) %}{% do items.append(column ~ ' = DBT_INTERNAL_SOURCE.' ~ column) %}{% endfor -%}
update set {{ items | join(', ') }}
{%- elif clause.get('action') == 'update' and clause.get('set_expressions') -%}
{%- set items = [] -%}
{%- for column, expression in clause.get('set_expressions').items() %}{% do items.append(column ~ ' = ' ~ expression) %}{% endfor -%}
update set {{ items | join(', ') }}
{%- elif clause.get('action') == 'update' -%}
update {{ {'by_position': 'by position', 'star': 'set *'}.get(mode, 'by name') }}
{%- elif clause.get('action') == 'insert' and mode == 'explicit' -%}
insert ({{ clause.get('insert', {}).get('columns', []) | join(', ') }}) values ({{ clause.get('insert', {}).get('values', []) | join(', ') }})
{%- elif clause.get('action') == 'insert' -%}
insert {{ {'by_position': 'by position', 'star': '*'}.get(mode, 'by name') }}
{%- elif clause.get('action') == 'error' -%}
error{{ " '" ~ (clause.get('error_message') | replace("'", "''")) ~ "'" if clause.get('error_message') else '' }}
{%- else -%}
{{ clause.get('action') | replace('_', ' ') }}
{%- endif -%}
{%- endmacro %}
