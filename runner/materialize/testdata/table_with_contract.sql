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
  "od""d" text
)
;
-- write
insert into "shop"."main"."_elt_7_1" ("id", "od""d")
select "id", "od""d" from (
select id, "od""d"
from "shop"."main"."stg"
) as model_subq
;
-- publish
alter table "shop"."main"."_elt_7_1" rename to "orders"
;
-- incremental: false
