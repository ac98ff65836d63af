-- write
create table "shop"."main"."_elt_7_1" as (
select distinct * from (
select id, "od""d"
from "shop"."main"."stg"
)
qualify rank() over (partition by "id", "od""d" order by "id" desc nulls last) = 1
)
;
-- check: duplicate-key: the unique key (id, od"d) occurs more than once in the new rows of "orders"
select "id", "od""d", count(*) as "rows"
from "shop"."main"."_elt_7_1"
group by "id", "od""d"
having count(*) > 1
order by "rows" desc, "id", "od""d"
;
-- as view
select DBT_INTERNAL_DEST."id", case when DBT_INTERNAL_SOURCE._elt_matched and (u) then cast('x' as VARCHAR) else DBT_INTERNAL_DEST."od""d" end as "od""d"
from "shop"."main"."orders" as DBT_INTERNAL_DEST
left join (select *, true as _elt_matched from "shop"."main"."_elt_7_1") as DBT_INTERNAL_SOURCE on DBT_INTERNAL_SOURCE."id" is not distinct from DBT_INTERNAL_DEST."id" and DBT_INTERNAL_SOURCE."od""d" is not distinct from DBT_INTERNAL_DEST."od""d" and (DBT_INTERNAL_DEST.id > 5)
union all
select DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."od""d"
from "shop"."main"."_elt_7_1" as DBT_INTERNAL_SOURCE
anti join "shop"."main"."orders" as DBT_INTERNAL_DEST on DBT_INTERNAL_SOURCE."id" is not distinct from DBT_INTERNAL_DEST."id" and DBT_INTERNAL_SOURCE."od""d" is not distinct from DBT_INTERNAL_DEST."od""d" and (DBT_INTERNAL_DEST.id > 5)
where (i)
;
-- publish
merge into "shop"."main"."orders" as DBT_INTERNAL_DEST
using "shop"."main"."_elt_7_1" as DBT_INTERNAL_SOURCE
on DBT_INTERNAL_SOURCE."id" is not distinct from DBT_INTERNAL_DEST."id" and DBT_INTERNAL_SOURCE."od""d" is not distinct from DBT_INTERNAL_DEST."od""d" and (DBT_INTERNAL_DEST.id > 5)
when matched and (u) then update set "od""d" = 'x'
when not matched and (i) then insert ("id", "od""d") values (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."od""d")
;
-- discard
drop table "shop"."main"."_elt_7_1"
;
-- incremental: true
