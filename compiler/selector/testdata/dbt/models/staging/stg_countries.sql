{{ config(materialized='ephemeral', tags=['deep']) }} select * from {{ ref('countries') }}
