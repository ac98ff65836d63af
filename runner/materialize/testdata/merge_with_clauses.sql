-- before pre-hooks
create table "shop"."main"."_elt_7_1" as (
from "shop"."main"."orders"
)
;
-- write
create table "shop"."main"."_elt_7_1_delta" as (
select id, "od""d"
from "shop"."main"."stg"
)
;
-- check: duplicate-key: the unique key (id) occurs more than once in the new rows of "orders"
select "id", count(*) as "rows"
from "shop"."main"."_elt_7_1_delta"
group by "id"
having count(*) > 1
order by "rows" desc, "id"
;
-- apply
merge into "shop"."main"."_elt_7_1" as DBT_INTERNAL_DEST
using "shop"."main"."_elt_7_1_delta" as DBT_INTERNAL_SOURCE
on DBT_INTERNAL_SOURCE."id" is not distinct from DBT_INTERNAL_DEST."id"
when matched and (a) and (b) then update set "id" = DBT_INTERNAL_SOURCE."id", "od""d" = DBT_INTERNAL_SOURCE."od""d"
when matched then error 'it''s wrong'
when not matched then insert ("id", "od""d") values (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."od""d")
when not matched by source then delete
;
-- publish
drop table "shop"."main"."orders"
;
-- publish
alter table "shop"."main"."_elt_7_1" rename to "orders"
;
-- discard
drop table "shop"."main"."_elt_7_1_delta"
;
-- incremental: false
