select "id", count(*) as "rows" from (
select from_field as "id" from (
select id from orders where id is null
) dbt_internal_test
) dbt_internal_sample
group by 1
order by 2 desc, 1
limit 5
