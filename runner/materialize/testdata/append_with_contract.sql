-- contract
select id, "od""d"
from "shop"."main"."stg"
;
-- contract
select cast(null as int) as "id", cast(null as text) as "od""d"
;
-- write
create table "shop"."main"."_elt_7_1" (
  "id" int not null,
  "od""d" text,
  primary key ("id")
)
;
-- write
insert into "shop"."main"."_elt_7_1" ("id", "od""d")
select "id", "od""d" from (
select id, "od""d"
from "shop"."main"."stg"
) as model_subq
;
-- audit: duplicate-key: (id) is to be unique in "orders" and is not
select "id", count(*) as "rows"
from (
select "id", "od""d"
from "shop"."main"."orders"
union all
select "id", "od""d"
from "shop"."main"."_elt_7_1"
) as _elt_all
semi join "shop"."main"."_elt_7_1" as _elt_new on _elt_all."id" = _elt_new."id"
where "id" is not null
group by "id"
having count(*) > 1
order by "rows" desc, "id"
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
