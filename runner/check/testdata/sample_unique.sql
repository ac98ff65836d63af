select unique_field as "id", n_records as "rows" from (
select id from orders where id is null
) dbt_internal_test
order by 2 desc, 1
limit 5
