-- write
create table "shop"."main"."_elt_7_1" as (
select id, "od""d"
from "shop"."main"."stg"
)
;
-- as view
select "id", "od""d"
from "shop"."main"."orders"
union all
select "id", "od""d"
from "shop"."main"."_elt_7_1"
;
-- publish
insert into "shop"."main"."orders" ("id", "od""d")
select "id", "od""d"
from "shop"."main"."_elt_7_1"
;
-- discard
drop table "shop"."main"."_elt_7_1"
;
-- incremental: true
