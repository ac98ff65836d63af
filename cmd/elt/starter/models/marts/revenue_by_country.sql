-- What each country ordered on each day.
select
    c.country,
    o.ordered_at::date as day,
    count(*) as orders,
    sum(o.amount) as revenue
from {{ ref('stg_orders') }} o
join {{ ref('customers') }} c using (customer)
group by all
order by all
