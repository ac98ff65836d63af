-- as view
select id, "od""d"
from "shop"."main"."stg"
;
-- publish
create or replace view "shop"."main"."orders" as (
select id, "od""d"
from "main"."stg"
)
;
-- incremental: false
