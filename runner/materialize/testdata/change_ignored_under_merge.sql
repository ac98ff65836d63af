-- write
create table "shop"."main"."_elt_7_1" as (
select id, "od""d"
from "shop"."main"."stg"
)
;
-- warning: the query of "orders" returns column "od\"d", which its table does not have
-- check: duplicate-key: the unique key (id) occurs more than once in the new rows of "orders"
select "id", count(*) as "rows"
from "shop"."main"."_elt_7_1"
group by "id"
having count(*) > 1
order by "rows" desc, "id"
;
-- check: schema-change: new rows of "orders" hold values of column "id" that are no BIGINT
select "id"
from "shop"."main"."_elt_7_1"
where "id" is not null and try_cast("id" as BIGINT) is null
order by all
;
-- as view
select DBT_INTERNAL_DEST."id", DBT_INTERNAL_DEST."gone"
from "shop"."main"."orders" as DBT_INTERNAL_DEST
left join (select *, true as _elt_matched from (select * replace (cast("id" as BIGINT) as "id") from "shop"."main"."_elt_7_1")) as DBT_INTERNAL_SOURCE on DBT_INTERNAL_SOURCE."id" is not distinct from DBT_INTERNAL_DEST."id"
union all
select DBT_INTERNAL_SOURCE."id", cast(null as DATE) as "gone"
from (select * replace (cast("id" as BIGINT) as "id") from "shop"."main"."_elt_7_1") as DBT_INTERNAL_SOURCE
anti join "shop"."main"."orders" as DBT_INTERNAL_DEST on DBT_INTERNAL_SOURCE."id" is not distinct from DBT_INTERNAL_DEST."id"
;
-- publish
merge into "shop"."main"."orders" as DBT_INTERNAL_DEST
using (select * replace (cast("id" as BIGINT) as "id") from "shop"."main"."_elt_7_1") as DBT_INTERNAL_SOURCE
on DBT_INTERNAL_SOURCE."id" is not distinct from DBT_INTERNAL_DEST."id"
when not matched then insert ("id") values (DBT_INTERNAL_SOURCE."id")
;
-- discard
drop table "shop"."main"."_elt_7_1"
;
-- incremental: true
