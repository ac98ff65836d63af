-- How punctual is each airline?
select
    carrier,
    airlines.name as airline,
    count(*) as flights,
    count(*) filter (not has_departed) as cancelled,
    -- of the flights that landed: an average leaves NULL out
    round(avg(arrival_delay), 2) as mean_arrival_delay,
    round(100 * avg((arrival_delay <= {{ var('on_time_minutes') }})::integer), 1) as on_time_percent
from fct_flights
join airlines using (carrier)
group by all
order by on_time_percent desc
