{# Tests of values. They mean what the tests of the same names in dbt_utils mean, and
   answer to dbt_utils. too where that package is not installed. #}

{# No two rows have the same values in all of these columns. #}
{% test unique_combination_of_columns(model, combination_of_columns, quote_columns=false) %}
{%- set columns = [] -%}
{%- for name in combination_of_columns -%}
  {%- do columns.append(adapter.quote(name) if quote_columns else name) -%}
{%- endfor -%}
select
    {{ columns | join(', ') }},
    count(*) as n_records
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}

{# Values, where there are any, lie within bounds, which may be expressions. #}
{% test accepted_range(model, column_name, min_value=none, max_value=none, inclusive=true) %}
{%- set or_equal = '=' if inclusive else '' -%}
{%- if min_value is none and max_value is none -%}
  {%- do exceptions.raise_compiler_error('accepted_range needs min_value, max_value or both') -%}
{%- endif -%}
select *
from {{ model }}
where false
    {%- if min_value is not none %}
    or not {{ column_name }} >{{ or_equal }} {{ min_value }}
    {%- endif %}
    {%- if max_value is not none %}
    or not {{ column_name }} <{{ or_equal }} {{ max_value }}
    {%- endif %}
{% endtest %}

{# An expression is true of every row; on a column it is written behind its name. #}
{% test expression_is_true(model, expression, column_name=none) %}
select *
from {{ model }}
where not ({{ column_name ~ ' ' if column_name is not none }}{{ expression }})
{% endtest %}

{# No text is empty, nor made of spaces, tabs and line ends. #}
{% test not_empty_string(model, column_name, trim_whitespace=true) %}
{%- set blank = "' ' || chr(9) || chr(10) || chr(13)" -%}
select *
from {{ model }}
where {{ 'trim(' ~ column_name ~ ', ' ~ blank ~ ')' if trim_whitespace else column_name }} = ''
{% endtest %}

{# The column has a value somewhere, or in each group. #}
{% test at_least_one(model, column_name, group_by_columns=[]) %}
{%- set groups = group_by_columns | reject('equalto', column_name) | join(', ') -%}
select
    {{ groups ~ ', ' if groups }}count({{ column_name }}) as n_values
from {{ model }}
{{ 'group by ' ~ groups if groups }}
having count({{ column_name }}) = 0
{% endtest %}

{# Every row follows the one before it by one step. #}
{% test sequential_values(model, column_name, interval=1, datepart=none, group_by_columns=[]) %}
{%- set groups = group_by_columns | join(', ') -%}
with ordered as (
    select
        {{ groups ~ ', ' if groups }}{{ column_name }},
        lag({{ column_name }}) over ({{ 'partition by ' ~ groups ~ ' ' if groups }}order by {{ column_name }}) as previous_value
    from {{ model }}
)

select *
from ordered
{% if datepart -%}
where not (cast({{ column_name }} as timestamp) = cast({{ dbt.dateadd(datepart, interval, 'previous_value') }} as timestamp))
{%- else -%}
where not ({{ column_name }} = previous_value + {{ interval }})
{%- endif %}
{% endtest %}

{# No two ranges of a partition overlap; gaps are allowed, required or not allowed. #}
{% test mutually_exclusive_ranges(model, lower_bound_column, upper_bound_column, partition_by=none, gaps='allowed', zero_length_range_allowed=false) %}
{%- set next_op = {'allowed': '<=', 'required': '<', 'not_allowed': '='}.get(gaps) -%}
{%- if next_op is none -%}
  {%- do exceptions.raise_compiler_error("mutually_exclusive_ranges: gaps must be allowed, required or not_allowed, not " ~ gaps) -%}
{%- endif -%}
{%- set partition = 'partition by ' ~ partition_by ~ ' ' if partition_by else '' -%}
with ranges as (
    select
        {{ partition_by ~ ' as partition_by_col, ' if partition_by }}{{ lower_bound_column }} as lower_bound,
        {{ upper_bound_column }} as upper_bound,
        lead({{ lower_bound_column }}) over ({{ partition }}order by {{ lower_bound_column }}, {{ upper_bound_column }}) as next_lower_bound,
        row_number() over ({{ partition }}order by {{ lower_bound_column }} desc, {{ upper_bound_column }} desc) = 1 as is_last_record
    from {{ model }}
)

select *
from ranges
where not coalesce(lower_bound {{ '<=' if zero_length_range_allowed else '<' }} upper_bound, false)
    or not coalesce(upper_bound {{ next_op }} next_lower_bound, is_last_record, false)
{% endtest %}
