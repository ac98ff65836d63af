-- write
create table "shop"."main"."_elt_7_1" as (
select id, "od""d"
from "shop"."main"."stg"
)
;
-- check: schema-change: the table of "orders" holds values of column "id" that are no INTEGER
select "id"
from "shop"."main"."orders"
where "id" is not null and try_cast("id" as INTEGER) is null
order by all
;
-- apply
create table "shop"."main"."_elt_7_1_whole" as (
from "shop"."main"."orders"
)
;
-- apply
alter table "shop"."main"."_elt_7_1_whole" add column "od""d" VARCHAR
;
-- apply
alter table "shop"."main"."_elt_7_1_whole" drop column "gone"
;
-- apply
alter table "shop"."main"."_elt_7_1_whole" alter column "id" set data type INTEGER
;
-- apply
insert into "shop"."main"."_elt_7_1_whole" ("id", "od""d")
select "id", "od""d"
from "shop"."main"."_elt_7_1"
;
-- as view
select * from "shop"."main"."_elt_7_1_whole"
;
-- publish
drop table "shop"."main"."orders"
;
-- publish
alter table "shop"."main"."_elt_7_1_whole" rename to "orders"
;
-- index
CREATE UNIQUE INDEX "by id" ON "shop"."main"."orders"(id)
;
-- discard
drop table "shop"."main"."_elt_7_1"
;
-- incremental: false
