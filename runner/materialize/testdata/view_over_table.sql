-- as view
select id, "od""d"
from "shop"."main"."stg"
;
-- publish
drop table "shop"."main"."orders"
;
-- publish
create view "shop"."main"."orders" as (
select id, "od""d"
from "main"."stg"
)
;
-- incremental: false
