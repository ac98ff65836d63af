-- write
create table "shop"."main"."_elt_7_1" as (
select id, "od""d"
from "shop"."main"."stg"
)
;
-- check: duplicate-key: the unique key (id) occurs more than once in the new rows of "orders"
select "id", count(*) as "rows"
from "shop"."main"."_elt_7_1"
group by "id"
having count(*) > 1
order by "rows" desc, "id"
;
-- publish
drop view "shop"."main"."orders"
;
-- publish
alter table "shop"."main"."_elt_7_1" rename to "orders"
;
-- incremental: false
