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
-- as view
select DBT_INTERNAL_DEST."id", case when DBT_INTERNAL_SOURCE._elt_matched then cast(DBT_INTERNAL_SOURCE."od""d" as VARCHAR) else DBT_INTERNAL_DEST."od""d" end as "od""d"
from "shop"."main"."orders" as DBT_INTERNAL_DEST
left join (select *, true as _elt_matched from "shop"."main"."_elt_7_1") as DBT_INTERNAL_SOURCE on DBT_INTERNAL_SOURCE."id" is not distinct from DBT_INTERNAL_DEST."id"
union all
select DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."od""d"
from "shop"."main"."_elt_7_1" as DBT_INTERNAL_SOURCE
anti join "shop"."main"."orders" as DBT_INTERNAL_DEST on DBT_INTERNAL_SOURCE."id" is not distinct from DBT_INTERNAL_DEST."id"
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
