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
-- check: schema-change: the table of "orders" holds values of column "id" that are no INTEGER
select "id"
from "shop"."main"."orders"
where "id" is not null and try_cast("id" as INTEGER) is null
order by all
;
-- as view
select DBT_INTERNAL_DEST."id", case when DBT_INTERNAL_SOURCE._elt_matched then cast(DBT_INTERNAL_SOURCE."od""d" as VARCHAR) else DBT_INTERNAL_DEST."od""d" end as "od""d"
from (select cast("id" as INTEGER) as "id", cast(null as VARCHAR) as "od""d" from "shop"."main"."orders") as DBT_INTERNAL_DEST
left join (select *, true as _elt_matched from "shop"."main"."_elt_7_1") as DBT_INTERNAL_SOURCE on DBT_INTERNAL_SOURCE."id" is not distinct from DBT_INTERNAL_DEST."id"
union all
select DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."od""d"
from "shop"."main"."_elt_7_1" as DBT_INTERNAL_SOURCE
anti join (select cast("id" as INTEGER) as "id", cast(null as VARCHAR) as "od""d" from "shop"."main"."orders") as DBT_INTERNAL_DEST on DBT_INTERNAL_SOURCE."id" is not distinct from DBT_INTERNAL_DEST."id"
;
-- publish
alter table "shop"."main"."orders" add column "od""d" VARCHAR
;
-- publish
alter table "shop"."main"."orders" drop column "gone"
;
-- publish
alter table "shop"."main"."orders" alter column "id" set data type INTEGER
;
-- publish
merge into "shop"."main"."orders" as DBT_INTERNAL_DEST
using "shop"."main"."_elt_7_1" as DBT_INTERNAL_SOURCE
on DBT_INTERNAL_SOURCE."id" is not distinct from DBT_INTERNAL_DEST."id"
when matched then update set "od""d" = DBT_INTERNAL_SOURCE."od""d"
when not matched then insert ("id", "od""d") values (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."od""d")
;
-- discard
drop table "shop"."main"."_elt_7_1"
;
-- incremental: true
