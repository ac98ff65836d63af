{% snapshot at_ignore %}
{{ config(strategy='timestamp', unique_key='id', updated_at='u', target_schema='snaps') }}
select * from {{ source('raw', 't') }}
{% endsnapshot %}

{% snapshot at_invalidate %}
{{ config(strategy='timestamp', unique_key='id', updated_at='u', invalidate_hard_deletes=true) }}
select * from {{ source('raw', 't') }}
{% endsnapshot %}

{% snapshot at_current %}
{{ config(strategy='timestamp', unique_key='id', updated_at='u', hard_deletes='invalidate',
          dbt_valid_to_current="timestamp '9999-12-31'") }}
select * from {{ source('raw', 't') }}
{% endsnapshot %}

{% snapshot at_record_current %}
{{ config(strategy='timestamp', unique_key='id', updated_at='u', hard_deletes='new_record',
          dbt_valid_to_current="timestamp '9999-12-31'") }}
select * from {{ source('raw', 't') }}
{% endsnapshot %}

{% snapshot at_date %}
{{ config(strategy='timestamp', unique_key='id', updated_at='d', hard_deletes='invalidate') }}
select *, cast(u as date) as d from {{ source('raw', 't') }}
{% endsnapshot %}

{% snapshot at_expression %}
{{ config(strategy='timestamp', unique_key="id || '-' || k", updated_at='u') }}
with t as (select * from {{ source('raw', 't') }})
select * from t -- all
{% endsnapshot %}

{% snapshot check_own %}
{{ config(strategy='own', unique_key='id', check_cols=['v'], hard_deletes='invalidate') }}
select * from {{ source('raw', 't') }}
{% endsnapshot %}
