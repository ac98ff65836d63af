{# Series of numbers and dates. #}

{% macro get_powers_of_two(upper_bound) %}{{ return(adapter.dispatch('get_powers_of_two', 'dbt')(upper_bound)) }}{% endmacro %}

{% macro default__get_powers_of_two(upper_bound) %}
{% if upper_bound <= 0 %}{{ exceptions.raise_compiler_error("upper bound must be positive") }}{% endif %}
{% for power in range(1, 100) if upper_bound <= 2 ** power %}{{ return(power) }}{% endfor %}
{% endmacro %}

{% macro generate_series(upper_bound) %}{{ return(adapter.dispatch('generate_series', 'dbt')(upper_bound)) }}{% endmacro %}

{% macro default__generate_series(upper_bound) %}
    select
        number as generated_number
    from generate_series(1, {{ upper_bound }}) as series(number)
{% endmacro %}

{% macro get_intervals_between(start_date, end_date, datepart) %}{{ return(adapter.dispatch('get_intervals_between', 'dbt')(start_date, end_date, datepart)) }}{% endmacro %}

{# How many parts lie between two dates, by the database; 1 while parsing. #}
{% macro default__get_intervals_between(start_date, end_date, datepart) %}
{% call statement('get_intervals_between', fetch_result=True) %}
select {{ dbt.datediff(start_date, end_date, datepart) }}
{% endcall %}
{% set answer = load_result('get_intervals_between') %}
{{ return(answer['data'][0][0] if answer and answer['data'] else 1) }}
{% endmacro %}

{% macro date_spine(datepart, start_date, end_date) %}{{ return(adapter.dispatch('date_spine', 'dbt')(datepart, start_date, end_date)) }}{% endmacro %}

{% macro default__date_spine(datepart, start_date, end_date) %}
{%- set count = dbt.get_intervals_between(start_date, end_date, datepart) -%}
{%- set step = "row_number() over (order by 1) - 1" %}


    {{ '' }}


    with rawdata as (

        {{ dbt.generate_series(count) }}

    ),

    all_periods as (

        select (
            {{ dbt.dateadd(datepart, step, start_date) }}
        ) as date_{{ datepart }}
        from rawdata

    ),

    filtered as (

        select *
        from all_periods
        where date_{{ datepart }} <= {{ end_date }}

    )

    select * from filtered

{% endmacro %}
