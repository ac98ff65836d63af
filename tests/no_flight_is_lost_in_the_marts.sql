-- Every mart accounts for every flight of the fact table.
with counts as (
    select 'airline_punctuality' as mart, sum(flights) as flights from airline_punctuality
    union all
    select 'route_by_day', sum(flights) from route_by_day
    union all
    select 'delay_by_weather', sum(flights) from delay_by_weather
)
select mart, flights
from counts
where flights <> (select count(*) from fct_flights)
