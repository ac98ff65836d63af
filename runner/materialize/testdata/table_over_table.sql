-- header
set x = 1;
;
-- write
create table "shop"."main"."_elt_7_1" as (
select id, "od""d"
from "shop"."main"."stg"
)
;
-- check: duplicate-key: (id, lower("od""d")) is to be unique in "orders" and is not
select "id", (lower("od""d")), count(*) as "rows"
from "shop"."main"."_elt_7_1"
where "id" is not null and (lower("od""d")) is not null
group by "id", (lower("od""d"))
having count(*) > 1
order by "rows" desc, "id", (lower("od""d"))
;
-- publish
drop table "shop"."main"."orders"
;
-- publish
alter table "shop"."main"."_elt_7_1" rename to "orders"
;
-- index
create unique index if not exists "elt_ix_e83706f97bad916b" on "shop"."main"."orders" ("id", (lower("od""d")))
;
-- index
create index if not exists "elt_ix_86390a7564006e32" on "shop"."main"."orders" ("od""d")
;
-- incremental: false
