{{ config(materialized='incremental', unique_key=['order_id'], post_hook='select 2') }} select * from {{ ref('stg_orders') }}
