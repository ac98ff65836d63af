-- run
select
  sum(n) as failures,
  sum(n) >1 as should_warn,
  sum(n) >10 as should_error
from (


select id
from orders -- all of them
where id is null
limit 100
) dbt_internal_test
;
