select * from {{ ref('orders') }} join {{ ref('revenue') }} using (id) where false
