{{ config(group='sales', access='public', unique_key=['id', 'day']) }} select * from {{ ref('stg_orders') }} join {{ ref('stg_customers') }} using (id)
