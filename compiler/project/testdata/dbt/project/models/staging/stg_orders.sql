{{ config(tags=['infile'], meta={'level': 'file'}) }}
select 1 as order_id, 'a' as status, 1 as customer_id
