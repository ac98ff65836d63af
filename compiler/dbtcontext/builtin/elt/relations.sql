{# Tests of a relation against time or another relation; see columns.sql. #}

{# The newest value, of all rows or of each group, is not too old. #}
{% test recency(model, field, datepart, interval, ignore_time_component=false, group_by_columns=[]) %}
{%- set groups = group_by_columns | join(', ') -%}
{%- set type = 'date' if ignore_time_component else dbt.type_timestamp() -%}
with newest as (
    select
        {{ groups ~ ', ' if groups }}max(cast({{ field }} as {{ type }})) as most_recent,
        cast({{ dbt.dateadd(datepart, interval * -1, dbt.current_timestamp()) }} as {{ type }}) as threshold
    from {{ model }}
    {{ 'group by ' ~ groups if groups }}
)

select *
from newest
where most_recent < threshold
{% endtest %}

{# Two relations have the same number of rows, in all or in each group. A group whose
   value is NULL is a group like the others. #}
{% test equal_rowcount(model, compare_model, group_by_columns=[]) %}
{%- set groups = group_by_columns | join(', ') -%}
with counted as (
    select {{ groups ~ ', ' if groups }}count(*) as count_a, 0 as count_b
    from {{ model }}
    {{ 'group by ' ~ groups if groups }}
    union all
    select {{ groups ~ ', ' if groups }}0, count(*)
    from {{ compare_model }}
    {{ 'group by ' ~ groups if groups }}
)

select
    {{ groups ~ ', ' if groups }}sum(count_a) as count_a,
    sum(count_b) as count_b,
    abs(sum(count_a) - sum(count_b)) as diff_count
from counted
{{ 'group by ' ~ groups if groups }}
having sum(count_a) <> sum(count_b)
{% endtest %}

{# Two relations have the same rows, in the columns compared. #}
{% test equality(model, compare_model, compare_columns=none, exclude_columns=none, precision=none) %}
{%- if compare_columns is not none and exclude_columns is not none -%}
  {%- do exceptions.raise_compiler_error('equality takes compare_columns or exclude_columns, not both') -%}
{%- endif -%}
{%- set left_out = exclude_columns | map('lower') | list if exclude_columns is not none else [] -%}
{%- set columns = [] -%}
{%- if compare_columns is not none and precision is none -%}
  {%- do columns.extend(compare_columns) -%}
{%- elif model is string and not left_out and precision is none -%}
  {#- the columns of a subquery are not known: all of them, in their order -#}
{%- else -%}
  {%- set wanted = compare_columns | map('lower') | list if compare_columns is not none else none -%}
  {%- for column in adapter.get_columns_in_relation(model) -%}
    {%- set name = column.name | lower -%}
    {%- if name not in left_out and (wanted is none or name in wanted) -%}
      {%- set rounded = precision is not none and (column.is_float() or column.dtype.lower().startswith('decimal')) -%}
      {%- do columns.append('round(' ~ column.quoted ~ ', ' ~ precision ~ ') as ' ~ column.quoted if rounded else column.quoted) -%}
    {%- endif -%}
  {%- endfor -%}
{%- endif -%}
{%- set list = columns | join(', ') if columns else '*' -%}
with a as (
    select {{ list }} from {{ model }}
),

b as (
    select {{ list }} from {{ compare_model }}
),

a_minus_b as (
    select * from a
    except
    select * from b
),

b_minus_a as (
    select * from b
    except
    select * from a
)

select 'a_minus_b' as which_diff, * from a_minus_b
union all
select 'b_minus_a' as which_diff, * from b_minus_a
{% endtest %}

{# As relationships, between the rows that conditions leave. #}
{% test relationships_where(model, column_name, to, field, from_condition='true', to_condition='true') %}
with child as (
    select {{ column_name }} as id
    from {{ model }}
    where {{ column_name }} is not null and ({{ from_condition }})
),

parent as (
    select {{ field }} as id
    from {{ to }}
    where {{ field }} is not null and ({{ to_condition }})
)

select child.id as from_field
from child
left join parent on child.id = parent.id
where parent.id is null
{% endtest %}
