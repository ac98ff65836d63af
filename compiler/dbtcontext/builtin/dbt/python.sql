{# The Python that dbt puts below a Python model. elt runs none; a project may print it. #}

{% macro resolve_model_name(input_model_name) %}{{ return(adapter.dispatch('resolve_model_name', 'dbt')(input_model_name)) }}{% endmacro %}

{% macro default__resolve_model_name(input_model_name) -%}{{ input_model_name | string | replace('"', '\"') }}{%- endmacro %}

{% macro py_script_comment() %}{% endmacro %}
