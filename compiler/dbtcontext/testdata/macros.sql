{% macro plain() %}plain!{% endmacro %}

{% macro with_args(a, b=1, c=none) %}{{ a }}-{{ b }}-{{ c }}{% endmacro %}

{% macro returns_list() %}{{ return([1, 2, 3]) }}{% endmacro %}

{% macro default__my_thing() %}default thing{% endmacro %}

{% macro duckdb__my_thing() %}duckdb thing{% endmacro %}

{% macro default__other_thing(n) %}other {{ n }}{% endmacro %}
