select * from {{ ref('revenue') }}, {{ ref('orders_snapshot') }}
