-- write
create table "shop"."main"."_elt_7_1" as (
select id, "od""d"
from "shop"."main"."stg"
)
;
-- check: schema-change: new rows of "orders" hold values of column "id" that are no BIGINT
select "id"
from "shop"."main"."_elt_7_1"
where "id" is not null and try_cast("id" as BIGINT) is null
order by all
;
-- as view
select "id", "gone", "od""d"
from (select "id", "gone", cast(null as VARCHAR) as "od""d" from "shop"."main"."orders")
anti join (select distinct "id" as _elt_key_1 from (select * replace (cast("id" as BIGINT) as "id") from "shop"."main"."_elt_7_1")) as _elt_keys on "id" is not distinct from _elt_keys._elt_key_1
union all
select "id", cast(null as DATE) as "gone", "od""d"
from (select * replace (cast("id" as BIGINT) as "id") from "shop"."main"."_elt_7_1")
;
-- publish
alter table "shop"."main"."orders" add column "od""d" VARCHAR
;
-- publish
delete from "shop"."main"."orders"
using (select distinct "id" as _elt_key_1 from (select * replace (cast("id" as BIGINT) as "id") from "shop"."main"."_elt_7_1")) as _elt_keys
where "id" is not distinct from _elt_keys._elt_key_1
;
-- publish
insert into "shop"."main"."orders" ("id", "od""d")
select "id", "od""d"
from (select * replace (cast("id" as BIGINT) as "id") from "shop"."main"."_elt_7_1")
;
-- discard
drop table "shop"."main"."_elt_7_1"
;
-- incremental: true
