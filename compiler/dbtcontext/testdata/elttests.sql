-- test_row_count(ref('orders'), equals=27004)
with counted as (
    select
        (select count(*) from "w"."main"."orders") as row_count
)

select
    *,
    'exactly 27004' as expected
from counted
where not (row_count = 27004);

-- test_row_count(ref('orders'), min=10, max=20)
with counted as (
    select
        (select count(*) from "w"."main"."orders") as row_count
)

select
    *,
    'at least 10, at most 20' as expected
from counted
where not (row_count >= 10 and row_count <= 20);

-- test_row_count(ref('orders'), between=[10, 20])
with counted as (
    select
        (select count(*) from "w"."main"."orders") as row_count
)

select
    *,
    'between 10 and 20' as expected
from counted
where not (row_count between 10 and 20);

-- test_row_count(ref('orders'), compare_to=ref('customers'))
with counted as (
    select
        (select count(*) from "w"."main"."orders") as row_count,
        (select count(*) from "w"."main"."customers") as compared_row_count
)

select
    *,
    'as many as in "w"."main"."customers"' as expected
from counted
where not (row_count = compared_row_count);

-- test_row_count(ref('orders'), compare_to=source('raw', 'orders'), min=1)
with counted as (
    select
        (select count(*) from "w"."main"."orders") as row_count,
        (select count(*) from "w"."raw"."orders") as compared_row_count
)

select
    *,
    'at least 1, as many as in "w"."raw"."orders"' as expected
from counted
where not (row_count >= 1 and row_count = compared_row_count);

-- test_unique_combination_of_columns(ref('orders'), ['id', 'day'])
select
    id, day,
    count(*) as n_records
from "w"."main"."orders"
group by id, day
having count(*) > 1;

-- dbt_utils.test_unique_combination_of_columns(ref('orders'), ['id', 'day'], quote_columns=true)
select
    "id", "day",
    count(*) as n_records
from "w"."main"."orders"
group by "id", "day"
having count(*) > 1;

-- test_accepted_range(ref('orders'), 'amount', min_value=0)
select *
from "w"."main"."orders"
where false
    or not amount >= 0;

-- test_accepted_range(ref('orders'), 'amount', min_value=0, max_value='limit_amount', inclusive=false)
select *
from "w"."main"."orders"
where false
    or not amount > 0
    or not amount < limit_amount;

-- test_expression_is_true(ref('orders'), 'amount >= 0 or amount < 0')
select *
from "w"."main"."orders"
where not (amount >= 0 or amount < 0);

-- test_expression_is_true(ref('orders'), '> 0', column_name='amount')
select *
from "w"."main"."orders"
where not (amount > 0);

-- test_not_empty_string(ref('orders'), 'name')
select *
from "w"."main"."orders"
where trim(name, ' ' || chr(9) || chr(10) || chr(13)) = '';

-- test_not_empty_string(ref('orders'), 'name', trim_whitespace=false)
select *
from "w"."main"."orders"
where name = '';

-- test_at_least_one(ref('orders'), 'name')
select
    count(name) as n_values
from "w"."main"."orders"

having count(name) = 0;

-- test_at_least_one(ref('orders'), 'name', group_by_columns=['day', 'name'])
select
    day, count(name) as n_values
from "w"."main"."orders"
group by day
having count(name) = 0;

-- test_sequential_values(ref('orders'), 'id')
with ordered as (
    select
        id,
        lag(id) over (order by id) as previous_value
    from "w"."main"."orders"
)

select *
from ordered
where not (id = previous_value + 1);

-- test_sequential_values(ref('orders'), 'day', interval=1, datepart='day', group_by_columns=['name'])
with ordered as (
    select
        name, day,
        lag(day) over (partition by name order by day) as previous_value
    from "w"."main"."orders"
)

select *
from ordered
where not (cast(day as timestamp) = cast(

    (previous_value + cast(1 as bigint) * interval 1 day) as timestamp));

-- test_mutually_exclusive_ranges(ref('orders'), 'id', 'amount')
with ranges as (
    select
        id as lower_bound,
        amount as upper_bound,
        lead(id) over (order by id, amount) as next_lower_bound,
        row_number() over (order by id desc, amount desc) = 1 as is_last_record
    from "w"."main"."orders"
)

select *
from ranges
where not coalesce(lower_bound < upper_bound, false)
    or not coalesce(upper_bound <= next_lower_bound, is_last_record, false);

-- test_mutually_exclusive_ranges(ref('orders'), 'id', 'amount', partition_by='name', gaps='required', zero_length_range_allowed=true)
with ranges as (
    select
        name as partition_by_col, id as lower_bound,
        amount as upper_bound,
        lead(id) over (partition by name order by id, amount) as next_lower_bound,
        row_number() over (partition by name order by id desc, amount desc) = 1 as is_last_record
    from "w"."main"."orders"
)

select *
from ranges
where not coalesce(lower_bound <= upper_bound, false)
    or not coalesce(upper_bound < next_lower_bound, is_last_record, false);

-- test_recency(ref('orders'), 'day', 'day', 1)
with newest as (
    select
        max(cast(day as timestamp)) as most_recent,
        cast(

    (now() + cast(-1 as bigint) * interval 1 day) as timestamp) as threshold
    from "w"."main"."orders"
    
)

select *
from newest
where most_recent < threshold;

-- test_recency(ref('orders'), 'day', 'week', 2, ignore_time_component=true, group_by_columns=['name'])
with newest as (
    select
        name, max(cast(day as date)) as most_recent,
        cast(

    (now() + (cast(-2 as bigint) * 7) * interval 1 day) as date) as threshold
    from "w"."main"."orders"
    group by name
)

select *
from newest
where most_recent < threshold;

-- test_equal_rowcount(ref('orders'), ref('customers'))
with counted as (
    select count(*) as count_a, 0 as count_b
    from "w"."main"."orders"
    
    union all
    select 0, count(*)
    from "w"."main"."customers"
    
)

select
    sum(count_a) as count_a,
    sum(count_b) as count_b,
    abs(sum(count_a) - sum(count_b)) as diff_count
from counted

having sum(count_a) <> sum(count_b);

-- test_equal_rowcount(ref('orders'), ref('customers'), group_by_columns=['id'])
with counted as (
    select id, count(*) as count_a, 0 as count_b
    from "w"."main"."orders"
    group by id
    union all
    select id, 0, count(*)
    from "w"."main"."customers"
    group by id
)

select
    id, sum(count_a) as count_a,
    sum(count_b) as count_b,
    abs(sum(count_a) - sum(count_b)) as diff_count
from counted
group by id
having sum(count_a) <> sum(count_b);

-- test_equality(ref('orders'), ref('customers'))
with a as (
    select "id", "Amount" from "w"."main"."orders"
),

b as (
    select "id", "Amount" from "w"."main"."customers"
),

a_minus_b as (
    select * from a
    except
    select * from b
),

b_minus_a as (
    select * from b
    except
    select * from a
)

select 'a_minus_b' as which_diff, * from a_minus_b
union all
select 'b_minus_a' as which_diff, * from b_minus_a;

-- test_equality(ref('orders'), ref('customers'), compare_columns=['id'])
with a as (
    select id from "w"."main"."orders"
),

b as (
    select id from "w"."main"."customers"
),

a_minus_b as (
    select * from a
    except
    select * from b
),

b_minus_a as (
    select * from b
    except
    select * from a
)

select 'a_minus_b' as which_diff, * from a_minus_b
union all
select 'b_minus_a' as which_diff, * from b_minus_a;

-- test_equality(ref('orders'), ref('customers'), exclude_columns=['ID'], precision=1)
with a as (
    select round("Amount", 1) as "Amount" from "w"."main"."orders"
),

b as (
    select round("Amount", 1) as "Amount" from "w"."main"."customers"
),

a_minus_b as (
    select * from a
    except
    select * from b
),

b_minus_a as (
    select * from b
    except
    select * from a
)

select 'a_minus_b' as which_diff, * from a_minus_b
union all
select 'b_minus_a' as which_diff, * from b_minus_a;

-- test_relationships_where(ref('orders'), 'id', ref('customers'), 'id')
with child as (
    select id as id
    from "w"."main"."orders"
    where id is not null and (true)
),

parent as (
    select id as id
    from "w"."main"."customers"
    where id is not null and (true)
)

select child.id as from_field
from child
left join parent on child.id = parent.id
where parent.id is null;

-- test_relationships_where(ref('orders'), 'id', ref('customers'), 'id', from_condition='amount > 0', to_condition="name <> ''")
with child as (
    select id as id
    from "w"."main"."orders"
    where id is not null and (amount > 0)
),

parent as (
    select id as id
    from "w"."main"."customers"
    where id is not null and (name <> '')
)

select child.id as from_field
from child
left join parent on child.id = parent.id
where parent.id is null;

-- test_accepted_values(ref('orders'), 'name', ["it's", 'b'])
with all_values as (

    select
        name as value_field,
        count(*) as n_records

    from "w"."main"."orders"
    group by name

)

select *
from all_values
where value_field not in (
    'it''s','b'
);

