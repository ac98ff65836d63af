-- write
create table "shop"."main"."_elt_7_1" as (
select id, "od""d"
from "shop"."main"."stg"
)
;
-- as view
select "id", "od""d"
from "shop"."main"."orders"
anti join (select distinct "id" as _elt_key_1 from "shop"."main"."_elt_7_1") as _elt_keys on "id" is not distinct from _elt_keys._elt_key_1
union all
select "id", "od""d"
from "shop"."main"."_elt_7_1"
;
-- publish
delete from "shop"."main"."orders"
using (select distinct "id" as _elt_key_1 from "shop"."main"."_elt_7_1") as _elt_keys
where "id" is not distinct from _elt_keys._elt_key_1
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
