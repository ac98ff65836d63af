{{ config(group='sales') }} select * from {{ ref('stg_customers') }} join {{ ref('stg_countries') }} using (id) join {{ ref('dim', v=2) }} using (id)
