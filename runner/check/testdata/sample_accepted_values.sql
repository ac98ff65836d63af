select * from (
select id from orders where id is null
) dbt_internal_test
order by n_records desc, value_field
limit 5
