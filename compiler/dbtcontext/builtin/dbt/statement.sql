{# Statements made by templates. While the project is parsed nothing is run. #}

{% macro statement(name=none, fetch_result=false, auto_begin=true, language='sql') %}
{%- if execute -%}
  {%- if language != 'sql' -%}
    {% do exceptions.raise_compiler_error("statement() runs sql only, not " ~ language) %}
  {%- endif -%}
  {%- set code = caller() -%}
  {%- set answer, table = adapter.execute(code, auto_begin=auto_begin, fetch=fetch_result) -%}
  {%- if name is not none -%}
    {{ store_result(name, response=answer, agate_table=table) }}
  {%- endif -%}
{%- endif -%}
{% endmacro %}

{% macro noop_statement(name=none, message=none, code=none, rows_affected=none, res=none) %}
{%- set unused = caller() -%}
{%- if name is not none -%}
  {{ store_raw_result(name, message=message, code=code, rows_affected=rows_affected, agate_table=res) }}
{%- endif -%}
{% endmacro %}

{% macro run_query(sql) %}
{% call statement('run_query_statement', fetch_result=true, auto_begin=false) %}{{ sql }}{% endcall %}
{% do return(load_result('run_query_statement').table) %}
{% endmacro %}
