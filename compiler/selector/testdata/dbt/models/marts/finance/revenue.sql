{{ config(materialized='incremental', unique_key='id') }} select * from {{ ref('orders') }} join {{ ref('calendar') }} using (id)
