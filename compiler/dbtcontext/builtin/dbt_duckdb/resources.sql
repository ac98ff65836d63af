{# The rows that a snapshot adds or ends, as dbt-duckdb keeps them. #}

{% macro build_snapshot_staging_table(strategy, sql, target_relation) %}
{% set new_rows = duckdb__dispatch_temporary_relation(target_relation) %}
{% call statement('build_snapshot_staging_relation') %}{{ create_table_as(new_rows.temporary, new_rows.relation, snapshot_staging_table(strategy, sql, target_relation)) }}{% endcall %}
{% do return(new_rows.relation) %}
{% endmacro %}
