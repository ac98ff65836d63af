-- One row an order: typed, with names that say what is in them.
select
    id::integer as order_id,
    customer,
    ordered_at::timestamp as ordered_at,
    amount::decimal(10, 2) as amount
from {{ source('lake', 'orders') }}
