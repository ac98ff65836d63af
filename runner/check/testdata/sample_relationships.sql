select from_field as "id" from (
select id from orders where id is null
) dbt_internal_test
order by all
limit 5
