-- Flights and delays of each route, day by day.
select
    flight_date,
    origin,
    destination,
    airports.name as destination_name, -- NULL for the four that airports.csv lacks
    count(*) as flights,
    count(*) filter (not has_departed) as cancelled,
    round(avg(arrival_delay), 2) as mean_arrival_delay
from fct_flights
left join airports on airports.faa = destination
group by all
