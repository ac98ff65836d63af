-- run
select
  count(*) as failures,
  count(*) != 0 as should_warn,
  count(*) != 0 as should_error
from (


select id
from orders -- all of them
where id is null
) dbt_internal_test
;
-- after publish
create schema if not exists "db"."main_dbt_test__audit"
;
-- after publish
drop table if exists "db"."main_dbt_test__audit"."not_null_orders_id"
;
-- after publish
create view "db"."main_dbt_test__audit"."not_null_orders_id" as (


select id
from orders -- all of them
where id is null
)
;
