-- A test is a query that finds what must not be. No rows: it passes.
select total, counted
from (select count(*) as total from {{ ref('stg_orders') }}),
     (select sum(orders) as counted from {{ ref('revenue_by_country') }})
where total <> counted
