-- write
create table "shop"."main"."_elt_7_1" as (
select id, "od""d"
from "shop"."main"."stg"
)
;
-- publish
alter table "shop"."main"."_elt_7_1" rename to "orders"
;
-- incremental: false
