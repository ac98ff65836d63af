{# Grants. DuckDB has no users, so apply_grants does nothing there; the texts are for who calls them. #}

{% macro copy_grants() %}{{ return(adapter.dispatch('copy_grants', 'dbt')()) }}{% endmacro %}

{% macro default__copy_grants() %}{{ return(True) }}{% endmacro %}

{% macro support_multiple_grantees_per_dcl_statement() %}{{ return(adapter.dispatch('support_multiple_grantees_per_dcl_statement', 'dbt')()) }}{% endmacro %}

{% macro default__support_multiple_grantees_per_dcl_statement() %}{{ return(True) }}{% endmacro %}

{% macro should_revoke(existing_relation, full_refresh_mode=True) %}
{{ return(false if not existing_relation else copy_grants() if full_refresh_mode else true) }}
{% endmacro %}

{% macro get_show_grant_sql(relation) %}{{ return(adapter.dispatch('get_show_grant_sql', 'dbt')(relation)) }}{% endmacro %}

{% macro default__get_show_grant_sql(relation) %}
    show grants on {{ relation.render() }}
{% endmacro %}

{% macro get_grant_sql(relation, privilege, grantees) %}{{ return(adapter.dispatch('get_grant_sql', 'dbt')(relation, privilege, grantees)) }}{% endmacro %}

{% macro default__get_grant_sql(relation, privilege, grantees) -%}
    grant {{ privilege }} on {{ relation.render() }} to {{ grantees | join(', ') }}
{%- endmacro %}

{% macro get_revoke_sql(relation, privilege, grantees) %}{{ return(adapter.dispatch('get_revoke_sql', 'dbt')(relation, privilege, grantees)) }}{% endmacro %}

{% macro default__get_revoke_sql(relation, privilege, grantees) -%}
    revoke {{ privilege }} on {{ relation.render() }} from {{ get_quoted_csv(grantees) }}
{%- endmacro %}

{% macro get_dcl_statement_list(relation, grant_config, get_dcl_macro) %}{{ return(adapter.dispatch('get_dcl_statement_list', 'dbt')(relation, grant_config, get_dcl_macro)) }}{% endmacro %}

{% macro default__get_dcl_statement_list(relation, grant_config, get_dcl_macro) %}
{% set statements = [] %}
{% for privilege, grantees in grant_config.items() %}
{% if grantees and support_multiple_grantees_per_dcl_statement() %}{% do statements.append(get_dcl_macro(relation, privilege, grantees)) %}
{% else %}{% for grantee in grantees %}{% do statements.append(get_dcl_macro(relation, privilege, [grantee])) %}{% endfor %}{% endif %}
{% endfor %}
{{ return(statements) }}
{% endmacro %}

{% macro call_dcl_statements(dcl_statement_list) %}{{ return(adapter.dispatch('call_dcl_statements', 'dbt')(dcl_statement_list)) }}{% endmacro %}

{% macro default__call_dcl_statements(dcl_statement_list) %}
{% call statement('grants') %}{% for text in dcl_statement_list %}{{ text }};
{% endfor %}{% endcall %}
{% endmacro %}

{% macro apply_grants(relation, grant_config, should_revoke=true) %}{{ return(adapter.dispatch('apply_grants', 'dbt')(relation, grant_config, should_revoke)) }}{% endmacro %}

{# What is granted already is asked for only where something may have been carried over. #}
{% macro default__apply_grants(relation, grant_config, should_revoke=True) %}
{% if grant_config %}
{% set now = adapter.standardize_grants_dict(run_query(get_show_grant_sql(relation))) if should_revoke else {} %}
{% set missing = diff_of_two_dicts(grant_config, now) if should_revoke else grant_config %}
{% set superfluous = diff_of_two_dicts(now, grant_config) if should_revoke else {} %}
{% set statements = get_dcl_statement_list(relation, superfluous, get_revoke_sql) + get_dcl_statement_list(relation, missing, get_grant_sql) %}
{% if statements %}{{ call_dcl_statements(statements) }}{% endif %}
{% endif %}
{% endmacro %}
