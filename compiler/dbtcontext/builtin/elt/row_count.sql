{#
  How many rows a relation has:

    - row_count: {equals: 27004}
    - row_count: {min: 10, max: 20}
    - row_count: {between: [10, 20]}
    - row_count: {compare_to: ref('raw_orders')}
    - row_count: {compare_to: "source('lake', 'orders')", per: order_date}
    - row_count: {max_change: 20%}
    - row_count: {max_change: 5, per: order_date}

  Several conditions must all hold; with "per", a column or an expression, they hold for
  each of its values, and of two relations for those that either has. The failing row
  shows the count and what was expected.

  max_change is how far the count may be from that of what is published: a share or a number of
  rows. What is not there yet, or has no rows, may have any number.
#}
{% test row_count(model, equals=none, min=none, max=none, between=none, compare_to=none, per=none, max_change=none) %}
{%- set checks = [] -%}
{%- set words = [] -%}
{%- if equals is not none -%}
  {%- do checks.append('row_count = ' ~ equals) -%}
  {%- do words.append('exactly ' ~ equals) -%}
{%- endif -%}
{%- if min is not none -%}
  {%- do checks.append('row_count >= ' ~ min) -%}
  {%- do words.append('at least ' ~ min) -%}
{%- endif -%}
{%- if max is not none -%}
  {%- do checks.append('row_count <= ' ~ max) -%}
  {%- do words.append('at most ' ~ max) -%}
{%- endif -%}
{%- if between is not none -%}
  {%- if between is string or between is mapping or between is not sequence or between | length != 2 -%}
    {%- do exceptions.raise_compiler_error('row_count: between takes two numbers, such as [10, 20], not ' ~ between) -%}
  {%- endif -%}
  {%- do checks.append('row_count between ' ~ between[0] ~ ' and ' ~ between[1]) -%}
  {%- do words.append('between ' ~ between[0] ~ ' and ' ~ between[1]) -%}
{%- endif -%}
{%- if compare_to is not none -%}
  {%- do checks.append('row_count = compared_row_count') -%}
  {%- do words.append('as many as in ' ~ compare_to) -%}
{%- endif -%}
{%- set published = none -%}
{%- if max_change is not none -%}
  {%- set change = max_change | string | trim -%}
  {%- set number = (change[:-1] if change.endswith('%') else change) | trim -%}
  {%- if not modules.re.match('^[0-9]+([.][0-9]+)?$', number) -%}
    {%- do exceptions.raise_compiler_error('row_count: max_change is a share or a number of rows, such as 20% or 1000, not ' ~ max_change) -%}
  {%- endif -%}
  {%- set most = number ~ ' * previous_row_count / 100' if change.endswith('%') else number -%}
  {%- set published = _elt.as_published(model) -%}
  {%- if published is not none -%}
    {%- do checks.append('(previous_row_count = 0 or abs(row_count - previous_row_count) <= ' ~ most ~ ')') -%}
  {%- else -%}
    {%- do checks.append('true') -%}
  {%- endif -%}
  {%- do words.append('within ' ~ change ~ ' of what is published') -%}
{%- endif -%}
{%- if not checks -%}
  {%- do exceptions.raise_compiler_error('row_count needs equals, min, max, between, compare_to or max_change') -%}
{%- endif -%}
{% if per is not none -%}
with counted as (
    select
        {% if compare_to is none -%}
        {{ per }} as partition,
        count(*) as row_count
    from {{ model }}
    group by 1
        {%- else -%}
        coalesce(ours.partition, theirs.partition) as partition,
        coalesce(ours.row_count, 0) as row_count,
        coalesce(theirs.row_count, 0) as compared_row_count
    from (select {{ per }} as partition, count(*) as row_count from {{ model }} group by 1) as ours
    full join (select {{ per }} as partition, count(*) as row_count from {{ compare_to }} group by 1) as theirs
        on ours.partition is not distinct from theirs.partition
        {%- endif %}
)
{%- else -%}
with counted as (
    select
        (select count(*) from {{ model }}) as row_count
        {%- if compare_to is not none %},
        (select count(*) from {{ compare_to }}) as compared_row_count
        {%- endif %}
)
{%- endif %}
{%- if published is not none %},

before as (
    select {% if per is not none %}{{ per }} as partition, {% endif %}count(*) as previous_row_count
    from {{ published }}
    {%- if per is not none %}
    group by 1
    {%- endif %}
),

changed as (
    {%- if per is not none %}
    select
        coalesce(counted.partition, before.partition) as partition,
        coalesce(counted.row_count, 0) as row_count,
        {%- if compare_to is not none %}
        coalesce(counted.compared_row_count, 0) as compared_row_count,
        {%- endif %}
        coalesce(before.previous_row_count, 0) as previous_row_count
    from counted
    full join before on counted.partition is not distinct from before.partition
    {%- else %}
    select * from counted, before
    {%- endif %}
)
{%- endif %}

select
    *,
    '{{ words | join(', ') | replace("'", "''") }}' as expected
from {{ 'counted' if published is none else 'changed' }}
where not ({{ checks | join(' and ') }})
{% endtest %}
