-- prepare
create schema if not exists "db"."main_dbt_test__audit"
;
-- prepare
create table "db"."main_dbt_test__audit"."not_null_orders_id" as (


select id
from orders -- all of them
where id is null
)
;
-- run
select
  count(*) as failures,
  count(*) != 0 as should_warn,
  count(*) != 0 as should_error
from (
select * from "db"."main_dbt_test__audit"."not_null_orders_id"
) dbt_internal_test
;
