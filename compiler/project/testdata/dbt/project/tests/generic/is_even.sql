{% test is_even(model, column_name, divisor=2, extra=none) %}
{{ config(severity='error') }}
select * from {{ model }} where {{ column_name }} % {{ divisor }} = 1
{% endtest %}
{% test matches(model, mapping, list=none) %}
select 1 where false
{% endtest %}
